"""The last way out of an unknown outcome: a person looked at the venue and says what they saw."""

from decimal import Decimal

from core.news import News
from core.outcomes import by_hand, result_of
from db import LegState, Store
from models.errors import BadOrder
from models.requests import OrderResult

_SHORTEST_WORDS = 10


async def settle_by_hand(
    store: Store, news: News, reference: str, *, filled_size: Decimal, words: str, by_user_id: int
) -> OrderResult:
    """Close a leg that nothing else could settle, and keep who did it and why.

    Args:
        store: The open database.
        news: Rings afterwards.
        reference: The leg's name, e.g. `A17`.
        filled_size: What the person saw executed, in base currency; zero for nothing.
        words: What they saw and where; kept as the evidence.
        by_user_id: Who says so.

    Raises:
        BadOrder: No such leg, it is known already, or the words are too few to be evidence.
    """
    number = reference.removeprefix("A")
    leg = await store.journal.leg(int(number)) if number.isascii() and number.isdigit() else None
    if leg is None:
        raise BadOrder(f"{reference[:20]}: no such order", code="unknown_reference")
    if len(words.strip()) < _SHORTEST_WORDS:
        raise BadOrder("say what you saw at the venue, and where", code="no_evidence")
    step = await store.journal.update(leg.id, by_hand(LegState.MANUAL, words.strip(), filled_size))
    if step is None:
        raise BadOrder(f"{reference}: its outcome is known already", code="already_settled")
    await store.audit.add("settled_by_hand", reference, actor_id=by_user_id, words=words, filled_size=filled_size)
    news.ring()
    return result_of([step.after])
