"""Whoever tells what became of an order takes the notices of it back: it is told once, and last what is so now."""

from collections.abc import Sequence
from contextlib import suppress

from core.herald import keys_of
from db import Leg, StorageUnavailable, Store


async def tell_here(store: Store, legs: Sequence[Leg]) -> None:
    """Take over the telling of what became of these, for whoever asks again, as a tap does that a crash interrupted.

    Notices that were sent already stay sent, and where the database takes no writes the others are sent all the same:
    it is told twice rather than not at all.
    """
    keys = [key for leg in legs if leg.state.is_final for key in keys_of(leg)]
    if keys:
        with suppress(StorageUnavailable):
            await store.outbox.withdraw(keys)
