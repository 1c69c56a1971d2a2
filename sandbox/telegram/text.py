"""Text with formatting: entities, trimming, and the things Telegram marks by itself.

Offsets and lengths count UTF-16 code units.
https://core.telegram.org/bots/api#messageentity
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sandbox.telegram.wire import Json

_SPACES: Final = " \t\n\r\v\f\u00a0"

_AUTOMATIC: Final = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("url", re.compile(r"(?<![\w@])https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")),
    ("email", re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#(?!\d+\b)\w{1,256}(?!\w)")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
)
"""What Telegram marks without being asked, in the order in which a rule wins over a later one."""

_UNMARKED: Final = frozenset({"code", "pre", "text_link", "text_mention"})
"""Inside these nothing is marked automatically."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One formatted stretch; `url`, `language` and `user_id` belong to the types that need them."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None
    custom_emoji_id: str | None = None

    @property
    def end(self) -> int:
        """Return the offset of the first code unit after the entity."""
        return self.offset + self.length

    def to_dict(self) -> dict[str, Json]:
        """Return Telegram's MessageEntity; a mentioned user is filled in by whoever knows the users."""
        names = ("type", "offset", "length", "url", "language", "user_id", "custom_emoji_id")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text and its entities, sorted by where they begin and the longer one first."""

    text: str
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    """Return how many UTF-16 code units a text takes: two for what lies beyond U+FFFF, else one."""
    return len(text) + sum(character > "\uffff" for character in text)


def tidy(formatted: Formatted) -> Formatted:
    """Return the text as Telegram stores it: without blank edges, with entities that fit and lie in order."""
    kept = formatted.text.rstrip(_SPACES)
    end = utf16_length(kept)
    entities = [_cut(entity, end) for entity in formatted.entities if entity.offset < end]
    first = min((entity.offset for entity in entities), default=end)
    blank = len(kept) - len(kept.lstrip(_SPACES))
    blank = min(blank, first)  # a blank inside an entity stays; blanks are one code unit each
    moved = [replace(entity, offset=entity.offset - blank) for entity in entities if entity.length > 0]
    return Formatted(kept[blank:], tuple(sorted(moved, key=lambda e: (e.offset, -e.length))))


def with_automatic(formatted: Formatted) -> Formatted:
    """Add the entities that Telegram finds by itself: commands, links, mentions and tags."""
    found = list(formatted.entities)
    unmarked = [entity for entity in formatted.entities if entity.type in _UNMARKED]
    taken: list[Entity] = []
    for entity in _automatic(formatted.text):
        if not any(_overlap(entity, other) for other in (*unmarked, *taken)):
            taken.append(entity)
    found.extend(taken)
    return Formatted(formatted.text, tuple(sorted(found, key=lambda e: (e.offset, -e.length))))


def _automatic(text: str) -> Iterator[Entity]:
    for kind, pattern in _AUTOMATIC:
        for match in pattern.finditer(text):
            offset = utf16_length(text[: match.start()])
            yield Entity(type=kind, offset=offset, length=utf16_length(match.group()))


def _overlap(one: Entity, other: Entity) -> bool:
    return one.offset < other.end and other.offset < one.end


def _cut(entity: Entity, end: int) -> Entity:
    return replace(entity, length=min(entity.length, end - entity.offset))
