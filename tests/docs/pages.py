"""The Markdown pages of the project, and what they name."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SKIPPED = frozenset({"node_modules", "payloads", "vendor"})
_CODE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Return every page, relative to the root."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sandbox" / "README.md"]
    return sorted(path.relative_to(ROOT) for path in found if not _SKIPPED & set(path.parts))


def text_of(page: Path) -> str:
    """Return a page's text."""
    return (ROOT / page).read_text(encoding="utf-8")


def code_in(page: Path) -> list[str]:
    """Return everything a page sets as code: spans, and the lines of blocks."""
    text = text_of(page)
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines() if line.strip()]
    return [*lines, *_CODE.findall(_BLOCK.sub("", text))]


def links_in(page: Path) -> Iterator[str]:
    """Return the targets of a page's links and pictures."""
    for link, picture in _LINK.findall(_BLOCK.sub("", text_of(page))):
        yield link or picture


def anchors_of(page: Path) -> set[str]:
    """Return what a link may name after `#` in a page."""
    titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(text_of(page)))
    return {title.strip().replace(" ", "-") for title in titles}
