"""What is somebody else's stays unseen and untouched, whichever of its ids is named in whichever place."""

from typing import Any

from db import Role
from tests.webapp.rig import STRANGER, Person, Rig
from webapp.document import operations

KEY = "a-key-of-the-owner"
NOTE = "a-note-of-the-owner"
DEEDS: dict[str, dict[str, Any]] = {
    "order": {"symbol": "BTC", "side": "buy", "size": {"amount": "100", "unit": "notional"}},
    "close": {"symbol": "BTCUSDT", "side": "long"},
    "close-all": {},
    "leverage": {"symbol": "BTCUSDT", "leverage": "5"},
    "tpsl": {"symbol": "BTCUSDT", "side": "long", "stop_loss": "40000"},
    "cancel-all": {},
}
APART = ("/api/auth/", "/api/stream", "/healthz", "/readyz")
"""Doors, the stream (a person's own by its session alone), and what is nobody's."""


async def connected(rig: Rig) -> Person:
    """Return a second trader, with an account of their own and nothing in it."""
    person = await rig.login(STRANGER, role=Role.TRADER)
    account = rig.sandbox.new_bybit_account("somebody-else", permissions={"ContractTrade": ["Order", "Position"]})
    values = {"api_key": account.api_key, "api_secret": account.secret}
    await person.done("/api/keys", {"exchange": "bybit", "account_type": "paper", "values": values})
    return person


async def picture(person: Person) -> Any:
    """Return what somebody has, without what moves by itself."""
    positions, orders = await person.data("/api/trading/positions"), await person.data("/api/trading/orders")
    names = ("symbol", "side", "size", "stop_loss", "take_profit", "leverage")
    return (
        [[row[name] for name in names] for row in positions],
        sorted(row["order_id"] for row in orders),
        await person.data("/api/alerts"),
        await person.data("/api/settings"),
        await person.data("/api/accounts"),
        await person.data("/api/me"),
    )


async def rested(owner: Person) -> dict[str, Any]:
    """Place an order that waits, and return it as it is open."""
    price = (await owner.data("/api/trading/ticker", symbol="BTCUSDT"))["last_price"]
    ticket = {**DEEDS["order"], "price": str(int(float(price) * 0.8))}
    preview = await owner.done("/api/trading/order/preview", ticket)
    await owner.done("/api/trading/order", {"confirm": preview["confirm"]}, key=KEY)
    waiting: list[dict[str, Any]] = await owner.data("/api/trading/orders")
    return next(row for row in waiting if row["order_type"] == "limit")


class Theirs:
    """The ids of what somebody has, put wherever a route takes an id."""

    def __init__(self, order_id: str, alert: int, tokens: dict[str, str]) -> None:
        self.order_id, self.alert, self.tokens = order_id, alert, tokens

    def body(self, path: str, row: dict[str, Any]) -> Any:
        """Return a route's body as the document shows it, with the ids in their places."""
        if "requestBody" not in row:
            return None
        shown = row["requestBody"]["content"]["application/json"]["example"]
        ids = {"order_id": self.order_id, "confirm": self.tokens.get(path, next(iter(self.tokens.values())))}
        return {**shown, **{name: value for name, value in ids.items() if name in shown}}

    def place(self, path: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return a route's address with the ids in their places, and its query."""
        parts = [part for part in row.get("parameters", ()) if part["required"]]
        shown = {part["name"]: part["schema"]["examples"][0] for part in parts}
        ids = {"key": KEY, "number": self.alert} if not path.startswith("/api/settings") else {}
        asked = {part["name"]: shown[part["name"]] for part in parts if part["in"] == "query"}
        return path.format(**{**shown, **ids}), asked


async def test_w10_every_route_with_the_ids_of_somebody_else_tells_nothing_and_changes_nothing(
    rig: Rig, owner: Person
) -> None:
    other = await connected(rig)
    order = await rested(owner)
    wish = {"symbol": "BTCUSDT", "direction": "above", "price": "200000", "note": NOTE}
    alert = (await owner.done("/api/alerts", wish))["id"]
    tokens = {
        f"/api/trading/{deed}": (await owner.done(f"/api/trading/{deed}/preview", body))["confirm"]
        for deed, body in DEEDS.items()
    }
    theirs, before = Theirs(order["order_id"], alert, tokens), await picture(owner)
    marks = {order["order_id"], order["client_order_id"], NOTE, *tokens.values()}
    rows = [row for row in operations(rig.app.inside.openapi()) if not row[1].startswith(APART)]
    for role in (Role.TRADER, Role.VIEWER):
        await rig.runtime.store.users.set_role(STRANGER, role)
        for method, path, row in sorted(rows, key=lambda row: row[0] == "DELETE"):
            address, query = theirs.place(path, row)
            headers = {"Authorization": f"Bearer {other.token}", "Idempotency-Key": KEY}
            body = theirs.body(path, row)
            answer = await other.http.request(method, address, params=query, json=body, headers=headers)
            assert answer.status_code < 500, (role, method, path, answer.text)
            sent = f"{address} {body}"  # an id may be named back to who named it, and nothing else
            assert not [mark for mark in marks if mark in answer.text and mark not in sent], (role, method, path)
            if body and not body.keys().isdisjoint({"order_id", "confirm"}):
                assert answer.status_code in {403, 404}, (role, method, path, answer.text)
    assert await picture(owner) == before
    await owner.done("/api/trading/cancel-all", {"confirm": tokens["/api/trading/cancel-all"]})
