"""What people are told of, as data: the outbox keeps it, and the chat's sender puts it into words.

Every message has a key, so that a restart, or a second process, tells it only once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.account_events import exit_of
from core.actions import effect_of, fills_at_once, thaw
from core.outcomes import result_of
from db import Effect, Leg, LegState, Message, Step
from models.account import Account
from models.finding import Finding

_BEGUN = frozenset({LegState.WORKING, LegState.PARTIAL})
_AWAITED_MS = 5000
"""How long the news of an order that fills at once is left to whoever sent it, who still waits for its fill."""
_WHOSE = ("venue", "kind", "user", "reason")
"""The fields of a finding that tell it from others with its code; the rest are measurements."""


@dataclass(slots=True)
class Herald:
    """Makes messages.

    Args:
        operator_id: The chat of whoever runs this; None: nobody is paged. Set once there is an owner.
        begun_ms: When this process began. What a tap before that has asked for, the tap may come back to tell.
    """

    operator_id: int | None = None
    begun_ms: int = 0

    def changed(self, step: Step) -> Message | None:
        """Return the message about a change that nobody is waiting for; None where it is no news.

        Body: `kind` `order_settled`, `result` (an `OrderResult` as JSON), `evidence`, `reply`, `is_late`.
        """
        was, now = step.before.state, step.after.state
        is_late = was is LegState.ABSENT
        was_unknown = was.is_unresolved and not now.is_unresolved
        is_taken_back = now is LegState.CANCELLED and step.after.code == "cancelled"
        undone = was is LegState.ACKED and now in {LegState.REJECTED, LegState.CANCELLED, LegState.ABSENT}
        # what could not execute ends by itself; an exit does so with its position, whose end is told
        undone |= was in _BEGUN and now is LegState.CANCELLED and exit_of(step.after) is None
        expired = was is LegState.PREPARED and now is LegState.REJECTED
        if not (is_late or was_unknown or (undone and not is_taken_back) or expired):
            return None
        message = _about(step.after, "order_settled", evidence=step.evidence, is_late=is_late)
        is_of_another_life = _sent_ms(step.after) < self.begun_ms
        return replace(message, not_before_ms=self.begun_ms + _AWAITED_MS) if is_of_another_life else message

    def progressed(self, step: Step) -> Message | None:
        """Return the message about an open order that began to fill or came to its end.

        What was unknown is told like `changed`. A stop or a target that fills is told as what became of its position.
        """
        was, now = step.before.state, step.after.state
        was_open = was in {LegState.ACKED, LegState.WORKING, LegState.PARTIAL}
        if was_open and now in {LegState.FILLED, LegState.PARTIAL} and exit_of(step.after) is not None:
            return None
        if was_open and was is not LegState.PARTIAL and now is LegState.PARTIAL:
            # what fills at once has one piece of news, its end
            return None if _fills_at_once(step.after) else _about(step.after, "order_partly_filled")
        message = self.changed(step)
        if was_open and now in {LegState.FILLED, LegState.REJECTED}:
            message = _about(step.after, "order_settled", evidence=step.evidence, is_late=False)
        if message is None or not (was_open and _fills_at_once(step.after)):
            return message
        return replace(message, not_before_ms=max(_sent_ms(step.after), self.begun_ms) + _AWAITED_MS)

    def still_unknown(self, leg: Leg) -> Message:
        """Return the message that an order is still being checked (`kind` `order_unknown`)."""
        return _about(leg, "order_unknown")

    def page(self, what: str, leg: Leg, **data: Any) -> Message | None:
        """Return the message that wakes the operator (`kind` `operator_page`, `what` a code)."""
        if self.operator_id is None:
            return None
        body = {"kind": "operator_page", "what": what, "account": leg.account, "leg": leg.reference, **data}
        return Message(chat_id=self.operator_id, key=f"page:{what}:{leg.id}", body=body, intent_id=leg.intent_id)

    def finding(self, finding: Finding, day: str) -> Message | None:
        """Return the message about something wrong with the installation, once a day (`kind` `finding`)."""
        if self.operator_id is None:
            return None
        about = ",".join(f"{name}={finding.fields[name]}" for name in _WHOSE if name in finding.fields)
        key = f"finding:{finding.code}:{about}:{day}"
        return Message(chat_id=self.operator_id, key=key, body={"kind": "finding", "finding": finding})

    def event(self, account: Account, kind: str, key: str, data: Mapping[str, Any]) -> Message:
        """Return the message about something that happened to an account, whoever caused it."""
        return Message(chat_id=account.user_id, key=key, body={"kind": kind, "account": account, **data})


def settled_key(leg: Leg) -> str:
    """Return the one key under which the end of a leg is told, whoever tells it."""
    return f"order_settled:{leg.id}:{leg.state}"


def keys_of(leg: Leg) -> list[str]:
    """Return every key under which something is told of a leg's way to its end."""
    settled = [settled_key(replace(leg, state=state)) for state in LegState]
    return [*settled, *(_key(kind, leg) for kind in ("order_partly_filled", "order_unknown"))]


def _key(kind: str, leg: Leg) -> str:
    return settled_key(leg) if kind == "order_settled" else f"{kind}:{leg.id}"


def chat_of(leg: Leg) -> int:
    """Return the chat that hears of a leg."""
    return int((leg.reply or {}).get("chat_id", leg.account.user_id))


def _sent_ms(leg: Leg) -> int:
    return leg.claimed_ms or leg.created_ms


def _fills_at_once(leg: Leg) -> bool:
    return fills_at_once(thaw(leg.action_kind, leg.action))


def _about(leg: Leg, kind: str, **data: Any) -> Message:
    reply = dict(leg.reply or {})
    place = {"part": leg.part, "is_reducing": effect_of(thaw(leg.action_kind, leg.action)) is Effect.REDUCES}
    body = {"kind": kind, "result": result_of([leg]).to_dict(), "reply": reply, **place, **data}
    return Message(chat_id=chat_of(leg), key=_key(kind, leg), body=body, intent_id=leg.intent_id)
