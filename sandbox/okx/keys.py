"""API keys of the simulated OKX: who they belong to, what they may do, and their part of the snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox import demo
from sandbox.admin import open_account
from sandbox.engine import PositionMode
from sandbox.seed import open_demo_account
from sandbox.state import from_json, to_json
from sandbox.world import World

NAME: Final = "okx"
FIRST_UID: Final = 30_000_000
TRADING: Final = ("read_only", "trade")


@dataclass(frozen=True, slots=True, kw_only=True)
class OkxKey:
    """One API key, public and worthless.

    Attributes:
        account_id: The uid whose account it opens.
        permissions: read_only, trade, withdraw.
        ips: Addresses it is bound to; empty means none.
    """

    api_key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    account_id: str
    permissions: tuple[str, ...] = TRADING
    ips: tuple[str, ...] = ("127.0.0.1",)


class OkxKeys:
    """The keys that the venue knows."""

    def __init__(self) -> None:
        self._keys: dict[str, OkxKey] = {}

    def add(self, key: OkxKey) -> OkxKey:
        """Register a key, or replace it."""
        self._keys[key.api_key] = key
        return key

    def find(self, api_key: str) -> OkxKey | None:
        """The key, or None when the venue does not know it."""
        return self._keys.get(api_key)

    def dump(self) -> Any:
        """The keys as JSON."""
        return [to_json(key) for key in self._keys.values()]

    def load(self, data: Any) -> None:
        """Take over dumped keys."""
        for row in data:
            self.add(from_json(OkxKey, row))


def key_for(account_id: str, kind: int = 0, **fields: Any) -> OkxKey:
    """A key of an account; all of it follows from the account and a number."""
    tail = f"{kind:04d}{int(account_id):08d}"
    return OkxKey(
        api_key=f"00000000-0000-4000-8000-{tail}",
        secret=f"{'0' * 20}{tail}",
        passphrase=demo.OKX_PASSPHRASE,
        account_id=account_id,
        **fields,
    )


def open_accounts(world: World, keys: OkxKeys) -> None:
    """The demo account, and keys of every kind that tests need."""
    open_demo_account(world.okx, demo.OKX_UID)
    open_account(world.okx, demo.OKX_TEST_UID)
    open_account(world.okx, demo.OKX_HEDGE_UID, position_mode=PositionMode.HEDGE)
    for key in (
        key_for(demo.OKX_UID),
        key_for(demo.OKX_TEST_UID),
        key_for(demo.OKX_HEDGE_UID),
        key_for(demo.OKX_TEST_UID, 1, permissions=("read_only",)),
        key_for(demo.OKX_TEST_UID, 2, permissions=(*TRADING, "withdraw")),
        key_for(demo.OKX_TEST_UID, 3, ips=()),
        key_for(demo.OKX_TEST_UID, 4, ips=("203.0.113.7",)),
    ):
        keys.add(key)


def new_account(
    world: World,
    keys: OkxKeys,
    *,
    deposits: Mapping[str, Decimal | int | str] | None = None,
    position_mode: str = PositionMode.ONE_WAY,
    history: bool = False,
    **key_fields: Any,
) -> OkxKey:
    """Open a clean account (10,000 USDT unless `deposits` says otherwise) and a key for it."""
    uid = str(FIRST_UID + len(world.okx.accounts))
    open_account(world.okx, uid, deposits=deposits, position_mode=position_mode, history=history)
    return keys.add(key_for(uid, **key_fields))
