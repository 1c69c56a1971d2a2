"""Every package that is installed to run has a licence that lets everybody run, change and pass on ElCaro."""

import re

from tools.licences import PAGE, licences

ALLOWED = re.compile(r"(MIT|BSD(-[23]-Clause)?|Apache-2\.0|PSF-2\.0|MPL-2\.0|CC0-1\.0|Unlicense|CNRI-Python)")
WEAK_COPYLEFT = {"python-telegram-bot": "LGPL-3.0-only"}
"""Used unchanged and imported, which its licence allows to programs under any other."""


def parts(licence: str) -> list[str]:
    return re.split(r" AND | OR ", licence)


def test_every_licence_is_one_we_know() -> None:
    found = licences()
    assert len(found) > 50
    strange = {
        name: licence
        for name, licence in found.items()
        if WEAK_COPYLEFT.get(name) != licence and not all(ALLOWED.fullmatch(part) for part in parts(licence))
    }
    assert strange == {}


def test_page_of_licences_lists_what_is_installed() -> None:
    rows = dict(re.findall(r"^\| (\S+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    installed = licences()
    assert {name: rows.get(name) for name in installed} == installed
