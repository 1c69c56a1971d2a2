"""The README's command table, as the bot's own table makes it. `python -m tests.docs.commands` writes it there."""

import re

from bot import COMMANDS
from chat.call import Command, Need
from tests.docs.pages import ROOT

README = ROOT / "README.md"
HEADER = ("| command | what it does | who |", "|---|---|---|")
_WHO = {Need.ANYBODY: "anybody", Need.VIEWER: "viewer", Need.TRADER: "trader", Need.OWNER: "owner"}
_PLACE = re.compile(r"(<!-- commands:[^\n]*-->\n).*?(<!-- end of commands -->)", re.DOTALL)


def table() -> str:
    """Return the table in Markdown."""
    return "\n".join([*HEADER, *(_row(command) for command in COMMANDS)])


def with_table(text: str) -> str:
    """Return the README's text with the table in its place."""
    return _PLACE.sub(lambda match: f"{match[1]}{table()}\n{match[2]}", text)


def _row(command: Command) -> str:
    written = f"`/{command.name} {command.example}`" if command.example else f"`/{command.name}`"
    aliases = ", ".join(f"`/{alias}`" for alias in command.aliases)
    return f"| {written}{f' (also {aliases})' if aliases else ''} | {command.help} | {_WHO[command.needs]} |"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
