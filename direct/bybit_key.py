"""What Bybit says about the key that asks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from models import wire
from models.errors import BadPayload
from models.venue import KeyInfo

_MOVES_MONEY_OUT = ("Wallet:Withdraw", "Wallet:AccountTransfer")
_TRADES = ({"ContractTrade:Order", "ContractTrade:Position"}, {"Derivatives:DerivativesTrade"})
_NEVER_BEFORE = datetime(2018, 1, 1, tzinfo=UTC)
"""A key without an end carries a year before Bybit was."""

UNTOLD = KeyInfo(is_valid=True, can_trade=True, can_withdraw=False, is_read_only=False, bound_ips=None, expires_at=None)
"""A key of demo trading, which answers but does not say what it may do."""


def read_key(row: Mapping[str, Any]) -> KeyInfo:
    """Read what a key may do. https://bybit-exchange.github.io/docs/v5/user/apikey-info"""
    groups = {group: rights for group, rights in wire.record(row, "permissions").items() if isinstance(rights, list)}
    granted = tuple(f"{group}:{right}" for group, rights in groups.items() for right in rights)
    is_read_only = wire.integer(row, "readOnly") == 1
    ips = row.get("ips")
    return KeyInfo(
        is_valid=True,
        can_trade=not is_read_only and any(needed <= set(granted) for needed in _TRADES),
        can_withdraw=any(right in granted for right in _MOVES_MONEY_OUT),
        is_read_only=is_read_only,
        bound_ips=tuple(str(ip) for ip in ips if ip != "*") if isinstance(ips, list) else None,
        expires_at=_end(row),
        permissions=granted,
        label=wire.optional_text(row, "note"),
    )


def _end(row: Mapping[str, Any]) -> datetime | None:
    text = wire.optional_text(row, "expiredAt")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise BadPayload("expiredAt: expected an ISO time") from e
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment > _NEVER_BEFORE else None
