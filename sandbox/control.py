"""The control API: tests and the chaos lab drive the world with it, and ask it what really happened.

All routes lie under /control, take and return JSON, and answer only on loopback. A POST must say
``Content-Type: application/json``, so that a web page elsewhere cannot send one.

* GET /control/state: clock, accounts, addresses, fault rules
* POST /control/clock: {"freeze": true} or {"freeze": "2026-11-01T12:00:00Z"}, {"release": true}, {"advance_s": 60}
* POST /control/price: {"symbol", "price", "mark"?, "hold"?} or {"symbol", "release": true}
* POST /control/book: {"venue", "symbol"} and {"bids": [[price, size]], "asks": …}, {"factor"} or {"free": true}
* POST /control/funding: {"coin", "rate"}; null frees it
* POST /control/faults: fields of a ``FaultRule``; GET lists rules and what was applied; DELETE ?number= (or all)
* GET /control/requests ?venue= &text= &after=: every request that reached a venue
* GET /control/ledger ?venue= &account= &kind= &after=: what really happened
* GET /control/account ?venue= &account=: money, positions, orders now
* POST /control/accounts: {"venue", "account"?, "name"?, "deposits"?, "margin_mode"?, "position_mode"?, "history"?, …}
* POST /control/deposit: {"venue", "account", "coin", "amount"}
* POST /control/keys: fields of a ``BybitKey``; DELETE ?api_key= forgets one
* POST /control/bybit: fields of ``BybitBehaviour``, {"ack_delay_ms"}, {"restart": true} (clears order/realtime)
* POST /control/hyperliquid: knobs of ``HyperliquidBehaviour``, "ip_weight_per_minute", "address_requests"
* POST /control/hyperliquid/accounts: {"name"?, "usdc"?, "spot_usdc"?, "abstraction"?, "history"?}, answers with keys
* POST /control/market: {"venue", "symbol"} and fields of ``Instrument`` to change, e.g. {"tradable": false}
* POST /control/listening: {"part", "listening": false} refuses connections to a part until true
* POST /control/sockets/drop: {"venue"?} cuts WebSockets
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox import admin
from sandbox.book import Level
from sandbox.engine import LedgerKind, Venue
from sandbox.faults import BadRuleError
from sandbox.hyperliquid.admin import new_account, turn_knobs
from sandbox.state import to_json
from sandbox.world import BybitBehaviour, World

if TYPE_CHECKING:
    from sandbox.server import Sandbox

LOCAL_NAMES: Final = {"127.0.0.1", "localhost"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(sandbox: Sandbox) -> web.Application:
    """The control API of a running sandbox."""
    app = web.Application(middlewares=[_guard])
    control = Control(sandbox)
    for method, path, handler in control.routes():
        app.router.add_route(method, f"/control/{path}", handler)
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Loopback names only, JSON only; a command that cannot be carried out is one sentence."""
    if (request.url.host or "") not in LOCAL_NAMES:
        return web.json_response({"error": "the control API answers on 127.0.0.1 only"}, status=403)
    if request.method == "POST" and request.content_type != "application/json":
        return web.json_response({"error": "send JSON with Content-Type: application/json"}, status=415)
    try:
        return await handler(request)
    except (admin.BadCommandError, BadRuleError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except KeyError as error:
        return web.json_response({"error": f"unknown or missing: {error.args[0]}"}, status=400)
    except (ValueError, TypeError, InvalidOperation) as error:
        return web.json_response({"error": f"cannot use this value: {error}"}, status=400)


class Control:
    """The handlers of the control API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.world: World = sandbox.world

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of every command."""
        return [
            ("GET", "state", self.state),
            ("POST", "clock", self.clock),
            ("POST", "price", self.price),
            ("POST", "book", self.book),
            ("POST", "funding", self.funding),
            ("GET", "faults", self.list_faults),
            ("POST", "faults", self.add_fault),
            ("DELETE", "faults", self.remove_faults),
            ("GET", "requests", self.requests),
            ("GET", "ledger", self.ledger),
            ("GET", "account", self.account),
            ("POST", "accounts", self.open_account),
            ("POST", "deposit", self.deposit),
            ("POST", "keys", self.add_key),
            ("DELETE", "keys", self.remove_key),
            ("POST", "bybit", self.bybit),
            ("POST", "hyperliquid", self.hyperliquid),
            ("POST", "hyperliquid/accounts", self.open_hyperliquid_account),
            ("POST", "market", self.market),
            ("POST", "listening", self.listening),
            ("POST", "sockets/drop", self.drop_sockets),
        ]

    async def state(self, request: web.Request) -> web.Response:
        """Clock, accounts, addresses, rules."""
        return web.json_response(
            {
                "now": self.world.now().isoformat(),
                "frozen": self.world.clock.frozen,
                "accounts": {venue.value: list(self.world.engine(venue).accounts) for venue in Venue},
                "urls": {name: self.sandbox.url(name) for name in self.sandbox.apps},
                "bybit": asdict(self.world.behaviour),
                "faults": [rule.to_dict() for rule in self.world.faults.rules],
            }
        )

    async def clock(self, request: web.Request) -> web.Response:
        """Stop, release or move the world's time."""
        data = await request.json()
        freeze = data.get("freeze")
        if freeze:
            self.world.clock.freeze(datetime.fromisoformat(freeze) if isinstance(freeze, str) else None)
        if data.get("advance_s"):
            await self.world.advance(float(data["advance_s"]))
        if data.get("release"):
            self.world.clock.release()
        return web.json_response({"now": self.world.now().isoformat(), "frozen": self.world.clock.frozen})

    async def price(self, request: web.Request) -> web.Response:
        """Move a price, or let it go."""
        data = await request.json()
        if data.get("release"):
            self.world.market.release_price(admin.find_market(self.world, data["symbol"]).base)
            return web.json_response({})
        mark = data.get("mark")
        admin.set_price(
            self.world,
            data["symbol"],
            Decimal(str(data["price"])),
            mark=None if mark is None else Decimal(str(mark)),
            hold=bool(data.get("hold", True)),
        )
        return web.json_response({})

    async def book(self, request: web.Request) -> web.Response:
        """Give a market another book."""
        data = await request.json()
        venue, symbol = Venue(data["venue"]), data["symbol"]
        self.world.market.instrument(venue, symbol)
        if data.get("free"):
            self.world.market.free_book(venue, symbol)
        elif "factor" in data:
            self.world.market.scale_depth(venue, symbol, Decimal(str(data["factor"])))
        else:
            bids, asks = ([_level(row) for row in data.get(side, [])] for side in ("bids", "asks"))
            self.world.market.fix_book(venue, symbol, bids=bids, asks=asks)
        self.world.step()
        return web.json_response({})

    async def funding(self, request: web.Request) -> web.Response:
        """Fix or free a coin's funding rate."""
        data = await request.json()
        rate = data.get("rate")
        self.world.market.set_funding_rate(data["coin"], None if rate is None else Decimal(str(rate)))
        return web.json_response({})

    async def list_faults(self, request: web.Request) -> web.Response:
        """Rules in force, and every fault that was applied."""
        return web.json_response(
            {
                "rules": [rule.to_dict() for rule in self.world.faults.rules],
                "applied": [asdict(fault) for fault in self.world.faults.applied],
            }
        )

    async def add_fault(self, request: web.Request) -> web.Response:
        """Put a rule into force."""
        return web.json_response(self.world.faults.add(await request.json()).to_dict())

    async def remove_faults(self, request: web.Request) -> web.Response:
        """Take a rule, or all, out of force."""
        number = request.query.get("number")
        self.world.faults.remove(None if number is None else int(number))
        return web.json_response({})

    async def requests(self, request: web.Request) -> web.Response:
        """What reached the venues."""
        query = request.query
        found = self.world.journal.find(
            venue=query.get("venue"), text=query.get("text", ""), after=int(query.get("after", "0"))
        )
        return web.json_response([record.to_dict() for record in found])

    async def ledger(self, request: web.Request) -> web.Response:
        """What really happened at a venue."""
        query = request.query
        kind = query.get("kind")
        lines = self.world.engine(Venue(query["venue"])).ledger.lines(
            account_id=query.get("account"),
            kind=None if kind is None else LedgerKind(kind),
            after=int(query.get("after", "0")),
        )
        return web.json_response([to_json(line) for line in lines])

    async def account(self, request: web.Request) -> web.Response:
        """An account now."""
        engine = self.world.engine(Venue(request.query["venue"]))
        return web.json_response(admin.account_picture(engine, request.query["account"]))

    async def open_account(self, request: web.Request) -> web.Response:
        """Open an account; at Bybit and OKX with a key."""
        data = await request.json()
        venue = Venue(data.pop("venue"))
        if venue is Venue.BYBIT:
            return web.json_response(asdict(admin.new_bybit_account(self.world, **data)))
        if venue is Venue.OKX:
            return web.json_response(to_json(self.sandbox.new_okx_account(**data)))
        account_id = data.pop("account").lower()
        admin.open_account(self.world.engine(venue), account_id, **data)
        return web.json_response({"account": account_id})

    async def deposit(self, request: web.Request) -> web.Response:
        """Add or take out money."""
        data = await request.json()
        self.world.engine(Venue(data["venue"])).deposit(data["account"], data["coin"], Decimal(str(data["amount"])))
        return web.json_response({})

    async def add_key(self, request: web.Request) -> web.Response:
        """Register a Bybit key."""
        return web.json_response({"api_key": admin.add_key(self.world, await request.json()).api_key})

    async def remove_key(self, request: web.Request) -> web.Response:
        """Forget a Bybit key."""
        self.world.keys.remove(request.query["api_key"])
        return web.json_response({})

    async def bybit(self, request: web.Request) -> web.Response:
        """Turn the knobs of the simulated Bybit."""
        data = await request.json()
        if data.pop("restart", False):
            data["realtime_cleared_ms"] = self.world.clock.now_ms()
        if "ack_delay_ms" in data:
            self.world.bybit.core.ack_delay_ms = int(data.pop("ack_delay_ms"))
        known = {field.name for field in fields(BybitBehaviour)}
        for name, value in data.items():
            if name not in known:
                raise admin.BadCommandError(f"unknown knob {name}: use {', '.join(sorted(known))}")
            setattr(self.world.behaviour, name, value)
        return web.json_response(asdict(self.world.behaviour))

    async def hyperliquid(self, request: web.Request) -> web.Response:
        """Turn the knobs of the simulated HyperLiquid."""
        return web.json_response(turn_knobs(self.sandbox.hyperliquid, await request.json()))

    async def open_hyperliquid_account(self, request: web.Request) -> web.Response:
        """Open a HyperLiquid account with a master key and an agent's."""
        return web.json_response(asdict(new_account(self.sandbox.hyperliquid, **await request.json())))

    async def market(self, request: web.Request) -> web.Response:
        """Change a listed market."""
        data = await request.json()
        old = self.world.market.instrument(Venue(data.pop("venue")), data.pop("symbol"))
        changes: dict[str, Any] = {
            name: Decimal(str(value)) if isinstance(getattr(old, name), Decimal) else value
            for name, value in data.items()
        }
        self.world.market.replace_instrument(replace(old, **changes))
        return web.json_response({})

    async def listening(self, request: web.Request) -> web.Response:
        """Open or close a part's port."""
        data = await request.json()
        if data["listening"]:
            await self.sandbox.listen(data["part"])
        else:
            await self.sandbox.refuse(data["part"])
        return web.json_response({})

    async def drop_sockets(self, request: web.Request) -> web.Response:
        """Cut WebSockets."""
        data = await request.json()
        return web.json_response({"closed": await self.world.drop_sockets(data.get("venue"))})


def _level(row: Any) -> Level:
    price, size = row
    return Level(Decimal(str(price)), Decimal(str(size)))
