"""The order journal: written before anything is sent, and never rewritten."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text

from models.account import Account
from models.requests import Ack, AckKind, SignedRequest
from models.values import Value, plain
from storage.accounts import ensure_account
from storage.claims import Claim, Claimed, Recorded, Sign, claim, insert_event, reclaim
from storage.legs import LEG_QUERY, Leg, LegEvent, LegSpec, LegState, LegUpdate, find_legs, read_leg, updated
from storage.outbox import Message, enqueue
from storage.processes import Job, require_lease
from storage.reader import Reader
from storage.repository import NowMs, Repository
from storage.schema import LEG_EVENTS, LEGS
from storage.writer import Transaction, Writer

Decide = Callable[[Leg], LegUpdate | None]
"""What a piece of evidence makes of the leg as it stands in this transaction; None: nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Value):
    """A change that was written."""

    before: Leg
    after: Leg
    evidence: str


Announce = Callable[[Step], Message | None]
"""The message that tells a person of a change, stored with it; None: nobody needs to hear."""


class Journal(Repository):
    """Claims, outcomes, and what is still open."""

    _epoch = 0

    def __init__(self, reader: Reader, writer: Writer, now_ms: NowMs) -> None:
        super().__init__(reader, writer, now_ms)
        self._account_ids: dict[Account, int] = {}

    def begin_epoch(self, epoch: int) -> None:
        """Write as this start of this process from now on."""
        self._epoch = epoch

    async def claim(self, wish: Claim, sign: Sign) -> Claimed | Recorded:
        """Claim a request; see `storage.claims.claim`. When this returns `Claimed`, it is on the disk."""
        known = self._account_ids.get(wish.account)
        claimed = await self._writer.run(
            lambda tx: claim(tx, wish, sign, epoch=self._epoch, now_ms=self._now_ms(), account_id=known)
        )
        if known is None and isinstance(claimed, Claimed):  # only now it is certain that the row stayed
            self._account_ids[wish.account] = claimed.account_id
        return claimed

    async def reclaim(self, wish: Claim, leg_ids: tuple[int, ...], sign: Sign) -> Claimed | Recorded:
        """Claim legs again that provably never left."""
        return await self._writer.run(
            lambda tx: reclaim(tx, wish, leg_ids, sign, epoch=self._epoch, now_ms=self._now_ms())
        )

    async def answer(
        self, updates: Sequence[tuple[int, Ack, Decide]], attempt_no: int, announce: Announce | None = None
    ) -> list[Leg]:
        """Write what an attempt's answer proves about each of its legs, all or none; return the legs.

        That an attempt never left says nothing about a later one, which may be on its way.
        """
        now = self._now_ms()

        def job(tx: Transaction) -> list[Leg]:
            legs = []
            for leg_id, ack, decide in updates:
                _note_answer(tx, leg_id, attempt_no, ack, now)
                before = _read(tx, leg_id)
                is_outdated = ack.kind is AckKind.NOT_SENT and _latest_attempt(tx, leg_id) != attempt_no
                step = None if is_outdated else self._apply(tx, before, decide, announce, now)
                legs.append(before if step is None else step.after)
            return legs

        return await self._writer.run(job)

    async def update(
        self, leg_id: int, decide: Decide, *, announce: Announce | None = None, lease: Job | None = None
    ) -> Step | None:
        """Write what a piece of evidence proves; return the change, or None when it proves nothing new.

        Raises:
            StaleLease: Another process does this job now.
        """
        now = self._now_ms()

        def job(tx: Transaction) -> Step | None:
            if lease is not None:
                require_lease(tx, lease, self._epoch)
            return self._apply(tx, _read(tx, leg_id), decide, announce, now)

        return await self._writer.run(job)

    async def add_noop(self, leg: Leg, request: SignedRequest) -> int | None:
        """Store that a leg's nonce is about to be spent on nothing; return the attempt's number.

        None: somebody found out meanwhile, and nothing is to be sent.
        """
        now, stamp = self._now_ms(), request.stamp
        sql = (
            "INSERT INTO attempts(leg_id,no,purpose,epoch,sender,signer,nonce,timestamp_ms,fence_ms,body_sha256,"
            "claimed_ms) SELECT ?1,max(a.no)+1,'noop',?2,?3,?4,?5,?6,?7,?8,?9 FROM attempts a JOIN legs l "
            "ON l.id=a.leg_id WHERE l.id=?1 AND l.state='UNKNOWN' GROUP BY l.id RETURNING no"
        )
        route = leg.route.value if leg.route else "unified"
        head = (leg.id, self._epoch, route, leg.signer or "", stamp.nonce, stamp.timestamp_ms, stamp.fence_ms)
        row = await self._writer.run(lambda tx: tx.sql.execute(sql, (*head, request.sha256, now)).fetchone())
        return None if row is None else int(row[0])

    async def note_answer(self, leg_id: int, attempt_no: int, ack: Ack) -> None:
        """Store the answer to an attempt without drawing a conclusion from it."""
        now = self._now_ms()
        await self._writer.run(lambda tx: _note_answer(tx, leg_id, attempt_no, ack, now))

    async def orphan(self, epochs: Iterable[int], *, older_than_ms: int) -> list[int]:
        """Make `UNKNOWN` of whatever a dead process, or one stuck for too long, was sending; return the legs."""
        now, dead = self._now_ms(), set(epochs)
        update = LegUpdate(state=LegState.UNKNOWN, evidence="the process that was sending is gone")

        def job(tx: Transaction) -> list[int]:
            legs = find_legs(tx.sql, "l.state='SENDING'", ())
            lost = [leg for leg in legs if leg.epoch in dead or (leg.claimed_ms or 0) < older_than_ms]
            for leg in lost:
                self._apply(tx, leg, lambda _: update, None, now)
            return [leg.id for leg in lost]

        return await self._writer.run(job)

    async def expire(self, *, older_than_ms: int, announce: Announce | None = None) -> list[Step]:
        """Refuse what was prepared, never left, and is too old to be wanted."""
        now = self._now_ms()
        refused = LegUpdate(state=LegState.REJECTED, evidence="it never left and is too old", code="expired")

        def job(tx: Transaction) -> list[Step]:
            legs = find_legs(tx.sql, "l.state='PREPARED' AND l.updated_ms<?", (older_than_ms,))
            steps = (self._apply(tx, leg, lambda _: refused, announce, now) for leg in legs)
            return [step for step in steps if step is not None]

        return await self._writer.run(job)

    async def adopt(
        self, account: Account, spec: LegSpec, decide: Decide, *, action_kind: str, action: str
    ) -> int | None:
        """Take in an order of ours that the journal does not know; return its leg, or None when it is known."""
        now = self._now_ms()
        cause = f"adopted:{account.exchange}:{spec.client_order_id}"

        def job(tx: Transaction) -> int | None:
            sql = "SELECT 1 FROM legs WHERE exchange=? AND client_order_id=?"
            if tx.sql.execute(sql, (account.exchange, spec.client_order_id)).fetchone() is not None:
                return None
            account_id = ensure_account(tx, account, now)
            sql = (
                "INSERT INTO intents(account_id,symbol,cause,request_hash,kind,action,is_adopted,created_ms) "
                "VALUES(?,?,?,'',?,?,1,?) RETURNING id"
            )
            row = (account_id, spec.symbol, cause, action_kind, action, now)
            intent_id = tx.sql.execute(sql, row).fetchone()[0]
            sql = (
                "INSERT INTO legs(intent_id,n,account_id,exchange,symbol,kind,part,client_order_id,side,size,state,"
                "created_ms,updated_ms) VALUES(?,0,?,?,?,?,?,?,?,?,'ACKED',?,?) RETURNING id"
            )
            side = None if spec.side is None else spec.side.value
            size = None if spec.size is None else plain(spec.size)
            identity = (intent_id, account_id, account.exchange, spec.symbol, spec.kind.value, spec.part)
            leg_id = int(tx.sql.execute(sql, (*identity, spec.client_order_id, side, size, now, now)).fetchone()[0])
            insert_event(tx, leg_id, None, LegState.ACKED, "adopted", epoch=self._epoch, now_ms=now)
            self._apply(tx, _read(tx, leg_id), decide, None, now)
            return leg_id

        return await self._writer.run(job)

    async def leg(self, leg_id: int) -> Leg | None:
        """Return one leg."""
        return next(iter(await self._find("l.id=:id", id=leg_id)), None)

    async def of_cause(self, cause: str) -> list[Leg]:
        """Return the legs that a cause made, in order."""
        return await self._find("i.cause=:cause ORDER BY l.n", cause=cause)

    async def by_client_order_id(self, exchange: str, client_order_id: str) -> Leg | None:
        """Return the leg with one of our ids."""
        where = "l.exchange=:exchange AND l.client_order_id=:client_order_id"
        return next(iter(await self._find(where, exchange=exchange, client_order_id=client_order_id)), None)

    async def unresolved(self) -> list[Leg]:
        """Return every leg whose outcome is not known, oldest first."""
        return await self._find("l.state IN('SENDING','UNKNOWN') ORDER BY l.id")

    async def in_state(self, *states: LegState, account: Account | None = None) -> list[Leg]:
        """Return the legs in any of some states, oldest first."""
        names = ",".join(f"'{state.value}'" for state in states)
        if account is None:
            return await self._find(f"l.state IN({names}) ORDER BY l.id")
        where = f"l.state IN({names}) AND a.user_id=:user AND a.exchange=:exchange AND a.account_type=:type"
        keys = {"user": account.user_id, "exchange": account.exchange, "type": account.account_type.value}
        return await self._find(f"{where} ORDER BY l.id", **keys)

    async def recent(self, user_id: int, limit: int = 50) -> list[Leg]:
        """Return a person's latest legs, newest first."""
        return await self._find("a.user_id=:user ORDER BY l.id DESC LIMIT :limit", user=user_id, limit=limit)

    async def of_market(self, account: Account, symbol: str, limit: int = 50) -> list[Leg]:
        """Return an account's latest legs in a market, newest first."""
        where = "a.user_id=:user AND a.exchange=:exchange AND a.account_type=:type AND l.symbol=:symbol"
        keys = {"user": account.user_id, "exchange": account.exchange, "type": account.account_type.value}
        return await self._find(f"{where} ORDER BY l.id DESC LIMIT :limit", symbol=symbol, limit=limit, **keys)

    async def events(self, leg_id: int) -> list[LegEvent]:
        """Return what became of a leg after its first claim, oldest first."""
        rows = await self._reader.all(select(LEG_EVENTS).where(LEG_EVENTS.c.leg_id == leg_id).order_by(LEG_EVENTS.c.id))
        return [
            LegEvent(
                id=row.id,
                leg_id=row.leg_id,
                at_ms=row.at_ms,
                epoch=row.epoch,
                from_state=None if row.from_state is None else LegState(row.from_state),
                to_state=LegState(row.to_state),
                evidence=row.evidence,
            )
            for row in rows
        ]

    async def high_water(self) -> int:
        """Return how much was ever written, by which a restored backup is recognised."""
        events = select(func.coalesce(func.max(LEG_EVENTS.c.id), 0)).scalar_subquery()
        legs = select(func.coalesce(func.max(LEGS.c.id), 0)).scalar_subquery()
        return int(await self._reader.value(select(events + legs)))

    async def knows(self, exchange: str, client_order_ids: Sequence[str]) -> set[str]:
        """Return which of these ids have a leg."""
        query = select(LEGS.c.client_order_id).where(
            LEGS.c.exchange == exchange, LEGS.c.client_order_id.in_(client_order_ids)
        )
        return {row[0] for row in await self._reader.all(query)}

    async def _find(self, where: str, **values: object) -> list[Leg]:
        rows = await self._reader.all(text(f"{LEG_QUERY} WHERE {where}").bindparams(**values))
        return [read_leg(row) for row in rows]

    def _apply(
        self, tx: Transaction, before: Leg, decide: Decide, announce: Announce | None, now_ms: int
    ) -> Step | None:
        update = decide(before)
        if update is None:
            return None
        after = _write(tx, before, update, now_ms)
        insert_event(tx, after.id, before.state, after.state, update.evidence, epoch=self._epoch, now_ms=now_ms)
        step = Step(before=before, after=after, evidence=update.evidence)
        message = None if announce is None else announce(step)
        if message is not None:
            enqueue(tx, message, now_ms)
        return step


def _read(tx: Transaction, leg_id: int) -> Leg:
    return find_legs(tx.sql, "l.id=?", (leg_id,))[0]


def _latest_attempt(tx: Transaction, leg_id: int) -> int:
    sql = "SELECT max(no) FROM attempts WHERE leg_id=? AND purpose='send'"
    return int(tx.sql.execute(sql, (leg_id,)).fetchone()[0])


def _write(tx: Transaction, before: Leg, update: LegUpdate, now_ms: int) -> Leg:
    after = updated(before, update, now_ms)
    sql = (
        "UPDATE legs SET state=?, rank=?, order_id=?, filled_size=?, average_price=?, code=?, message=?, updated_ms=? "
        "WHERE id=?"
    )
    price = None if after.average_price is None else plain(after.average_price)
    head = (after.state.value, after.rank, after.order_id, plain(after.filled_size), price, after.code, after.message)
    tx.sql.execute(sql, (*head, now_ms, after.id))
    return after


def _note_answer(tx: Transaction, leg_id: int, attempt_no: int, ack: Ack, now_ms: int) -> None:
    sql = "UPDATE attempts SET answered_ms=?, outcome=?, http=?, code=?, note=? WHERE leg_id=? AND no=?"
    code = ack.venue_code or ack.code
    tx.sql.execute(sql, (now_ms, ack.kind.value, ack.http_status, code, ack.message[:500], leg_id, attempt_no))
