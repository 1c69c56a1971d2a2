"""An account's keys, opened when they are needed: stored ones, or the sandbox's own for its paper accounts."""

from collections.abc import Mapping

import db
from core.config import Settings
from models.account import Account
from models.enums import AccountType
from models.errors import NoCredentials
from models.venue import Credentials


def paper_keys(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Return the keys that the sandbox announced, by venue."""
    return {
        name: {field: value.get_secret_value() for field, value in venue.keys.items()}
        for name, venue in settings.paper_venues.items()
        if venue.keys
    }


async def credentials_of(account: Account, settings: Settings) -> Credentials:
    """Return an account's keys.

    Raises:
        NoCredentials: None are stored, or they do not open.
    """
    values: Mapping[str, str] | None = await db.get_credentials(account)
    if values is None and account.account_type is AccountType.PAPER:
        values = paper_keys(settings).get(account.exchange)
        if values is not None:  # kept like any other from now on, so that the account is followed
            await db.set_credentials(account, values)
    if values is None:
        raise NoCredentials(
            f"no keys for {account.exchange} {account.account_type}; connect them with /connect",
            exchange=account.exchange,
            account_type=account.account_type,
        )
    return Credentials(exchange=account.exchange, account_type=account.account_type, values=values)
