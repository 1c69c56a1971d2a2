"""Measures of a page that anybody must be able to read: contrast, overflow, names, sizes of what is pressed."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

_LOW_CONTRAST: Final = """
minimum => {
  const parse = text => {
    const n = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const background = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = color => {
    const [r, g, b] = color.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const isSeen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!node.data.trim() || !isSeen || element.closest("[aria-hidden=true], [aria-busy=true], option")) continue;
    const ground = background(element);
    const ink = over(parse(getComputedStyle(element).color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < minimum) found.push(`${ratio.toFixed(2)} ${node.data.trim().slice(0, 30)}`);
  }
  return found;
}
"""

_UNNAMED: Final = """
() => [...document.querySelectorAll("button, a, input, textarea, select, iframe, img, dialog")]
  .filter(element => element.checkVisibility())
  .filter(element => !(element.getAttribute("aria-label") || element.title || element.alt || element.innerText?.trim()
    || element.labels?.length))
  .map(element => element.outerHTML.slice(0, 120))
"""

_SMALL_TARGETS: Final = """
minimum => [...document.querySelectorAll("button, [role=option], [role=menuitem]")]
  .filter(element => element.checkVisibility({ opacityProperty: true }) && !element.closest(".text, .reply, .bubble"))
  .map(element => [element.getBoundingClientRect(), element])
  .filter(([box]) => box.width > 0 && (box.height < minimum || box.width < minimum))
  .map(([box, element]) => `${Math.round(box.width)}x${Math.round(box.height)} ${element.outerHTML.slice(0, 80)}`)
"""

_OVERFLOW: Final = """
() => [...document.querySelectorAll("body *")]
  .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
  .filter(element => !element.closest("pre, code"))
  .map(element => element.outerHTML.slice(0, 100))
"""


_CUT: Final = """
() => [...document.querySelectorAll(".inline-button, .reply-keyboard button")]
  .filter(element => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1)
  .map(element => element.innerText.slice(0, 60))
"""


_AXE: Final = Path(__file__).parent / "vendor" / "axe.min.js"
_AXE_RUN: Final = """
async () => (await axe.run(document.querySelector("dialog[open]") ?? document, { resultTypes: ["violations"] }))
  .violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`))
"""


async def axe_violations(page: Page) -> list[str]:
    """Return what axe, which knows the rules of accessibility, finds wrong with the open dialog or the page."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text(encoding="utf-8"))
    return await _ask(page, _AXE_RUN)


async def low_contrast(page: Page, minimum: float = 4.5) -> list[str]:
    """Return every visible text whose contrast with its ground is below a ratio (WCAG 2.2, 1.4.3)."""
    return await _ask(page, _LOW_CONTRAST, minimum)


async def unnamed_controls(page: Page) -> list[str]:
    """Return controls and pictures that a screen reader could not name."""
    return await _ask(page, _UNNAMED)


async def small_targets(page: Page, minimum: int = 36) -> list[str]:
    """Return buttons that are smaller than a finger needs, in pixels; links inside text do not count."""
    return await _ask(page, _SMALL_TARGETS, minimum)


async def overflowing(page: Page) -> list[str]:
    """Return elements that reach beyond the right edge of the window."""
    return await _ask(page, _OVERFLOW)


async def cut_buttons(page: Page) -> list[str]:
    """Return buttons whose words do not fit into them."""
    return await _ask(page, _CUT)


async def _ask(page: Page, script: str, argument: Any = None) -> list[str]:
    found: list[str] = await page.evaluate(script, argument)
    return found
