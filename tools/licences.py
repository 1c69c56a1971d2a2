"""The licences of everything that is installed to run: `python -m tools.licences` writes `docs/licences.md` anew."""

import re
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "docs/licences.md"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)
_NAMES = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
}
_READ_BY_HAND = {"resvg-py": "MIT", "safe-pysha3": "PSF-2.0 AND CC0-1.0", "pycryptodome": "BSD-2-Clause AND Unlicense"}
"""Where the package says it in a file, or in words of its own."""

_HEAD = """# Licences

What is installed to run ElCaro, from `requirements.lock`. ElCaro itself is under the [MIT licence](../LICENSE). None of
these asks anything of a program that uses the package unchanged; python-telegram-bot (LGPL) and certifi (MPL) ask that
changes to themselves stay free. `python -m tools.licences` writes this page.

| package | licence |
|---|---|
"""


def licences() -> dict[str, str]:
    """Return the licence of every pinned package that is installed here, by name."""
    return dict(sorted(_found()))


def _found() -> Iterator[tuple[str, str]]:
    for name, _version in _PIN.findall(LOCK.read_text(encoding="utf-8")):
        try:
            yield name, _READ_BY_HAND.get(name) or _licence(metadata(name))  # type: ignore[arg-type]
        except PackageNotFoundError:  # a pin for another system
            continue


def _licence(told: Message) -> str:
    """Return what a package says, in SPDX words where it uses others."""
    expression = str(told.get("License-Expression") or told.get("License") or "").strip()
    if not expression:
        classifiers = [str(text) for text in told.get_all("Classifier") or [] if str(text).startswith("License")]
        expression = " OR ".join(_NAMES.get(text.rsplit(" :: ", 1)[-1], text) for text in classifiers)
    return _NAMES.get(expression, expression)


def page() -> str:
    """Return the page."""
    return _HEAD + "".join(f"| {name} | {licence} |\n" for name, licence in licences().items())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
