"""What a person calls their accounts. A name is for that person's eyes; nothing is decided by it."""

import unicodedata

import db
from core.numbers import echo
from models.account import Account
from models.errors import BadOrder

SETTING = "account_names"
LONGEST = 24


def read_name(text: str) -> str:
    """Return a name as it is shown: one line, without signs that cannot be seen.

    Raises:
        BadOrder: Nothing is left of it, or too much (`bad_account_name`).
    """
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in text)
    name = " ".join(visible.split())
    if not 0 < len(name) <= LONGEST:
        raise BadOrder("no name for an account", code="bad_account_name", text=echo(text), limit=str(LONGEST))
    return name


async def names_of(user_id: int) -> dict[str, str]:
    """Return what a person calls their accounts, by `bybit:real`."""
    return dict(await db.get_setting(user_id, SETTING, {}))


async def call_account(account: Account, name: str | None) -> dict[str, str]:
    """Give an account a name that `read_name` returned, or take its name away; return all names of its owner."""
    names = await names_of(account.user_id)
    names.pop(account.place, None)
    if name is not None:
        names[account.place] = name
    await db.set_setting(account.user_id, SETTING, names or None)
    return names
