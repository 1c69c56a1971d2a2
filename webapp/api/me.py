"""About the person: who they are, what they chose, their accounts, their pause."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from core import pausing, preferences, web_accounts, web_sessions
from core.account_names import call_account, read_name
from core.accounts import MOST_TOGETHER
from models.errors import BadOrder
from webapp.answers import Json, found, reply
from webapp.login import Looker, Trader
from webapp.parts import Running
from webapp.wire import AccountWord, Strict, StrictRoute, Venue

router = APIRouter(prefix="/api", tags=["me"], route_class=StrictRoute)

LANGUAGES = ("en", "ru", "uk")
REAL_WORD = "REAL"
Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,20}$")]
Typed = Annotated[str, Field(max_length=64)]


class Choices(Strict):
    """What is to be changed; what is left out stays."""

    exchange: Annotated[Word | None, Field(examples=["hyperliquid"])] = None
    trading_mode: Annotated[Word | None, Field(examples=["demo"])] = None
    language: Annotated[Word | None, Field(examples=["uk"])] = None


class NewValue(Strict):
    """A setting's new value as it would be typed in the chat; null goes back to the default."""

    value: Annotated[Typed | None, Field(examples=["true"])]
    confirm: Annotated[Typed | None, Field(description="The word REAL, to switch real money on.")] = None


class Pause(Strict):
    """Whether new risk is taken."""

    is_paused: Annotated[bool, Field(examples=[True])]


class Account(Strict):
    """One account, named wholly."""

    exchange: Annotated[Venue, Field(examples=["bybit"])]
    account_type: Annotated[AccountWord, Field(examples=["paper"])]


class Picks(Strict):
    """Which accounts tickets go to, one by one."""

    accounts: Annotated[
        tuple[Account, ...],
        Field(
            min_length=1,
            max_length=MOST_TOGETHER,
            strict=False,
            examples=[[{"exchange": "hyperliquid", "account_type": "paper"}]],
        ),
    ]


class Name(Strict):
    """What an account is called; null takes its name away."""

    name: Annotated[Typed | None, Field(examples=["Savings"])]


@router.get("/me")
async def me(parts: Running, person: Looker) -> Json:
    """Tell who is asking, and what they chose."""
    return reply(
        found(
            {
                "user_id": person.user_id,
                "name": person.name,
                "role": person.role,
                "can_trade": person.can_trade,
                "language": person.language,
                "is_sandbox": parts.runtime.settings.is_sandbox,
                "venues": web_accounts.venues(),
                **await _choices(parts, person.user_id),
            }
        )
    )


async def _choices(parts: Running, user_id: int) -> dict[str, Any]:
    """Return what a person chose; picked accounts take the place of venue and mode."""
    picked = await parts.runtime.accounts.picked(user_id)
    return {**await web_sessions.choices_of(user_id), "is_picked": picked != []}


@router.patch("/me")
async def choose(parts: Running, person: Looker, body: Choices) -> Json:
    """Choose venue, trading mode or language."""
    if body.language is not None and body.language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise BadOrder(f"language: expected one of {known}", code="bad_word", name="language", known=known)
    await web_sessions.choose(
        person.user_id, exchange=body.exchange, trading_mode=body.trading_mode, language=body.language
    )
    parts.logins.forget()
    parts.feeds.hurry(person.user_id)
    return reply(found(await _choices(parts, person.user_id)))


@router.get("/accounts")
async def accounts(parts: Running, person: Looker) -> Json:
    """List the person's accounts."""
    return await _accounts_of(parts, person.user_id)


async def _accounts_of(parts: Running, user_id: int) -> Json:
    return reply(found(await web_accounts.account_lines(user_id, parts.runtime.accounts)))


@router.put("/accounts/picked")
async def pick(parts: Running, person: Looker, body: Picks) -> Json:
    """Let tickets go to exactly these accounts, an order of its own to each, until venue or mode is chosen anew."""
    accounts = await parts.accounts_meant(person.user_id, body.accounts)
    await parts.runtime.accounts.pick(person.user_id, accounts)
    parts.feeds.hurry(person.user_id)
    return await _accounts_of(parts, person.user_id)


@router.put("/accounts/{exchange}/{account_type}/name")
async def call(
    parts: Running,
    person: Trader,
    exchange: Annotated[Venue, Path(examples=["bybit"])],
    account_type: Annotated[AccountWord, Path(examples=["paper"])],
    body: Name,
) -> Json:
    """Call an account something, for its owner's eyes; nothing is decided by it."""
    account = await parts.runtime.accounts.resolve(person.user_id, exchange, account_type)
    await call_account(account, None if body.name is None else read_name(body.name))
    return await _accounts_of(parts, person.user_id)


@router.get("/settings")
async def settings(person: Looker) -> Json:
    """List every setting with what holds now and what holds by default."""
    values = await preferences.preferences_of(person.user_id)
    rows: list[dict[str, Any]] = [
        {
            "key": row.key,
            "kind": row.kind.value,
            "value": values.get(row.key, row.default),
            "default": row.default,
            "is_default": row.key not in values,
            "choices": list(row.choices),
        }
        for row in preferences.PREFERENCES.values()
    ]
    return reply(found(rows))


@router.put("/settings/{key}")
async def change_setting(
    person: Trader, key: Annotated[Word, Path(examples=["requires_stop"])], body: NewValue
) -> Json:
    """Change one setting. Real money is switched on only with the word REAL."""
    row = preferences.PREFERENCES.get(key)
    if row is None:
        raise BadOrder("there is no such setting", code="unknown_setting", name=key)
    value = None if body.value is None else row.read(body.value)
    if key == "real_trading" and value and body.confirm != REAL_WORD:
        raise BadOrder("to trade with real money, confirm with the word REAL", code="real_not_confirmed")
    await preferences.choose(person.user_id, key, value)
    return reply(found({"key": key, "value": row.default if value is None else value, "is_default": value is None}))


@router.put("/pause")
async def pause(person: Trader, body: Pause) -> Json:
    """Stop or resume taking new risk. Closing, protecting and cancelling always work."""
    await (pausing.pause if body.is_paused else pausing.resume)(person.user_id)
    return reply(found({"is_paused": body.is_paused}))
