"""Accounts and their keys: what is connected, connecting, forgetting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.account import Account
from models.enums import AccountType
from telegram_ui.buttons import action, back_button, home_button
from telegram_ui.errors import code_line
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Screen, bold, code, dotted, esc, lines, words
from telegram_ui.texts import N_, Texts
from telegram_ui.words import account_line, badge, venue_name

FIELD_WORDS = {
    "api_key": N_("API key"),
    "api_secret": N_("API secret"),
    "passphrase": N_("passphrase"),
    "private_key": N_("agent's private key"),
    "account_address": N_("main wallet's address"),
    "vault_address": N_("vault's address"),
}
"""What the fields of a venue's key are called, by the names in the venue registry."""

_HOW_TO = {
    "bybit": N_(
        "At Bybit: Account → API → Create new key. Allow orders and positions, nothing else; "
        "bind it to this server's address if you can."
    ),
    "hyperliquid": N_(
        "At HyperLiquid: More → API → generate an agent wallet and authorise it. "
        "The agent trades and cannot withdraw; your main wallet's key stays with you."
    ),
    "okx": N_(
        "At OKX: Profile → API → Create API key. Allow reading and trading, nothing else; "
        "bind it to this server's address if you can."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account as its owner sees it."""

    account: Account
    has_keys: bool
    problem: str = ""
    """Why it is not used, as an error code; empty while all is well."""


def accounts_view(t: Texts, rows: Sequence[AccountLine], *, is_sandbox: bool) -> Screen:
    """List a person's accounts."""
    listed = [words(f"{number}.", _account_text(t, row)) for number, row in enumerate(rows, 1)]
    if not listed:
        listed = [t("No account is connected yet.")]
    if is_sandbox:
        listed.append(t("🟡 PAPER accounts need no keys."))
    return Screen(
        text=blocks(bold(t("Accounts")), lines(*listed)),
        keyboard=(
            *(_account_buttons(t, number, row) for number, row in enumerate(rows, 1)),
            (Button(text=t("Where you trade"), action="where"), Button(text=t("Connect an account"), action="connect")),
            (home_button(t),),
        ),
    )


def _account_buttons(t: Texts, number: int, row: AccountLine) -> tuple[Button, ...]:
    place = row.account.exchange, row.account.account_type.value
    rename = Button(text=t("Rename {number}", number=number), action=action("name", *place))
    if not row.has_keys:
        return (rename,)
    return (
        Button(text=t("Test {number}", number=number), action=action("keyt", *place)),
        rename,
        Button(text=t("Forget {number}", number=number), action=action("forget", *place)),
    )


def ask_name_view(t: Texts, account: Account, longest: int) -> Screen:
    """Ask what an account shall be called."""
    return Screen(
        text=lines(
            bold(account_line(t, account)),
            t("What do you call this account? Write a name of at most {limit} characters.", limit=longest),
        ),
        keyboard=(
            (Button(text=t("No name"), action=action("name", account.exchange, account.account_type.value, "-")),)
            if t.name_of(account)
            else (),
            (Button(text=t("Cancel"), action="accs"),),
        ),
    )


def _account_text(t: Texts, row: AccountLine) -> str:
    state = code_line(t, row.problem) if row.problem else t("connected") if row.has_keys else t("no keys")
    return dotted(account_line(t, row.account), state)


def connect_venue_view(t: Texts, exchanges: Sequence[str], *, has_web: bool = False) -> Screen:
    """Ask at which venue; where there is a web app, say that keys may be entered there."""
    buttons = tuple(Button(text=venue_name(name), action=action("connect", name)) for name in exchanges)
    return Screen(
        text=lines(
            bold(t("Connect an account")),
            t("Keys are stored encrypted, never shown again, and refused if they can withdraw."),
            t("Entered in the web app they never stand in a chat: /web") if has_web else None,
            t("At which venue?"),
        ),
        keyboard=(buttons, (back_button(t, "accs"),)),
    )


def connect_type_view(t: Texts, exchange: str, account_types: Sequence[AccountType]) -> Screen:
    """Ask for which kind of account."""
    buttons = tuple(
        (Button(text=badge(kind), action=action("connect", exchange, kind.value)),) for kind in account_types
    )
    return Screen(
        text=lines(bold(venue_name(exchange)), t("Which kind of account is the key for?")),
        keyboard=(*buttons, (back_button(t, "connect"),)),
    )


def ask_keys_view(t: Texts, account: Account, fields: Sequence[str]) -> Screen:
    """Ask for the keys, in one message that is deleted at once."""
    names = [t(FIELD_WORDS[name]) if name in FIELD_WORDS else esc(name) for name in fields]
    how = _HOW_TO.get(account.exchange)
    return Screen(
        text=blocks(
            lines(bold(t("Keys for {account}", account=account_line(t, account))), t(how) if how else None),
            lines(
                t("Send in one message, one under the other:"),
                *(f"{number}. {name}" for number, name in enumerate(names, 1)),
            ),
            t("I delete your message at once and store the keys encrypted. Valid for 5 minutes."),
        ),
        keyboard=((Button(text=t("Cancel"), action="accs"),),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedKey:
    """What is told of a key that was just connected."""

    account: Account
    tail: str
    """Its last four characters."""
    expires_at: datetime | None
    is_bound: bool | None
    """Whether it works from certain addresses only; None where the venue has no such thing."""


def connected_view(t: Texts, key: ConnectedKey, *, was_deleted: bool) -> Screen:
    """Say that a key works and is stored."""
    return Screen(
        text=lines(
            bold(t("✅ Connected: {account}", account=account_line(t, key.account))),
            t("The key ends in {tail}.", tail=code("…" + key.tail)),
            t("It expires on {time}.", time=t.moment(key.expires_at)) if key.expires_at else None,
            t("⚠️ It works from any address; bind it to this server's.") if key.is_bound is False else None,
            None if was_deleted else leaked_line(t),
        ),
        keyboard=((Button(text=t("Balance"), action="bal"), back_button(t, "accs")), (home_button(t),)),
        must_arrive=True,
    )


def key_works_view(t: Texts, key: ConnectedKey) -> Screen:
    """Say what a stored key may do now."""
    return Screen(
        text=lines(
            bold(t("✅ The key works: {account}", account=account_line(t, key.account))),
            t("It can trade and cannot withdraw."),
            t("It expires on {time}.", time=t.moment(key.expires_at)) if key.expires_at else None,
            t("⚠️ It works from any address; bind it to this server's.") if key.is_bound is False else None,
        ),
        keyboard=((Button(text=t("Balance"), action="bal"), back_button(t, "accs")), (home_button(t),)),
    )


def leaked_line(t: Texts) -> str:
    """Say that keys are still readable in the chat."""
    return t("⚠️ I could not delete your message. Delete it yourself and make a new key.")


def leaked_view(t: Texts, *, was_deleted: bool) -> Screen:
    """Answer a text that looked like a key where none was asked for."""
    return Screen(
        text=lines(
            t("That looked like a key, so I did not use it."),
            t("I deleted your message.") if was_deleted else leaked_line(t),
            t("To connect an account: /connect"),
        ),
        keyboard=((home_button(t),),),
    )
