"""The README's command table, as the bot's own table makes it. `python -m tests.docs.commands` prints it."""

import sys

from bot import COMMANDS
from chat.call import Command, Need

HEADER = ("| command | what it does | who |", "|---|---|---|")
_WHO = {Need.ANYBODY: "anybody", Need.VIEWER: "viewer", Need.TRADER: "trader", Need.OWNER: "owner"}


def table() -> str:
    """Return the table in Markdown."""
    return "\n".join([*HEADER, *(_row(command) for command in COMMANDS)])


def _row(command: Command) -> str:
    written = f"`/{command.name} {command.example}`" if command.example else f"`/{command.name}`"
    aliases = ", ".join(f"`/{alias}`" for alias in command.aliases)
    return f"| {written}{f' (also {aliases})' if aliases else ''} | {command.help} | {_WHO[command.needs]} |"


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
