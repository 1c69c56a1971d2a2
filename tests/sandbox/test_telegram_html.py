"""The HTML reader: what it understands, what it refuses, and that offsets count UTF-16 code units."""

import html
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, MessageEntity

from sandbox.telegram.html import parse_html
from sandbox.telegram.text import Entity, Formatted, tidy, utf16_length, with_automatic
from sandbox.telegram.wire import ApiError

TAGS = {
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
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}


def cut(text: str, entity: Entity) -> str:
    """Return the text an entity covers, counted as Telegram counts."""
    return text.encode("utf-16-le")[2 * entity.offset : 2 * entity.end].decode("utf-16-le")


def refusal(source: str) -> str:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.code == 400
    return refused.value.description.removeprefix("Bad Request: can't parse entities: ")


@pytest.mark.parametrize(("tag", "kind"), TAGS.items())
def test_tag_becomes_its_entity(tag: str, kind: str) -> None:
    assert parse_html(f"a<{tag}>bc</{tag}>") == Formatted("abc", (Entity(type=kind, offset=1, length=2),))


def test_attributes_become_what_they_mean() -> None:
    parsed = parse_html(
        '<a href="https://example.com">l</a><span class="tg-spoiler">s</span><blockquote expandable>q</blockquote>'
        '<pre><code class="language-python">p</code></pre><a href="tg://user?id=7">m</a>'
        '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>'
    )
    assert [(e.type, e.url or e.language or e.user_id or e.custom_emoji_id) for e in parsed.entities] == [
        ("text_link", "https://example.com/"),
        ("spoiler", None),
        ("expandable_blockquote", None),
        ("pre", "python"),
        ("text_mention", 7),
        ("custom_emoji", "5368324170671202286"),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a &lt;b&gt; &amp; &quot;c&quot;", 'a <b> & "c"'),
        ("&#1041;&#x411;", "ББ"),
        ("&nbsp; &copy &unknown;", "&nbsp; &copy &unknown;"),
        ("&#0; &#xD800;", "&#0; &#xD800;"),
        ("<B>x</B>", "x"),
        ("<b>x</>", "x"),
        ("<b></b>x", "x"),
        ("a > b", "a > b"),
        ("<a href='ftp://x'>no link</a>", "no link"),
    ],
)
def test_text_is_read_as_the_documentation_says(source: str, text: str) -> None:
    assert parse_html(source).text == text


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("a<font>b</font>", 'Unsupported start tag "font" at byte offset 1'),
        ("я<font>b</font>", 'Unsupported start tag "font" at byte offset 2'),
        ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
        ("a <", "Unclosed start tag at byte offset 2"),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=x_y>z</a>", "Unexpected end of name token at byte offset 8"),
        ("<a =x>z</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ('<tg-emoji emoji-id="9999999999999999999">x</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_mistake_is_refused_with_its_place(source: str, sentence: str) -> None:
    assert refusal(source) == sentence


@dataclass(frozen=True)
class Node:
    """A piece of well-formed HTML: text in a tag, or text alone."""

    tag: str | None
    parts: tuple["Node | str", ...]

    def source(self) -> str:
        inner = "".join(html.escape(part) if isinstance(part, str) else part.source() for part in self.parts)
        return f"<{self.tag}>{inner}</{self.tag}>" if self.tag else inner

    def plain(self) -> str:
        return "".join(part if isinstance(part, str) else part.plain() for part in self.parts)

    def spans(self, start: int = 0) -> list[tuple[str, int, int]]:
        found = []
        at = start
        for part in self.parts:
            if isinstance(part, Node):
                found += part.spans(at)
            at += utf16_length(part if isinstance(part, str) else part.plain())
        if self.tag and at > start:
            found.append((TAGS[self.tag], start, at - start))
        return found


PLAIN = st.text(alphabet=st.sampled_from("ab <>&\"'яє🟡\n"), max_size=6)
INLINE_TAGS = st.sampled_from([tag for tag in TAGS if tag not in {"code", "pre"}])
NODES = st.recursive(
    st.builds(Node, st.none(), st.tuples(PLAIN)),
    lambda inner: st.builds(Node, INLINE_TAGS, st.lists(inner | PLAIN, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(NODES)
def test_well_formed_html_gives_its_text_and_its_spans(node: Node) -> None:
    parsed = parse_html(node.source())
    assert parsed.text == node.plain()
    assert sorted((e.type, e.offset, e.length) for e in parsed.entities) == sorted(node.spans())


@given(st.text(alphabet=st.sampled_from("ab<>/&;=\"' биte-spanclox#1🟡"), max_size=40))
def test_any_text_is_either_read_or_refused_with_a_sentence(source: str) -> None:
    try:
        parsed = parse_html(source)
    except ApiError as refused:
        description = refused.description
    else:
        description = ""
        assert all(0 <= e.offset < e.end <= utf16_length(parsed.text) for e in parsed.entities)
    assert description.startswith("Bad Request: can't parse entities: ") or not description


@given(st.text(max_size=60))
def test_escaped_text_is_never_refused_and_comes_out_as_it_went_in(text: str) -> None:
    assert parse_html(html.escape(text)) == Formatted(text)


@given(NODES)
def test_tidy_text_has_no_blank_edges_and_entities_that_fit(node: Node) -> None:
    before = parse_html(node.source())
    after = tidy(before)
    assert after.text == after.text.rstrip(" \n\t")
    assert after.text in before.text
    assert all(e.length > 0 and e.end <= utf16_length(after.text) for e in after.entities)
    assert list(after.entities) == sorted(after.entities, key=lambda e: (e.offset, -e.length))


@given(NODES)
def test_python_telegram_bot_renders_back_an_html_that_reads_the_same(node: Node) -> None:
    parsed = tidy(parse_html(node.source()))
    message = Message.de_json(
        {
            "message_id": 1,
            "date": 1,
            "chat": {"id": 1, "type": "private"},
            "text": parsed.text,
            "entities": [e.to_dict() for e in parsed.entities],
        },
        None,
    )
    assert message is not None
    for entity in message.entities:
        ours = Entity(type=entity.type, offset=entity.offset, length=entity.length)
        assert message.parse_entity(entity) == cut(parsed.text, ours)
    assert all(isinstance(entity, MessageEntity) for entity in message.entities)


@pytest.mark.parametrize(
    ("text", "kind", "covered"),
    [
        ("/start now", "bot_command", "/start"),
        ("go /close@elcaro_sandbox_bot", "bot_command", "/close@elcaro_sandbox_bot"),
        ("see https://example.com/a?b=c.", "url", "https://example.com/a?b=c"),
        ("🟡 @somebody", "mention", "@somebody"),
        ("#tag", "hashtag", "#tag"),
        ("buy $BTC", "cashtag", "$BTC"),
        ("a@example.com", "email", "a@example.com"),
    ],
)
def test_telegram_marks_commands_links_and_tags_by_itself(text: str, kind: str, covered: str) -> None:
    (entity,) = with_automatic(Formatted(text)).entities
    assert (entity.type, cut(text, entity)) == (kind, covered)


@pytest.mark.parametrize("text", ["a/b", "100$", "1/2", "#1", "path/to/x", "</b>"])
def test_plain_words_are_not_marked(text: str) -> None:
    assert with_automatic(Formatted(text)).entities == ()


def test_nothing_is_marked_inside_code_and_links() -> None:
    parsed = with_automatic(parse_html('<code>/start</code> <a href="https://example.com">#tag</a>'))
    assert [entity.type for entity in parsed.entities] == ["code", "text_link"]
