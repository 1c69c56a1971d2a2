"""Whose money, where."""

from dataclasses import dataclass

from models.enums import AccountType
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Value):
    """One concrete account: a user's money at one venue in one environment."""

    user_id: int
    exchange: str
    account_type: AccountType

    @property
    def place(self) -> str:
        """The account among those of its user: `bybit:real`."""
        return f"{self.exchange}:{self.account_type}"

    def __str__(self) -> str:
        return f"{self.place}:{self.user_id}"
