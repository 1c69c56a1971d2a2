"""What a bot writes: text or caption with formatting, read from a request and held to Telegram's limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.telegram.html import checked_url, parse_html
from sandbox.telegram.text import Entity, Formatted, tidy, utf16_length, with_automatic
from sandbox.telegram.wire import Json, Params, bad_request, required

MAX_ENTITIES: Final = 100
_OTHER_MODES: Final = frozenset({"markdown", "markdownv2"})
_GIVEN_TYPES: Final = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote"}
    | {"text_link", "text_mention", "custom_emoji"}
)
_FOUND_TYPES: Final = frozenset(
    {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "date_time"}
)
"""These a bot may send along too, but the server finds them by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place where formatted text goes: the names of its fields and how much fits (UTF-16 code units)."""

    text: str
    entities: str
    limit: int
    too_long: str


TEXT: Final = Slot(text="text", entities="entities", limit=4096, too_long="message is too long")
EDITED_TEXT: Final = Slot(text="text", entities="entities", limit=4096, too_long="MESSAGE_TOO_LONG")
CAPTION: Final = Slot(text="caption", entities="caption_entities", limit=1024, too_long="message caption is too long")


def read_text(params: Params, slot: Slot) -> Formatted:
    """Return the text of a request; it must not be empty."""
    source = params.text(slot.text)
    if not source:
        raise bad_request("message text is empty")
    content = read_content(source, params.text("parse_mode"), params.structure(slot.entities), slot)
    if not content.text:
        raise bad_request("text must be non-empty")
    return content


def read_caption(params: Params) -> Formatted:
    """Return the caption of a request; none is fine."""
    source, mode = params.text(CAPTION.text) or "", params.text("parse_mode")
    return read_content(source, mode, params.structure(CAPTION.entities), CAPTION)


def read_content(source: str, parse_mode: str | None, entities: Json, slot: Slot) -> Formatted:
    """Return formatted text as Telegram stores it.

    Raises:
        ApiError: 400 for markup that does not parse and for text above the limit.
    """
    mode = (parse_mode or "").lower()
    if mode in _OTHER_MODES:
        raise bad_request(f"can't parse entities: parse_mode {parse_mode} is not read here; send parse_mode=HTML")
    if mode not in {"", "html"}:
        raise bad_request("unsupported parse_mode")
    marked = parse_html(source) if mode else Formatted(source, _given(source, entities))
    content = tidy(marked)
    if utf16_length(content.text) > slot.limit:
        raise bad_request(slot.too_long)
    complete = with_automatic(content)
    return Formatted(complete.text, complete.entities[:MAX_ENTITIES])


def _given(text: str, entities: Json) -> tuple[Entity, ...]:
    """Return the entities a bot computed itself."""
    if not isinstance(entities, list):
        return ()
    end = utf16_length(text)
    read = (_entity(source, end) for source in entities if isinstance(source, Mapping))
    return tuple(entity for entity in read if entity is not None)


def _entity(source: Mapping[str, Json], end: int) -> Entity | None:
    kind = required(source, "type", str)
    offset, length = required(source, "offset", int), required(source, "length", int)
    if kind in _FOUND_TYPES:
        return None
    if kind not in _GIVEN_TYPES:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    if offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {offset}")
    if offset > end:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset + length > end:
        over = offset + length
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {over}"
        )
    return Entity(
        type=kind,
        offset=offset,
        length=length,
        url=_link(source) if kind == "text_link" else None,
        language=source.get("language"),
        user_id=required(required(source, "user", dict), "id", int) if kind == "text_mention" else None,
        custom_emoji_id=source.get("custom_emoji_id"),
    )


def _link(source: Mapping[str, Json]) -> str:
    url = required(source, "url", str)
    address = checked_url(url)
    if address is None:
        raise bad_request(f"entity URL '{url}' is invalid: {'Wrong HTTP URL' if url else 'URL host is empty'}")
    return address
