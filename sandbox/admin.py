"""What the control API and in-process tests do to a world: prices, accounts, keys, pictures of the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.engine import Engine, MarginMode, PositionMode, Venue
from sandbox.instruments import Instrument
from sandbox.keys import TRADING_PERMISSIONS, BybitKey
from sandbox.seed import MONEY, SETTLE, open_demo_account
from sandbox.state import to_json
from sandbox.world import World

FIRST_UID = 20_000_000


class BadCommandError(ValueError):
    """A control request that cannot be carried out; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BybitAccount:
    """A Bybit account of the sandbox with the key that opens it."""

    uid: str
    api_key: str
    secret: str


def find_market(world: World, name: str) -> Instrument:
    """The market with this name at either venue, "BTCUSDT" or "kPEPE"; Bybit's first."""
    for venue in Venue:
        instrument = world.market.instruments(venue).get(name)
        if instrument is not None:
            return instrument
    raise BadCommandError(f"no market {name!r}: use a venue's own name, for example BTCUSDT or kPEPE")


def set_price(world: World, symbol: str, price: Decimal, *, mark: Decimal | None = None, hold: bool = True) -> None:
    """Move a market's price, and with it every market of the same coin; orders and positions meet it at once."""
    if not price.is_finite() or price <= 0:
        raise BadCommandError("a price is a number above zero")
    market = find_market(world, symbol)
    of_coin = None if mark is None else mark / market.multiplier
    world.market.set_price(market.base, price / market.multiplier, mark=of_coin, hold=hold)
    world.step()


def new_bybit_account(
    world: World,
    name: str = "",
    *,
    deposits: Mapping[str, Decimal | int | str] | None = None,
    margin_mode: str = MarginMode.CROSS,
    position_mode: str = PositionMode.ONE_WAY,
    history: bool = False,
    **key_fields: Any,
) -> BybitAccount:
    """Open a Bybit account and register a key for it.

    Args:
        name: Stem of the key ("alice" gives alice-key and alice-secret); by default the uid.
        deposits: Money per coin; 10,000 USDT when not given.
        history: Give it the demo account's past instead.
        key_fields: Further fields of the key (``read_only``, ``permissions``, ``ips``, ``expires_ms`` …).
    """
    uid = str(FIRST_UID + len(world.bybit.accounts))
    stem = name or f"account-{uid}"
    open_account(
        world.bybit, uid, deposits=deposits, margin_mode=margin_mode, position_mode=position_mode, history=history
    )
    key = {"api_key": f"{stem}-key", "secret": f"{stem}-secret", "account_id": uid, "ips": ("127.0.0.1",)}
    add_key(world, {**key, **key_fields})
    return BybitAccount(uid=uid, api_key=str(key["api_key"]), secret=str(key["secret"]))


def open_account(
    engine: Engine,
    account_id: str,
    *,
    deposits: Mapping[str, Decimal | int | str] | None = None,
    margin_mode: str = MarginMode.CROSS,
    position_mode: str = PositionMode.ONE_WAY,
    history: bool = False,
) -> None:
    """Open an account at either venue."""
    if account_id in engine.accounts:
        raise BadCommandError(f"account {account_id} exists already: choose another id")
    if history:
        open_demo_account(engine, account_id)
        return
    money = {SETTLE[engine.venue]: MONEY} if deposits is None else deposits
    engine.open_account(
        account_id,
        deposits={coin: Decimal(amount) for coin, amount in money.items()},
        margin_mode=MarginMode(margin_mode),
        position_mode=PositionMode(position_mode),
    )


def add_key(world: World, fields: Mapping[str, Any]) -> BybitKey:
    """Register a Bybit key, or replace it."""
    values = {"permissions": TRADING_PERMISSIONS, "created_ms": world.clock.now_ms(), **fields}
    values["permissions"] = {name: tuple(rights) for name, rights in values["permissions"].items()}
    values["ips"] = tuple(values.get("ips", ()))
    if values.get("account_id") not in world.bybit.accounts:
        raise BadCommandError("a key needs the account_id of an existing account")
    key = BybitKey(**values)
    world.keys.add(key)
    return key


def account_picture(engine: Engine, account_id: str) -> dict[str, Any]:
    """Money, positions and orders of an account now, as JSON."""
    if account_id not in engine.accounts:
        raise BadCommandError(f"no account {account_id!r} at {engine.venue.value}")
    return {
        "money": to_json(engine.account_view(account_id)),
        "positions": [to_json(view) for view in engine.positions(account_id)],
        "open_orders": [to_json(order) for order in engine.open_orders(account_id)],
        "orders": len(engine.orders(account_id)),
        "fills": [to_json(fill) for fill in engine.fills(account_id)],
        "closed_pnl": [to_json(record) for record in engine.closed_pnl(account_id)],
    }
