"""The journal's own laws, held by the database whatever the code does."""

import sqlite3
from decimal import Decimal

import pytest

from db import (
    EVERYBODY,
    Claimed,
    Effect,
    Job,
    LegKind,
    LegSpec,
    LegState,
    LegUpdate,
    Recorded,
    StaleLease,
    Step,
    Store,
    TradingState,
    Update,
    user_scope,
)
from models.account import Account
from models.enums import OrderSide
from models.errors import BadOrder, LimitExceeded, NotSent
from models.requests import Ack, AckKind
from tests.storage.claims_kit import sign, wish
from tests.storage.conftest import NOW_MS, Hands

ACCEPTED = Ack(kind=AckKind.ACCEPTED, order_id="v1", http_status=200)


async def claimed(store: Store, account: Account, cause: str = "c", **changes: object) -> Claimed:
    result = await store.journal.claim(wish(account, cause, **changes), sign)
    assert isinstance(result, Claimed)
    return result


async def run_sql(store: Store, sql: str) -> int:
    return await store.writer.run(lambda tx: tx.sql.execute(sql).rowcount)


FORBIDDEN = {
    "DELETE FROM intents": "never deleted",
    "DELETE FROM legs": "never deleted",
    "DELETE FROM attempts": "never deleted",
    "DELETE FROM leg_events": "never deleted",
    "UPDATE intents SET action='{}'": "an intent never changes",
    "UPDATE leg_events SET evidence='x'": "an event never changes",
    "UPDATE attempts SET body_sha256='x'": "never changes",
    "UPDATE attempts SET nonce=nonce+1": "never changes",
    "UPDATE attempts SET fence_ms=fence_ms+1": "never changes",
    "UPDATE attempts SET sender='legacy'": "never changes",
    "UPDATE attempts SET epoch=epoch": "never changes",
    "UPDATE legs SET client_order_id='other'": "identity of a leg",
    "UPDATE legs SET account_id=account_id": "identity of a leg",
    "UPDATE legs SET rank=rank-1": "only grows",
    "UPDATE nonces SET last=last": "used once",
    "UPDATE nonces SET last=last-1": "used once",
    "INSERT INTO attempts SELECT leg_id,no,purpose,epoch,sender,signer,nonce,timestamp_ms,fence_ms,body_sha256,"
    "claimed_ms,NULL,NULL,NULL,NULL,NULL FROM attempts": "UNIQUE",
    "DELETE FROM audit": "never rewritten",
    "UPDATE audit SET action='x'": "never rewritten",
}


@pytest.mark.parametrize("sql", FORBIDDEN)
async def test_history_is_never_rewritten(store: Store, account: Account, sql: str) -> None:
    await claimed(store, account)
    await store.journal.update(1, lambda _: LegUpdate(state=LegState.ACKED, evidence="e"))
    await store.audit.add("deed")
    with pytest.raises(sqlite3.IntegrityError, match=FORBIDDEN[sql]):
        await run_sql(store, sql)


FINAL = [state for state in LegState if state.is_final]


@pytest.mark.parametrize("final", FINAL)
@pytest.mark.parametrize("after", list(LegState))
async def test_nothing_leads_out_of_a_final_state_but_late_evidence(
    store: Store, account: Account, final: LegState, after: LegState
) -> None:
    await claimed(store, account)
    await run_sql(store, f"UPDATE legs SET state='{final}'")
    is_late_evidence = final is LegState.ABSENT and after in {"WORKING", "PARTIAL", "FILLED", "CANCELLED"}
    if after is final or is_late_evidence:
        await run_sql(store, f"UPDATE legs SET state='{after}'")
        return
    with pytest.raises(sqlite3.IntegrityError):
        await run_sql(store, f"UPDATE legs SET state='{after}'")


@pytest.mark.parametrize("before", ["UNKNOWN", "ACKED", "WORKING", "PARTIAL"])
@pytest.mark.parametrize("after", ["PREPARED", "SENDING", "UNKNOWN"])
async def test_no_leg_becomes_sendable_again_after_it_may_have_left(
    store: Store, account: Account, before: str, after: str
) -> None:
    await claimed(store, account)
    await run_sql(store, f"UPDATE legs SET state='{before}'")
    if before == after:
        return
    with pytest.raises(sqlite3.IntegrityError, match="claimed once"):
        await run_sql(store, f"UPDATE legs SET state='{after}'")


@pytest.mark.parametrize("state", ["WORKING", "FILLED", "REJECTED", "ABSENT"])
async def test_attempt_without_a_claim_is_refused(store: Store, account: Account, state: str) -> None:
    await claimed(store, account)
    await run_sql(store, f"UPDATE legs SET state='{state}'")
    columns = "leg_id,no,purpose,epoch,sender,signer,timestamp_ms,fence_ms,body_sha256,claimed_ms"
    with pytest.raises(sqlite3.IntegrityError, match="needs a claimed leg"):
        await run_sql(store, f"INSERT INTO attempts({columns}) VALUES(1,2,'send',1,'unified','',0,0,'',0)")


async def test_nonce_is_spent_on_nothing_only_while_nobody_knows(store: Store, account: Account) -> None:
    await claimed(store, account)
    leg = await store.journal.leg(1)
    assert leg is not None
    assert await store.journal.add_noop(leg, sign(5)) is None
    await run_sql(store, "UPDATE legs SET state='UNKNOWN'")
    assert await store.journal.add_noop(leg, sign(5)) == 2
    await run_sql(store, "UPDATE legs SET state='FILLED'")
    assert await store.journal.add_noop(leg, sign(5)) is None


async def test_claim_stores_what_is_about_to_be_sent(store: Store, account: Account) -> None:
    result = await claimed(store, account)
    leg = await store.journal.leg(result.leg_ids[0])
    assert leg is not None
    assert (leg.state, leg.cause, leg.client_order_id) == (LegState.SENDING, "c", "id-c")
    assert (leg.nonce, leg.fence_ms, leg.attempts) == (NOW_MS, 6000, 1)
    assert (leg.side, leg.size, leg.account) == (OrderSide.BUY, Decimal("0.5"), account)
    assert leg.epoch == store.processes.me.epoch


async def test_signing_that_fails_leaves_nothing_behind(store: Store, account: Account) -> None:
    def refuse(_: int | None) -> None:
        raise BadOrder("the venue has no such order")

    with pytest.raises(BadOrder):
        await store.journal.claim(wish(account, "c"), refuse)  # type: ignore[arg-type]
    assert await store.journal.of_cause("c") == []
    assert (await claimed(store, account)).request.stamp.nonce == NOW_MS


async def test_same_cause_returns_what_is_recorded(store: Store, account: Account) -> None:
    await claimed(store, account)
    again = await store.journal.claim(wish(account, "c"), sign)
    assert isinstance(again, Recorded)
    assert [leg.state for leg in again.legs] == [LegState.SENDING]


async def test_same_cause_with_another_body_is_refused(store: Store, account: Account) -> None:
    await claimed(store, account)
    with pytest.raises(NotSent) as refusal:
        await store.journal.claim(wish(account, "c", request_hash="other"), sign)
    assert refusal.value.code == "cause_conflict"


async def test_claim_that_waited_too_long_is_refused(store: Store, account: Account) -> None:
    with pytest.raises(NotSent) as refusal:
        await store.journal.claim(wish(account, "c", expires_ms=NOW_MS - 1), sign)
    assert refusal.value.code == "expired"


@pytest.mark.parametrize("state", ["SENDING", "UNKNOWN"])
@pytest.mark.parametrize("effect", list(Effect))
async def test_only_opening_waits_for_an_unresolved_leg(
    store: Store, account: Account, state: str, effect: Effect
) -> None:
    await claimed(store, account, "first")
    if state == "UNKNOWN":
        await run_sql(store, "UPDATE legs SET state='UNKNOWN'")
    if effect is not Effect.OPENS:
        await claimed(store, account, "second", effect=effect)
        return
    with pytest.raises(LimitExceeded) as refusal:
        await claimed(store, account, "second", effect=effect)
    assert refusal.value.code == "unresolved_order"
    await claimed(store, account, "third", symbol="ETHUSDT")


async def test_unresolved_change_of_the_whole_account_holds_back_every_market(store: Store, account: Account) -> None:
    await claimed(store, account, "mode", symbol="", effect=Effect.SETS)
    with pytest.raises(LimitExceeded):
        await claimed(store, account, "order")


RESTRICTED = {
    (TradingState.REDUCING, Effect.OPENS): "reduce_only",
    (TradingState.HALTED, Effect.OPENS): "trading_halted",
    (TradingState.HALTED, Effect.SETS): "trading_halted",
}


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("scope", ["everybody", "user", "account"])
async def test_restrictions_stop_opening_and_never_closing(
    store: Store, account: Account, state: TradingState, effect: Effect, scope: str
) -> None:
    scopes = {"everybody": EVERYBODY, "user": user_scope(account.user_id), "account": str(account)}
    await store.trading.restrict(scopes[scope], "test", state)
    code = RESTRICTED.get((state, effect))
    if code is None:
        await claimed(store, account, effect=effect)
        return
    with pytest.raises(LimitExceeded) as refusal:
        await claimed(store, account, effect=effect)
    assert (refusal.value.code, refusal.value.fields["reason"]) == (code, "test")


async def test_restriction_of_somebody_else_does_not_matter(store: Store, account: Account) -> None:
    await store.trading.restrict(user_scope(account.user_id + 1), "paused", TradingState.HALTED)
    await claimed(store, account)


async def test_trading_is_free_when_the_last_reason_is_lifted(store: Store, account: Account) -> None:
    await store.trading.restrict(EVERYBODY, "a", TradingState.REDUCING)
    await store.trading.restrict(user_scope(account.user_id), "b", TradingState.HALTED)
    assert await store.trading.state_of(account) is TradingState.HALTED
    assert await store.trading.lift(user_scope(account.user_id), "b")
    assert await store.trading.state_of(account) is TradingState.REDUCING
    assert await store.trading.lift(EVERYBODY, "a")
    assert not await store.trading.lift(EVERYBODY, "a")
    assert await store.trading.state_of(account) is TradingState.ACTIVE


async def test_nonces_grow_even_when_the_clock_goes_back(store: Store, account: Account, hands: Hands) -> None:
    first = await claimed(store, account, "a", symbol="A")
    hands.now_ms -= 10_000
    second = await claimed(store, account, "b", symbol="B")
    hands.now_ms += 20_000
    third = await claimed(store, account, "c", symbol="C")
    nonces = [result.request.stamp.nonce for result in (first, second, third)]
    assert nonces == [NOW_MS, NOW_MS + 1, NOW_MS + 10_000]


async def test_update_that_caused_an_order_is_done_with_it(store: Store, account: Account) -> None:
    update = Update(bot_id=1, update_id=5, kind="message", from_id=7, payload="{}", received_ms=NOW_MS)
    await store.inbox.add([update])
    await claimed(store, account, update=(1, 5))
    assert await store.inbox.pending(1) == []


async def test_leg_that_never_left_is_claimed_again_by_exactly_one(store: Store, account: Account) -> None:
    first = await claimed(store, account)
    await run_sql(store, "UPDATE legs SET state='PREPARED'")
    again = await store.journal.reclaim(wish(account, "c"), first.leg_ids, sign)
    late = await store.journal.reclaim(wish(account, "c"), first.leg_ids, sign)
    assert isinstance(again, Claimed)
    assert (again.leg_ids, again.attempt_no) == (first.leg_ids, 2)
    assert isinstance(late, Recorded)


async def test_attempt_that_never_left_says_nothing_about_the_one_after_it(store: Store, account: Account) -> None:
    """A write may be reported as failed and be on the disk all the same; then it is written again, later."""
    first = await claimed(store, account)
    (leg_id,) = first.leg_ids
    never_left = [(leg_id, Ack(kind=AckKind.NOT_SENT), lambda _: LegUpdate(state=LegState.PREPARED, evidence="x"))]
    await store.journal.answer(never_left, first.attempt_no)
    assert isinstance(await store.journal.reclaim(wish(account, "c"), first.leg_ids, sign), Claimed)
    (leg,) = await store.journal.answer(never_left, first.attempt_no)
    assert leg.state is LegState.SENDING
    assert isinstance(await store.journal.reclaim(wish(account, "c"), first.leg_ids, sign), Recorded)


async def test_answer_is_stored_with_its_attempt_and_as_an_event(store: Store, account: Account) -> None:
    result = await claimed(store, account)
    update = LegUpdate(state=LegState.ACKED, evidence="answer", order_id="v1")
    (leg,) = await store.journal.answer([(result.leg_ids[0], ACCEPTED, lambda _: update)], result.attempt_no)
    assert (leg.state, leg.order_id) == (LegState.ACKED, "v1")
    assert await store.journal.leg(leg.id) == leg
    (event,) = await store.journal.events(leg.id)
    assert (event.from_state, event.to_state, event.evidence) == (LegState.SENDING, LegState.ACKED, "answer")
    outcome = store.writer._sql.execute("SELECT outcome,http FROM attempts").fetchone()
    assert outcome == ("accepted", 200)


async def test_what_a_change_tells_is_stored_with_it(store: Store, account: Account) -> None:
    await claimed(store, account)

    def fail(_: Step) -> None:
        raise RuntimeError("no words")

    update = LegUpdate(state=LegState.ACKED, evidence="answer")
    with pytest.raises(RuntimeError):
        await store.journal.update(1, lambda _: update, announce=fail)
    leg = await store.journal.leg(1)
    assert leg is not None
    assert leg.state is LegState.SENDING


async def test_orphans_are_those_of_dead_or_stuck_processes(store: Store, account: Account, hands: Hands) -> None:
    await claimed(store, account)
    assert await store.journal.orphan([], older_than_ms=NOW_MS - 1) == []
    assert await store.journal.orphan([store.processes.me.epoch], older_than_ms=0) == [1]
    assert await store.journal.orphan([store.processes.me.epoch], older_than_ms=0) == []
    await claimed(store, account, "other", symbol="ETHUSDT")
    hands.now_ms += 20_000
    assert await store.journal.orphan([], older_than_ms=NOW_MS + 1) == [2]


async def test_adopted_order_is_adopted_once(store: Store, account: Account) -> None:
    spec = LegSpec(symbol="BTCUSDT", kind=LegKind.ORDER, client_order_id="eb1-x", side=OrderSide.BUY, size=Decimal(1))
    update = LegUpdate(state=LegState.WORKING, evidence="found", order_id="v7")
    adopt = {"action_kind": "OrderRequest", "action": "{}"}
    leg_id = await store.journal.adopt(account, spec, lambda _: update, **adopt)
    assert await store.journal.adopt(account, spec, lambda _: update, **adopt) is None
    assert leg_id is not None
    leg = await store.journal.leg(leg_id)
    assert leg is not None
    assert (leg.state, leg.is_adopted, leg.order_id) == (LegState.WORKING, True, "v7")
    assert await store.journal.knows("bybit", ["eb1-x", "eb1-y"]) == {"eb1-x"}


async def test_job_write_needs_the_job(store: Store, account: Account) -> None:
    await claimed(store, account)
    update = LegUpdate(state=LegState.ACKED, evidence="e")
    with pytest.raises(StaleLease):
        await store.journal.update(1, lambda _: update, lease=Job.RESOLVER)
    assert await store.processes.hold(Job.RESOLVER)
    assert await store.journal.update(1, lambda _: update, lease=Job.RESOLVER) is not None
