"""About the person: who they are, what they chose, their accounts, their pause."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from core import pausing, preferences, web_accounts, web_sessions
from models.errors import BadOrder
from webapp.answers import Json, found, reply
from webapp.login import Looker, Trader
from webapp.parts import Running
from webapp.wire import Strict, StrictRoute

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


@router.get("/me")
async def me(parts: Running, person: Looker) -> Json:
    """Tell who is asking, and what they chose."""
    chosen = await web_sessions.choices_of(person.user_id)
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
                **chosen,
            }
        )
    )


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
    return reply(found(await web_sessions.choices_of(person.user_id)))


@router.get("/accounts")
async def accounts(parts: Running, person: Looker) -> Json:
    """List the person's accounts."""
    return reply(found(await web_accounts.account_lines(person.user_id, parts.runtime.accounts)))


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
