"""What a venue says about an account's set-up and about a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from models.enums import AccountType, MarginMode, PositionMode
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Key material of one account, opened for as long as it is used. Its repr shows nothing of the secrets.

    `values` holds the fields that the venue's registry row names, e.g. `api_key` and `api_secret`.
    """

    exchange: str
    account_type: AccountType
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo(Value):
    """What the venue says about a key. None: it does not say."""

    is_valid: bool
    can_trade: bool
    can_withdraw: bool
    is_read_only: bool
    bound_ips: tuple[str, ...] | None
    """Empty: the key works from anywhere. None: the venue has no such thing."""
    expires_at: datetime | None
    permissions: tuple[str, ...] = ()
    is_master_key: bool = False
    """Whether it is the wallet itself and not an agent of it."""
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState(Value):
    """How an account is set up, as far as orders depend on it."""

    margin_mode: MarginMode | None
    position_mode: PositionMode | None
    is_unified: bool = True
