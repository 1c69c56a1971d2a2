"""Claiming: the one transaction after which a request may leave, and without which it may not.

It checks that the same cause did not act before, that nothing stands in the way, takes the nonce, lets the request be
signed, and stores what exactly is about to be sent. The caller sends only after this is on the disk.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.account import Account
from models.errors import BadOrder, LimitExceeded, NotSent
from models.requests import SignedRequest
from models.values import jsonable, plain
from storage.accounts import ensure_account
from storage.inbox import finish_update
from storage.legs import Effect, Leg, LegSpec, LegState, Route, find_legs
from storage.trading import TradingState, restriction_on
from storage.writer import Transaction

Sign = Callable[[int | None], SignedRequest]
"""Signs with the nonce that the journal allocated, without any I/O."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request that wants to be sent."""

    account: Account
    cause: str
    request_hash: str
    action_kind: str
    action: str
    legs: tuple[LegSpec, ...]
    effect: Effect
    route: Route
    signer: str
    needs_nonce: bool
    reply: Mapping[str, Any] | None = None
    retry_of: int | None = None
    update: tuple[int, int] | None = None
    """Bot and number of the Telegram update that caused it; it is done once this is claimed."""
    expires_ms: int | None = None
    """A claim that had to wait longer is not worth sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The request is ours to send, once."""

    account_id: int
    leg_ids: tuple[int, ...]
    attempt_no: int
    request: SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The same cause acted before; this is what became of it."""

    legs: tuple[Leg, ...]


def claim(
    tx: Transaction, wish: Claim, sign: Sign, *, epoch: int, now_ms: int, account_id: int | None = None
) -> Claimed | Recorded:
    """Claim a request, or return what its cause did before.

    Raises:
        NotSent: The cause stands for another request (`cause_conflict`), or it waited too long (`expired`).
        LimitExceeded: Trading is restricted, or an order on the same market is unresolved (`unresolved_order`).
    """
    if wish.expires_ms is not None and now_ms > wish.expires_ms:
        raise NotSent("it waited too long to be sent; try again", code="expired")
    account_id = account_id or ensure_account(tx, wish.account, now_ms)
    intent_id = _insert_intent(tx, wish, account_id, now_ms)  # what is refused below is undone with the savepoint
    if intent_id is None:
        return _again(tx, wish, sign, epoch=epoch, now_ms=now_ms)
    _refuse_obstructed(tx, wish, account_id)
    request = _signed(tx, wish, sign, now_ms)
    leg_ids = tuple(_insert_leg(tx, wish, intent_id, account_id, n, now_ms) for n in range(len(wish.legs)))
    for leg_id in leg_ids:
        insert_attempt(tx, leg_id, 1, request, wish, epoch=epoch, now_ms=now_ms)
    if wish.update is not None:
        finish_update(tx, *wish.update)
    return Claimed(account_id=account_id, leg_ids=leg_ids, attempt_no=1, request=request)


def insert_attempt(
    tx: Transaction, leg_id: int, no: int, request: SignedRequest, wish: Claim, *, epoch: int, now_ms: int
) -> None:
    """Store what is about to be sent."""
    sql = (
        "INSERT INTO attempts(leg_id,no,purpose,epoch,sender,signer,nonce,timestamp_ms,fence_ms,body_sha256,"
        "claimed_ms) VALUES(?,?,'send',?,?,?,?,?,?,?,?)"
    )
    stamp = request.stamp
    row = (leg_id, no, epoch, wish.route.value, wish.signer, stamp.nonce, stamp.timestamp_ms, stamp.fence_ms)
    tx.sql.execute(sql, (*row, request.sha256, now_ms))


def insert_event(
    tx: Transaction, leg_id: int, before: str | None, after: str, evidence: str, *, epoch: int | None, now_ms: int
) -> None:
    """Store one step of a leg's life."""
    sql = "INSERT INTO leg_events(leg_id,at_ms,epoch,from_state,to_state,evidence) VALUES(?,?,?,?,?,?)"
    tx.sql.execute(sql, (leg_id, now_ms, epoch, before, after, evidence))


def next_nonce(tx: Transaction, signer: str, now_ms: int) -> int:
    """Return a nonce that this signer never used: the clock, or one more than the last."""
    sql = (
        "INSERT INTO nonces VALUES(?,?) ON CONFLICT(signer) DO UPDATE SET last=max(excluded.last,last+1) RETURNING last"
    )
    return int(tx.sql.execute(sql, (signer, now_ms)).fetchone()[0])


def _again(tx: Transaction, wish: Claim, sign: Sign, *, epoch: int, now_ms: int) -> Claimed | Recorded:
    """The same cause with the same body: take up what never left, else tell what became of it."""
    sql = "SELECT id,request_hash FROM intents WHERE cause=?"
    intent_id, request_hash = tx.sql.execute(sql, (wish.cause,)).fetchone()
    if request_hash != wish.request_hash:
        raise NotSent("the same cause already asked for something else", code="cause_conflict")
    if wish.update is not None:
        finish_update(tx, *wish.update)
    legs = find_legs(tx.sql, "l.intent_id=? ORDER BY l.n", (intent_id,))
    if any(leg.state is not LegState.PREPARED for leg in legs):
        return Recorded(legs=tuple(legs))
    return reclaim(tx, wish, tuple(leg.id for leg in legs), sign, epoch=epoch, now_ms=now_ms)


def reclaim(
    tx: Transaction, wish: Claim, leg_ids: tuple[int, ...], sign: Sign, *, epoch: int, now_ms: int
) -> Claimed | Recorded:
    """Claim legs that provably never left, under their own ids; whoever comes second is told what is recorded."""
    for leg_id in leg_ids:
        sql = "UPDATE legs SET state='SENDING', updated_ms=? WHERE id=? AND state='PREPARED'"
        if tx.sql.execute(sql, (now_ms, leg_id)).rowcount != 1:
            return Recorded(legs=tuple(find_legs(tx.sql, "l.id=?", (leg_id,))))
    account_id = ensure_account(tx, wish.account, now_ms)
    _refuse_obstructed(tx, wish, account_id, but=leg_ids)
    request = _signed(tx, wish, sign, now_ms)
    no = tx.sql.execute("SELECT max(no)+1 FROM attempts WHERE leg_id=?", (leg_ids[0],)).fetchone()[0]
    for leg_id in leg_ids:
        insert_attempt(tx, leg_id, no, request, wish, epoch=epoch, now_ms=now_ms)
        insert_event(tx, leg_id, LegState.PREPARED, LegState.SENDING, "claimed again", epoch=epoch, now_ms=now_ms)
    return Claimed(account_id=account_id, leg_ids=leg_ids, attempt_no=no, request=request)


def _refuse_obstructed(tx: Transaction, wish: Claim, account_id: int, but: tuple[int, ...] = ()) -> None:
    """Refuse what a restriction forbids, and to open on a market while it is not known what is open there."""
    if wish.effect not in {Effect.OPENS, Effect.SETS}:
        return
    if tx.sql.execute("SELECT 1 FROM trading_states LIMIT 1").fetchone() is not None:
        _refuse_restricted(tx, wish)
    if wish.effect is Effect.OPENS:
        _refuse_unresolved(tx, wish, account_id, but)


def _refuse_restricted(tx: Transaction, wish: Claim) -> None:
    restriction = restriction_on(tx, wish.account)
    if restriction is None or (wish.effect is Effect.SETS and restriction.state is TradingState.REDUCING):
        return
    raise restriction.refusal()


def _refuse_unresolved(tx: Transaction, wish: Claim, account_id: int, but: tuple[int, ...]) -> None:
    sql = "SELECT id FROM legs WHERE account_id=? AND symbol IN(?,'') AND state IN('SENDING','UNKNOWN')"
    for symbol in {leg.symbol for leg in wish.legs}:
        found = next((row[0] for row in tx.sql.execute(sql, (account_id, symbol)) if row[0] not in but), None)
        if found is not None:
            raise LimitExceeded(
                f"{symbol}: still checking order A{found}; nothing was sent",
                code="unresolved_order",
                reference=f"A{found}",
                symbol=symbol,
            )


def _signed(tx: Transaction, wish: Claim, sign: Sign, now_ms: int) -> SignedRequest:
    return sign(next_nonce(tx, wish.signer, now_ms) if wish.needs_nonce else None)


def _insert_intent(tx: Transaction, wish: Claim, account_id: int, now_ms: int) -> int | None:
    """Insert the intent; None when its cause is known already."""
    sql = (
        "INSERT INTO intents(account_id,symbol,cause,request_hash,kind,action,reply,retry_of,created_ms) "
        "VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(cause) DO NOTHING RETURNING id"
    )
    reply = None if wish.reply is None else json.dumps(jsonable(wish.reply))
    symbols = {leg.symbol for leg in wish.legs}
    symbol = symbols.pop() if len(symbols) == 1 else ""
    row = (account_id, symbol, wish.cause, wish.request_hash, wish.action_kind, wish.action, reply)
    inserted = tx.sql.execute(sql, (*row, wish.retry_of, now_ms)).fetchone()
    return None if inserted is None else int(inserted[0])


def _insert_leg(tx: Transaction, wish: Claim, intent_id: int, account_id: int, n: int, now_ms: int) -> int:
    leg = wish.legs[n]
    sql = (
        "INSERT INTO legs(intent_id,n,account_id,exchange,symbol,kind,part,client_order_id,side,size,state,"
        "created_ms,updated_ms) VALUES(?,?,?,?,?,?,?,?,?,?,'SENDING',?,?) RETURNING id"
    )
    identity = (intent_id, n, account_id, wish.account.exchange, leg.symbol, leg.kind.value, leg.part)
    size = None if leg.size is None else plain(leg.size)
    side = None if leg.side is None else leg.side.value
    row = (*identity, leg.client_order_id, side, size, now_ms, now_ms)
    try:
        return int(tx.sql.execute(sql, row).fetchone()[0])
    except sqlite3.IntegrityError as e:
        raise BadOrder("its client order id belongs to another order", code="client_order_id_used") from e
