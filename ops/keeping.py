"""What only the operator does: wrap the keys anew, and say what became of an order that nothing else tells."""

from decimal import Decimal

from core.by_hand import settle_by_hand
from core.config import Settings
from core.news import News
from core.vault import rotate_key
from db import Role, StorageRefused, Store
from models.errors import BadOrder
from models.values import plain, positive_decimal
from ops.backup import refuse_while_running
from storage.location import database_path

SETTLE_USAGE = 'python -m ops settle A17 0 "what you saw at the venue, and where"'


async def rotate_keys(settings: Settings) -> str:
    """Wrap every user's data key by a new key-encryption key; return the sentence to show.

    Raises:
        StorageRefused: ElCaro is running, or the key is a credential of the service.
    """
    path = database_path(settings.database)
    refuse_while_running(settings)
    store = await Store.open(settings.database)
    try:
        vault = await rotate_key(store, path.parent)
    finally:
        await store.close()
    return f"The keys are wrapped by a new key ({vault.kek_id}). Copy data/kek.key to where the old copy is kept.\n"


def executed_size(text: str) -> Decimal:
    """Read an executed size: zero, or a plain number above it.

    Raises:
        BadOrder: It is no such number.
    """
    return Decimal(0) if text.strip() in {"0", "0.0"} else positive_decimal(text, "size")


async def settle(settings: Settings, reference: str, size: str, words: str) -> str:
    """Write down what a person saw of an order whose outcome stays unknown; return the sentence to show.

    Args:
        reference: The order's name in messages, such as `A17`.
        size: What was executed, in base currency; 0 for nothing.
        words: What they saw and where. Kept as evidence.

    Raises:
        StorageRefused: The words or the name do not fit; nothing was changed.
    """
    store = await Store.open(settings.database)
    try:
        owners = await store.users.list_all(Role.ADMIN)
        if not owners:
            raise StorageRefused("the bot has no owner yet, so there is nothing to settle")
        filled = executed_size(size)
        result = await settle_by_hand(
            store, News(), reference, filled_size=filled, words=words, by_user_id=owners[0].user_id
        )
    except BadOrder as e:
        raise StorageRefused(f"{e.message}. {SETTLE_USAGE}") from e
    finally:
        await store.close()
    return f"{reference} is settled: {plain(filled)} of {result.symbol} executed. It is in the audit log.\n"
