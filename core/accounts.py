"""Which accounts a user means: the one place where "the user's own choice" becomes concrete accounts."""

from dataclasses import dataclass

import db
from exchanges.registry import EXCHANGES
from exchanges.spec import ExchangeSpec
from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import BadOrder

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
        spec = spec_of(exchange or await db.get_exchange_type(user_id))
        if account_type is None:
            mode = TradingMode(await db.get_trading_mode(user_id))
            kind = self.types_of(spec, mode)[0]
        else:
            kind = self.type_named(spec, account_type)
        return Account(user_id=user_id, exchange=spec.key, account_type=kind)

    async def chosen(self, user_id: int) -> list[Account]:
        """Return every account of the user's venue that the trading mode covers."""
        spec = spec_of(await db.get_exchange_type(user_id))
        mode = TradingMode(await db.get_trading_mode(user_id))
        return [Account(user_id=user_id, exchange=spec.key, account_type=kind) for kind in self.types_of(spec, mode)]

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
