"""The acks that say the same at every venue whose answers carry a code: nothing came back, or nothing readable did."""

from collections.abc import Sequence
from typing import Final

from models.requests import Ack, AckKind, Action, AmendOrder, CancelOrder, OrderRequest

LONGEST_MESSAGE: Final = 160
_WORDS_OF_STATUS: Final = {
    403: "venue_busy",
    429: "venue_busy",
    301: "redirected",
    302: "redirected",
    307: "redirected",
}


def undelivered(legs: Sequence[Action], kind: AckKind, code: str, message: str) -> tuple[Ack, ...]:
    """Return the acks of a request that got no answer: one per leg."""
    return tuple(
        Ack(kind=kind, client_order_id=client_order_id_of(leg), code=code, message=message[:LONGEST_MESSAGE])
        for leg in legs
    )


def unreadable(leg: Action, status: int, message: str = "The answer cannot be read.") -> Ack:
    """Return the ack of a leg about which an answer proves nothing.

    Args:
        status: The answer's HTTP status; it gives the reason its word.
    """
    return Ack(
        kind=AckKind.UNKNOWN,
        client_order_id=client_order_id_of(leg),
        code=_WORDS_OF_STATUS.get(status, "venue_error"),
        message=message,
        http_status=status,
    )


def client_order_id_of(leg: Action) -> str | None:
    """Return our id of the order that a leg is about; None where it is about none."""
    return leg.client_order_id if isinstance(leg, OrderRequest | AmendOrder | CancelOrder) else None
