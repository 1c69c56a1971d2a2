"""Money, positions, settings, fees, results, funding.

https://www.okx.com/docs-v5/en/#trading-account
"""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.engine import ZERO, Fill, Order, PositionIdx, PositionMode, PositionView, Reason, RefusedError
from sandbox.okx.shapes import LEGS, LEVELS, algo_id, fill_row
from sandbox.okx.wire import SWAP, ApiError, Call, Json, contracts, page, price, refusal, text
from sandbox.words import FillKind

_MODES = {"net_mode": PositionMode.ONE_WAY, "long_short_mode": PositionMode.HEDGE}
_FUTURES_MODE = "2"  # every settlement coin stands for itself


def config(call: Call) -> list[Json]:
    """How the account is set up, and what the key may do."""
    account = call.engine.accounts[call.account_id]
    key = call.key
    words = {mode: word for word, mode in _MODES.items()}
    return [
        {
            "uid": call.account_id,
            "mainUid": call.account_id,
            "acctLv": _FUTURES_MODE,
            "posMode": words[account.position_mode],
            "perm": ",".join(key.permissions) if key else "",
            "ip": ",".join(key.ips) if key else "",
            "label": "sandbox",
        }
    ]


def balance(call: Call) -> list[Json]:
    """The trading account's money, coin by coin."""
    view = call.engine.account_view(call.account_id)
    details = []
    for coin in view.coins:
        used = coin.position_margin + coin.order_margin
        details.append(
            {
                "ccy": coin.coin,
                "eq": text(coin.equity),
                "eqUsd": text(coin.equity),
                "cashBal": text(coin.wallet),
                "availBal": text(coin.equity - used),
                "availEq": text(coin.equity - used),
                "frozenBal": text(used),
                "ordFrozen": text(coin.order_margin),
                "upl": text(coin.unrealised),
                "imr": text(used),
                "mmr": text(coin.position_maintenance),
                "liab": "",
                "uTime": str(view.time_ms),
            }
        )
    row = {"totalEq": text(view.equity), "availEq": "", "imr": "", "mmr": "", "upl": "", "details": details}
    return [{**row, "uTime": str(view.time_ms)}]


def positions(call: Call) -> list[Json]:
    """Open positions."""
    views = call.engine.positions(call.account_id)
    return [position_row(call, view) for view in views if call.wants(view.position.symbol)]


def position_row(call: Call, view: PositionView) -> Json:
    """A position, flat ones included."""
    position = view.position
    market = call.engine.instruments[position.symbol]
    held = position.size if position.idx is PositionIdx.ONE_WAY else abs(position.size)
    whole = [order for order in (view.take_profit, view.stop_loss) if order is not None]
    return {
        "instType": SWAP,
        "instId": position.symbol,
        "mgnMode": "cross",
        "posId": str(position.opened_ms),
        "posSide": LEGS[position.idx],
        "pos": contracts(market, held),
        "avgPx": text(position.average_price),
        "markPx": price(market, view.mark_price),
        "upl": text(view.unrealised),
        "realizedPnl": text(position.realised),
        "fundingFee": text(position.funding),
        "lever": text(view.leverage),
        "liqPx": price(market, view.liquidation_price),
        "imr": text(view.initial_margin),
        "mmr": text(view.maintenance_margin),
        "margin": "",
        "notionalUsd": text(view.value),
        "ccy": market.settle,
        "closeOrderAlgo": [_closer(order) for order in whole],
        "cTime": str(position.opened_ms),
        "uTime": str(position.updated_ms),
    }


def _closer(order: Order) -> Json:
    trigger = text(order.trigger.price) if order.trigger else ""
    return {"algoId": algo_id(order), "closeFraction": "1", f"{LEVELS[order.spec.stop]}TriggerPx": trigger}


def set_leverage(call: Call) -> list[Json]:
    """Set a market's leverage."""
    market, leverage = call.instrument(), call.positive("lever")
    try:
        call.engine.set_leverage(call.account_id, market.symbol, leverage)
    except RefusedError as error:
        if error.reason is not Reason.NOT_MODIFIED:
            raise refusal(error) from None
    return [{"instId": market.symbol, "mgnMode": "cross", "posSide": "", "lever": text(leverage)}]


def leverage_info(call: Call) -> list[Json]:
    """A market's leverage."""
    market = call.instrument()
    lever = text(call.engine.leverage(call.account_id, market.symbol))
    return [{"instId": market.symbol, "mgnMode": "cross", "posSide": "net", "lever": lever}]


def set_position_mode(call: Call) -> list[Json]:
    """One net position of a market, or a long and a short beside each other; for the whole account."""
    mode = _MODES.get(call.needed("posMode"))
    if mode is None:
        raise ApiError("51000", "Parameter posMode error")
    try:
        call.engine.set_position_mode(call.account_id, mode)
    except RefusedError as error:
        if error.reason is not Reason.NOT_MODIFIED:
            raise refusal(error) from None
    return [{"posMode": call.text("posMode")}]


def trade_fee(call: Call) -> list[Json]:
    """The account's fees; what is paid is negative."""
    maker, taker = text(-call.engine.maker_rate), text(-call.engine.taker_rate)
    group = {"groupId": "2", "maker": maker, "taker": taker}
    return [{"instType": SWAP, "level": "Lv1", "makerU": maker, "takerU": taker, "feeGroup": [group]}]


def fills(call: Call) -> list[Json]:
    """Executions, newest first."""
    found = [fill for fill in call.engine.fills(call.account_id) if call.wants(fill.symbol)]
    found = page(call, found, cursor=lambda fill: str(fill.number), moment=lambda fill: fill.time_ms)
    return [fill_row(call.engine, fill) for fill in found]


def bills(call: Call) -> list[Json]:
    """What moved money: only funding is told here."""
    if call.text("type") not in {"", "8"}:
        return []
    paid = [payment for payment in call.engine.fundings(call.account_id) if call.wants(payment.symbol)]
    paid = page(call, paid, cursor=lambda payment: str(payment.number), moment=lambda payment: payment.time_ms)
    return [
        {
            "billId": str(payment.number),
            "instType": SWAP,
            "instId": payment.symbol,
            "type": "8",
            "subType": "174" if payment.amount > 0 else "173",
            "ccy": payment.coin,
            "pnl": text(payment.amount),
            "balChg": text(payment.amount),
            "sz": contracts(call.engine.instruments[payment.symbol], abs(payment.size)),
            "ts": str(payment.time_ms),
        }
        for payment in paid
    ]


@dataclass(slots=True, kw_only=True)
class _Life:
    """A position from its opening on, as its executions tell it."""

    first: Fill
    fills: list[Fill] = field(default_factory=list)

    def total(self, *, closing: bool) -> tuple[Decimal, Decimal]:
        """The size and the value of what was opened, or closed."""
        sizes = [(fill.closed_size if closing else fill.size - fill.closed_size, fill.price) for fill in self.fills]
        return sum((size for size, _ in sizes), ZERO), sum((size * at for size, at in sizes), ZERO)


def positions_history(call: Call) -> list[Json]:
    """Positions that were closed, wholly or so far, newest first."""
    lives: dict[tuple[str, PositionIdx], _Life] = {}
    rows: list[Json] = []
    for fill in reversed(call.engine.fills(call.account_id)):
        key = (fill.symbol, fill.position_idx)
        life = lives.setdefault(key, _Life(first=fill))
        life.fills.append(fill)
        after = fill.position_before + fill.side.sign * fill.size
        if fill.closed_size and not after:
            rows.append(_history_row(call, lives.pop(key)))
    wanted = [row for row in reversed(rows) if call.wants(row["instId"])]
    before = call.text("after")
    older = [row for row in wanted if not before or int(row["uTime"]) < int(before)]
    return older[: int(call.text("limit") or 100)]


def _history_row(call: Call, life: _Life) -> Json:
    first, last = life.first, life.fills[-1]
    market = call.engine.instruments[first.symbol]
    opened, cost = life.total(closing=False)
    closed, proceeds = life.total(closing=True)
    pnl = sum((fill.realised_pnl for fill in life.fills), ZERO)
    fee = -sum((fill.fee for fill in life.fills), ZERO)
    funding = sum(
        (
            payment.amount
            for payment in call.engine.fundings(call.account_id)
            if (payment.symbol, payment.idx) == (first.symbol, first.position_idx)
            and first.time_ms <= payment.time_ms <= last.time_ms
        ),
        ZERO,
    )
    return {
        "instType": SWAP,
        "instId": first.symbol,
        "mgnMode": "cross",
        "type": "3" if last.kind is FillKind.LIQUIDATION else "2",
        "posId": str(first.time_ms),
        "posSide": LEGS[first.position_idx],
        "direction": "long" if first.side.sign > 0 else "short",
        "openAvgPx": text(cost / opened if opened else None),
        "closeAvgPx": text(proceeds / closed if closed else None),
        "closeTotalPos": contracts(market, closed),
        "openMaxPos": contracts(market, opened),
        "pnl": text(pnl),
        "fee": text(fee),
        "fundingFee": text(funding),
        "realizedPnl": text(pnl + fee + funding),
        "lever": text(call.engine.leverage(call.account_id, first.symbol)),
        "cTime": str(first.time_ms),
        "uTime": str(last.time_ms),
    }
