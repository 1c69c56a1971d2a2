"""Telegram's HTML, read as strictly as Telegram reads it.

The grammar is its own: no nesting repair, no unknown tags, four named entities. Mistakes are refused with the byte
offset at which they were met, counted in UTF-8.
https://core.telegram.org/bots/api#html-style
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from sandbox.telegram.text import Entity, Formatted, utf16_length
from sandbox.telegram.wire import ApiError, bad_request

_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CHARACTER: Final = re.compile(r"&(?:#x([0-9a-fA-F]{1,7})|#([0-9]{1,8})|([a-z]+))(;?)")
_SPACE: Final = frozenset(" \t\n\r\v\f\0")
_USER_LINK: Final = re.compile(r"tg://user\?id=(\d+)")


@dataclass(frozen=True, slots=True)
class _Open:
    """A start tag that waits for its end."""

    tag: str
    argument: str
    offset: int  # UTF-16 code units of plain text before it
    start: int  # characters of plain text before it


def parse_html(source: str) -> Formatted:
    """Return the plain text and the entities of an HTML message.

    Raises:
        ApiError: 400 with Telegram's sentence, when the text is not its HTML.
    """
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._plain: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def run(self) -> Formatted:
        while self._at < len(self._source):
            if self._source[self._at] != "<":
                self._character()
            elif self._peek(1) == "/":
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise _refusal(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        ordered = sorted(self._entities, key=lambda entity: (entity.offset, -entity.length))
        return Formatted("".join(self._plain), tuple(ordered))

    def _peek(self, ahead: int = 0) -> str:
        """Return a character from here on; NUL stands for the end, as in the grammar."""
        index = self._at + ahead
        return self._source[index] if index < len(self._source) else "\0"

    def _byte(self, index: int) -> int:
        return len(self._source[:index].encode())

    def _character(self) -> None:
        character, self._at = _decode(self._source, self._at)
        self._plain.append(character)
        self._offset += utf16_length(character)

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        while self._peek() not in _SPACE and self._peek() != ">":
            self._at += 1
        if self._at >= len(self._source):
            raise _refusal(f"Unclosed start tag at byte offset {self._byte(begin)}")
        tag = self._source[begin + 1 : self._at].lower()
        if tag not in _TAGS:
            raise _refusal(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = self._attributes(tag, begin)
        self._at += 1
        if tag == "span" and argument != "tg-spoiler":
            raise _refusal(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_Open(tag, argument, self._offset, len(self._plain)))

    def _attributes(self, tag: str, begin: int) -> str:
        argument = ""
        while True:
            self._skip_spaces()
            if self._peek() == ">" and self._at < len(self._source):
                return argument
            name = self._attribute_name(tag, begin)
            self._skip_spaces()
            if self._peek() != "=":
                if self._at >= len(self._source):
                    raise _refusal(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
                argument = _argument(tag, name, "", argument)
                continue
            self._at += 1
            self._skip_spaces()
            value = self._attribute_value(begin)
            argument = _argument(tag, name, value, argument)

    def _attribute_name(self, tag: str, begin: int) -> str:
        start = self._at
        while self._peek() not in _SPACE and self._peek() not in "=>/\"'":
            self._at += 1
        if start == self._at:
            where = self._byte(begin)
            if self._at >= len(self._source):
                raise _refusal(f'Unclosed start tag "{tag}" at byte offset {where}')
            raise _refusal(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
        return self._source[start : self._at]

    def _attribute_value(self, begin: int) -> str:
        quote = self._peek()
        if quote not in "\"'":
            return self._name_token(begin)
        self._at += 1
        value: list[str] = []
        while self._at < len(self._source) and self._peek() != quote:
            character, self._at = _decode(self._source, self._at)
            value.append(character)
        self._at += 1
        if self._at >= len(self._source):
            raise _refusal(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return "".join(value)

    def _name_token(self, begin: int) -> str:
        start = self._at
        while (letter := self._peek()).isascii() and (letter.isalnum() or letter in ".-"):
            self._at += 1
        if self._at >= len(self._source):
            raise _refusal(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if self._peek() not in _SPACE and self._peek() != ">":
            raise _refusal(f"Unexpected end of name token at byte offset {self._byte(start)}")
        return self._source[start : self._at].lower()

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise _refusal(f"Unexpected end tag at byte offset {self._byte(begin)}")
        while self._peek() not in _SPACE and self._peek() != ">":
            self._at += 1
        name = self._source[begin + 2 : self._at].lower()
        self._skip_spaces()
        if self._at >= len(self._source) or self._peek() != ">":
            raise _refusal(f"Unclosed end tag at byte offset {self._byte(begin)}")
        opened = self._open.pop()
        if name and name != opened.tag:
            where = self._byte(begin)
            raise _refusal(f'Unmatched end tag at byte offset {where}, expected "</{opened.tag}>", found "</{name}>"')
        self._at += 1
        if self._offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity = Entity(type=_TAGS[opened.tag], offset=opened.offset, length=self._offset - opened.offset)
        if entity.type in {"code", "pre"}:
            self._entities.append(self._code(opened, entity))
        elif entity.type == "text_link":
            link = _link(opened.argument or "".join(self._plain[opened.start :]), entity)
            self._entities.extend([link] if link is not None else [])
        elif entity.type == "custom_emoji":
            self._entities.append(replace(entity, custom_emoji_id=_emoji(opened.argument)))
        elif entity.type == "blockquote" and opened.argument:
            self._entities.append(replace(entity, type="expandable_blockquote"))
        else:
            self._entities.append(entity)

    def _code(self, opened: _Open, entity: Entity) -> Entity:
        """Join `<pre><code class="language-…">` into one entity that knows its language."""
        last = self._entities[-1] if self._entities else None
        same = last is not None and (last.offset, last.length) == (entity.offset, entity.length)
        if last is not None and same and {last.type, entity.type} == {"code", "pre"}:
            self._entities.pop()
            return replace(entity, type="pre", language=last.language or opened.argument or None)
        return replace(entity, language=opened.argument or None)

    def _skip_spaces(self) -> None:
        while self._at < len(self._source) and self._peek() in _SPACE:
            self._at += 1


def _refusal(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def _decode(source: str, index: int) -> tuple[str, int]:
    """Return the character at an index, with `&…;` decoded, and the index after it."""
    match = _CHARACTER.match(source, index) if source[index] == "&" else None
    if match is None:
        return source[index], index + 1
    hexadecimal, decimal, name, _ = match.groups()
    if name:
        decoded = _NAMED.get(name)
        return (source[index], index + 1) if decoded is None else (decoded, match.end())
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return source[index], index + 1
    return chr(code), match.end()


def _argument(tag: str, name: str, value: str, previous: str) -> str:
    """Return what a tag's attributes mean so far; attributes that mean nothing are allowed and ignored."""
    match (tag, name):
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case ("span", "class"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("blockquote", "expandable"):
            return "expandable"
    return previous


def _link(url: str, entity: Entity) -> Entity | None:
    """Return the entity of a link; an address that is none leaves plain text, as Telegram does."""
    mention = _USER_LINK.match(url)
    if mention:
        return replace(entity, type="text_mention", user_id=int(mention[1]))
    address = checked_url(url)
    return None if address is None else replace(entity, url=address)


def _emoji(identifier: str) -> str:
    if not identifier.isascii() or not identifier.isdigit() or int(identifier) >= 2**63:
        raise _refusal("Invalid custom emoji identifier specified")
    return identifier


def checked_url(url: str) -> str | None:
    """Return an address as Telegram keeps it (with a scheme and a path), or None when it is not one."""
    trimmed = url.strip()
    scheme, separator, rest = trimmed.partition("://")
    if not separator:
        scheme, rest = "http", trimmed
    scheme = scheme.lower()
    if scheme in {"tg", "ton", "tonsite"}:
        return f"{scheme}://{rest}"
    host, slash, path = rest.partition("/")
    name = host.rpartition("@")[2].partition(":")[0]
    is_local = name == "localhost"
    if scheme not in {"http", "https"} or not name or (not is_local and "." not in name) or re.search(r"\s", host):
        return None
    return f"{scheme}://{host.lower()}{slash or '/'}{path}"
