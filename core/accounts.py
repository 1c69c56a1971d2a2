"""Which accounts a user means: the one place where "the user's own choice" becomes concrete accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

import db
from exchanges.registry import EXCHANGES
from exchanges.spec import ExchangeSpec
from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import BadOrder, LimitExceeded

MOST_TOGETHER = 5
"""How many accounts one ticket goes to at once: so many fit one preview, each with all of its figures."""
_PRACTICE = (AccountType.DEMO, AccountType.TESTNET)


def spec_of(exchange: str) -> ExchangeSpec:
    """Return a venue's registry row.

    Raises:
        BadOrder: There is no such venue.
    """
    spec = EXCHANGES.get(exchange.strip().lower())
    if spec is None:
        known = ", ".join(EXCHANGES)
        raise BadOrder(f"exchange: expected one of {known}", code="unknown_exchange", known=known)
    return spec


@dataclass(frozen=True, slots=True)
class Accounts:
    """Turns names and choices into accounts.

    Args:
        is_sandbox: Whether every account is a paper account.
    """

    is_sandbox: bool

    async def resolve(self, user_id: int, exchange: str | None = None, account_type: str | None = None) -> Account:
        """Return the one account meant; with mode `both` and no account type named, the practice account.

        Raises:
            BadOrder: No such venue, or the venue has no such account type.
        """
        if account_type is None:
            return (await self._chosen_at(user_id, exchange))[0]
        spec = spec_of(exchange or (await self._chosen_at(user_id, None))[0].exchange)
        return Account(user_id=user_id, exchange=spec.key, account_type=self.type_named(spec, account_type))

    async def chosen(self, user_id: int) -> list[Account]:
        """Return the accounts that a ticket goes to: those picked by name, else what venue and trading mode cover."""
        return await self._chosen_at(user_id, None)

    async def at_venue(self, user_id: int, exchange: str) -> list[Account]:
        """Return the accounts of one venue that a ticket would go to if it were chosen."""
        return await self._chosen_at(user_id, exchange)

    async def _chosen_at(self, user_id: int, exchange: str | None) -> list[Account]:
        spec = None if exchange is None else spec_of(exchange)
        picked = [a for a in await self.picked(user_id) if spec is None or a.exchange == spec.key]
        if picked:
            return picked
        spec = spec or spec_of(await db.get_exchange_type(user_id))
        mode = TradingMode(await db.get_trading_mode(user_id))
        return [Account(user_id=user_id, exchange=spec.key, account_type=kind) for kind in self.types_of(spec, mode)]

    async def picked(self, user_id: int) -> list[Account]:
        """Return the accounts that were picked one by one; empty where venue and trading mode decide."""
        named = [str(name).partition(":") for name in await db.get_picked_accounts(user_id)]
        return [
            Account(user_id=user_id, exchange=exchange, account_type=AccountType(kind))
            for exchange, _, kind in named
            if self._is_usable(exchange, kind)
        ]

    async def pick(self, user_id: int, accounts: Sequence[Account]) -> None:
        """Let tickets go to exactly these accounts; without any, venue and trading mode decide again.

        Raises:
            LimitExceeded: They are too many (`too_many_accounts`).
        """
        if len(accounts) > MOST_TOGETHER:
            raise LimitExceeded("too many accounts at once", code="too_many_accounts", limit=MOST_TOGETHER)
        ordered = sorted(accounts, key=lambda account: account.account_type is AccountType.REAL)
        if ordered and len({account.exchange for account in ordered}) == 1:
            mode = TradingMode(await db.get_trading_mode(user_id))
            if [account.account_type for account in ordered] == self.types_of(spec_of(ordered[0].exchange), mode):
                await db.set_exchange_type(user_id, ordered[0].exchange)  # choosing the venue says the same
                return
        await db.set_picked_accounts(user_id, [account.place for account in ordered])

    def _is_usable(self, exchange: str, kind: str) -> bool:
        """Whether there is such an account here: a list may be from before the sandbox was left."""
        if exchange not in EXCHANGES or kind not in set(AccountType):
            return False
        return (kind == AccountType.PAPER) is self.is_sandbox

    def types_of(self, spec: ExchangeSpec, mode: TradingMode) -> list[AccountType]:
        """Expand a trading mode; practice comes first."""
        if self.is_sandbox:
            return [AccountType.PAPER]
        practice = next(kind for kind in spec.account_types if kind in _PRACTICE)
        table = {
            TradingMode.DEMO: [practice],
            TradingMode.REAL: [AccountType.REAL],
            TradingMode.BOTH: [practice, AccountType.REAL],
        }
        return table[mode]

    def type_named(self, spec: ExchangeSpec, word: str) -> AccountType:
        """Return the account type that a word means at a venue; in the sandbox practice is paper."""
        kind = spec.account_type(word)
        if kind is None:
            known = ", ".join(spec.account_types)
            raise BadOrder(f"account type: expected one of {known}", code="unknown_account_type", known=known)
        if self.is_sandbox and kind in _PRACTICE:
            return AccountType.PAPER
        if kind is AccountType.PAPER and not self.is_sandbox:
            raise BadOrder("paper accounts exist in sandbox mode only", code="paper_needs_sandbox")
        return kind
