"""Connecting accounts. A key goes in and never comes out: only its last public characters are ever shown."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from core import key_intake
from core.accounts import spec_of
from models.account import Account
from models.enums import AccountType
from webapp.answers import Json, found, reply
from webapp.login import Looker, Trader
from webapp.parts import Parts, Running
from webapp.services_integration import path_of_user
from webapp.wire import AccountWord, Strict, StrictRoute, Venue

router = APIRouter(prefix="/api/keys", tags=["keys"], route_class=StrictRoute)

_Name = Annotated[str, Field(max_length=32)]
_Value = Annotated[str, Field(max_length=256)]
VenueNamed = Annotated[Venue, Path(examples=["bybit"])]
TypeNamed = Annotated[AccountWord, Path(examples=["demo"])]


class AccountNamed(Strict):
    """An account, named in full."""

    exchange: Annotated[Venue, Field(examples=["bybit"])]
    account_type: Annotated[AccountWord, Field(examples=["demo"])]


class Keys(AccountNamed):
    """An account's keys, by the names that `/api/keys/venues` lists."""

    values: Annotated[dict[_Name, _Value], Field(max_length=4, examples=[{"api_key": "…", "api_secret": "…"}])]


@router.get("/venues")
async def venues(parts: Running, _: Looker) -> Json:
    """List what can be connected: venues, kinds of account, and the fields of their keys."""
    return reply(found(key_intake.connectable(is_sandbox=parts.runtime.settings.is_sandbox)))


@router.post("")
async def connect(parts: Running, person: Trader, body: Keys) -> Json:
    """Check keys with the venue and keep them sealed. Keys that can withdraw are refused."""
    parts.buckets.take("keys", person.user_id, parts.limits.keys)
    account = _account(parts, person.user_id, body)
    values = key_intake.read_key_form(spec_of(account.exchange), body.values)
    taken = await key_intake.connect(account, values, path_of_user(person.user_id).check_key)
    parts.runtime.clients.forget(account)
    return reply(
        found(
            {
                "exchange": account.exchange,
                "account_type": account.account_type,
                "tail": taken.tail,
                "expires_at": taken.expires_at,
                "is_bound": taken.is_bound,
            }
        )
    )


@router.delete("/{exchange}/{account_type}")
async def disconnect(parts: Running, person: Trader, exchange: VenueNamed, account_type: TypeNamed) -> Json:
    """Forget an account's keys. Open positions stay at the venue."""
    account = _account(parts, person.user_id, AccountNamed(exchange=exchange, account_type=account_type))
    had_any = await key_intake.disconnect(account)
    parts.runtime.clients.forget(account)
    return reply(found({"had_any": had_any}))


def _account(parts: Parts, user_id: int, named: AccountNamed) -> Account:
    spec = spec_of(named.exchange)
    kind: AccountType = parts.runtime.accounts.type_named(spec, named.account_type)
    return Account(user_id=user_id, exchange=spec.key, account_type=kind)
