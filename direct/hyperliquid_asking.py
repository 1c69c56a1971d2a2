"""How the HyperLiquid SDK's Info is asked: in bounded threads, under the right address, page by page; and its time."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

import requests
from eth_account import Account as Wallets
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.error import ClientError, ServerError

from direct.calls import TIMEOUT_S, Pools, Turns, clock_at
from models import wire
from models.enums import AccountType
from models.errors import BadPayload, NoCredentials, Unavailable
from models.values import from_millis, to_millis
from models.venue import Credentials

Row = Mapping[str, Any]

_NOTHING: dict[str, Any] = {"meta": {"universe": []}, "spot_meta": {"universe": [], "tokens": []}}
_DEXES_KEPT_S = 600.0
_HISTORY = timedelta(days=7)
_PAGE, _MOST_PAGES = 500, 20
"""The venue cuts lists by time at 500 rows or more; a shorter one is the last."""


class HyperliquidAsking:
    """The clients of one account, or of nobody (public data only), on one host."""

    def __init__(
        self, *, base_url: str, account_type: AccountType, credentials: Credentials | None, pools: Pools
    ) -> None:
        values = credentials.values if credentials else {}
        self._account_type = account_type
        self._pools = pools
        self._url = base_url
        timeout = cast(float, TIMEOUT_S)  # the SDK hands it to requests, which takes the pair
        self._info = Info(base_url, skip_ws=True, timeout=timeout, **_NOTHING)
        self._vault = values.get("vault_address") or None
        self._given_master = values.get("account_address", "").lower()
        self._known_address = self._vault or values.get("account_address") or ""
        self._exchange: Exchange | None = None
        self._collaterals: dict[str, int] = {}
        self._clock = clock_at(base_url)
        self._turns = Turns()
        self._known_dexes: list[str] = []
        self._dexes_until = 0.0
        if credentials is not None:
            wallet = _wallet(values.get("private_key", ""))
            self._exchange = Exchange(wallet, base_url, vault_address=self._vault, timeout=timeout, **_NOTHING)
        for api in (self._info, self._exchange):
            if api is not None:
                api.session.hooks["response"].append(self._note_date)

    @property
    def signer(self) -> str:
        """The agent's address: nonces are counted per signer."""
        return str(self._signing.wallet.address).lower()

    @property
    def _signing(self) -> Exchange:
        if self._exchange is None:
            raise NoCredentials("this account has no agent key", code="no_credentials")
        return self._exchange

    def venue_time_ms(self) -> int:
        """Return HyperLiquid's clock by its last answer."""
        return self._clock.now_ms()

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""
        return self._clock.error_ms()

    def _note_date(self, answer: requests.Response, **_: Any) -> None:
        """Learn the venue's time, whole seconds of it, from the date of every answer."""
        received_at = time.monotonic()
        sent_at = received_at - answer.elapsed.total_seconds()
        with suppress(KeyError, ValueError):
            venue_s = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            self._clock.observe(venue_s, sent_at=sent_at, received_at=received_at, resolution_s=1.0)

    async def _ask(self, kind: str, **query: Any) -> Any:
        def fetch() -> Any:
            try:
                return self._info.post("/info", {"type": kind, **query})
            except ClientError as e:
                raise Unavailable(f"HTTP {e.status_code}") from e
            except ServerError as e:
                raise Unavailable(f"HTTP {e.status_code}") from e
            except (KeyError, AttributeError, RecursionError) as e:  # how the SDK fails on a body it did not expect
                raise Unavailable("the venue refused the question") from e

        answer = await self._pools.read(fetch)
        if answer is None or (isinstance(answer, dict) and set(answer) == {"error"}):
            raise BadPayload(f"{kind}: expected an answer in JSON")
        return answer

    async def _record(self, kind: str, **query: Any) -> Row:
        return wire.as_record(await self._ask(kind, **query), kind)

    async def _records(self, kind: str, **query: Any) -> list[Row]:
        return wire.as_records(await self._ask(kind, **query), kind)

    async def _since(self, kind: str, since: datetime | None) -> list[Row]:
        """Return all rows from a moment on, each once: the venue cuts lists by time, and their newest rows are cut."""
        user, start = await self._user(), to_millis(since or self._now() - _HISTORY)
        seen: dict[str, Row] = {}
        for _ in range(_MOST_PAGES):
            page, known = await self._records(kind, user=user, startTime=start), len(seen)
            seen.update((json.dumps(row, sort_keys=True), row) for row in page)
            if len(page) < _PAGE or len(seen) == known:
                break
            start = max(wire.integer(row, "time") for row in page)
        return list(seen.values())

    async def _user(self) -> str:
        """Return whose money is read: the vault, or the master, asked from the venue where it was not given."""
        if not self._known_address:
            _, master = await self._role()
            if master is None:
                raise NoCredentials("this key is nobody's agent; approve it as an API wallet", code="key_invalid")
            self._known_address = master
        return self._known_address

    async def _role(self) -> tuple[str, str | None]:
        """Return what the key's address is at the venue, and whose agent."""
        answer = await self._record("userRole", user=self.signer)
        role = wire.text(answer, "role")
        return role, wire.text(wire.record(answer, "data"), "user") if role == "agent" else None

    async def _owner_of(self, vault: str) -> str | None:
        """Return whose vault or sub-account an address is; None where it is neither."""
        answer = await self._record("userRole", user=vault)
        match wire.text(answer, "role"):
            case "subAccount":
                return wire.text(wire.record(answer, "data"), "master").lower()
            case "vault":
                return wire.text(await self._record("vaultDetails", vaultAddress=vault), "leader").lower()
            case _:
                return None

    async def _dexes(self) -> list[str]:
        """Return the names of all dexes, the main one first, asked now and then: the question is dear."""
        if not self._known_dexes or time.monotonic() > self._dexes_until:
            self._known_dexes = await self._ask_dexes()
            self._dexes_until = time.monotonic() + _DEXES_KEPT_S
        return self._known_dexes

    async def _ask_dexes(self) -> list[str]:
        rows = await self._ask("perpDexs")
        if not isinstance(rows, list) or not rows:
            raise wire.bad_field("perpDexs", "a list that begins with the main dex", rows)
        return ["" if row is None else wire.text(wire.as_record(row, "perpDexs"), "name") for row in rows]

    def _now(self) -> datetime:
        return from_millis(self.venue_time_ms())


def _wallet(private_key: str) -> Any:
    try:
        return Wallets.from_key(private_key)
    except (ValueError, TypeError):  # the library's message holds the key
        raise NoCredentials("private key: expected 64 hexadecimal digits", code="key_malformed") from None
