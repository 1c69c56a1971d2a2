"""Whoever tells what became of an order takes the notice of it back, so that it is told once."""

from collections.abc import Sequence
from contextlib import suppress

from core.herald import chat_of, settled_key
from db import Leg, StorageUnavailable, Store


async def tell_here(store: Store, legs: Sequence[Leg]) -> None:
    """Take over the telling of what became of these, for whoever asks again, as a tap does that a crash interrupted.

    Where the notice was sent already, or the database takes no writes, it is told twice rather than not at all.
    """
    for leg in legs:
        if leg.state.is_final:
            with suppress(StorageUnavailable):
                await store.outbox.take_over(settled_key(leg), chat_of(leg))
