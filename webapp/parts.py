"""What every route may use: the parts of the running web app."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from core.runtime import Runtime
from models.account import Account
from webapp.confirmed import Once
from webapp.feeds import Feeds
from webapp.limits import Buckets, Limits
from webapp.login import Logins
from webapp.metrics import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The running web app."""

    runtime: Runtime
    logins: Logins
    once: Once
    buckets: Buckets
    limits: Limits
    meter: Meter
    feeds: Feeds

    async def accounts_meant(self, user_id: int, named: Sequence[Any]) -> list[Account]:
        """Return the accounts that a request names, or the chosen ones.

        Args:
            named: Objects with `exchange` and `account_type`, either of which may be None.

        Raises:
            BadOrder: There is no such venue or kind of account.
        """
        resolve = self.runtime.accounts.resolve
        if not named:
            return await self.runtime.accounts.chosen(user_id)
        found = [await resolve(user_id, one.exchange, one.account_type) for one in named]
        return list(dict.fromkeys(found))


async def parts_of(request: Request) -> Parts:
    """Return the parts."""
    return cast(Parts, request.app.state.parts)


Running = Annotated[Parts, Depends(parts_of)]


def address_of(request: Request) -> str:
    """Return the address that a request came from, as far as the proxy before this can be believed."""
    return request.client.host if request.client else ""
