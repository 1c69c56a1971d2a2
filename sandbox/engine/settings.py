"""An account's trading settings: leverage, margin mode, position mode, collateral of isolated positions."""

from decimal import Decimal

from sandbox.engine import margin
from sandbox.engine.accounts import Account
from sandbox.engine.core import Core
from sandbox.engine.orders import ZERO
from sandbox.words import EventKind, MarginMode, PositionIdx, PositionMode, Reason, RefusedError


class AccountSettings:
    """Changes settings, as far as open positions and orders allow."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def set_leverage(self, account: Account, symbol: str, leverage: Decimal) -> None:
        """Set the leverage of one market.

        Raises:
            RefusedError: out of range, unchanged, or the collateral would not suffice.
        """
        instrument = self.core.instrument(symbol)
        if not 1 <= leverage <= instrument.max_leverage:
            raise RefusedError(Reason.LEVERAGE_TOO_HIGH, f"{instrument.max_leverage}")
        old = self.core.leverage(account, symbol)
        if leverage == old:
            raise RefusedError(Reason.NOT_MODIFIED, symbol)
        self._check_tier(account, symbol, leverage)
        had = account.leverages.get(symbol)
        before = margin.available(self.core, account)
        account.leverages[symbol] = leverage
        margins = self._reset_isolated(account, symbol, leverage)
        after = margin.available(self.core, account)
        if after < 0 and after < before:
            self._undo_leverage(account, symbol, had, margins)
            raise RefusedError(Reason.INSUFFICIENT_MARGIN, symbol)
        self.core.note_setting(account, symbol, leverage=str(leverage))
        self._tell_positions(account, symbol)

    def _check_tier(self, account: Account, symbol: str, leverage: Decimal) -> None:
        mark = self.core.quote(symbol).mark
        for idx in PositionIdx:
            value = abs(account.position(symbol, idx).size) * mark
            if leverage > self.core.instrument(symbol).tier(value).max_leverage:
                raise RefusedError(Reason.RISK_LIMIT, f"{value}")

    def _reset_isolated(self, account: Account, symbol: str, leverage: Decimal) -> dict[PositionIdx, Decimal]:
        """Give isolated positions the collateral of the new leverage; returns what they had."""
        had = {}
        for idx in PositionIdx:
            position = account.position(symbol, idx)
            if position.isolated_margin is not None:
                had[idx] = position.isolated_margin
                position.isolated_margin = abs(position.entry_value) / leverage
        return had

    def _undo_leverage(
        self, account: Account, symbol: str, had: Decimal | None, margins: dict[PositionIdx, Decimal]
    ) -> None:
        account.leverages.pop(symbol, None)
        if had is not None:
            account.leverages[symbol] = had
        for idx, amount in margins.items():
            account.position(symbol, idx).isolated_margin = amount

    def set_margin_mode(self, account: Account, mode: MarginMode, symbol: str | None) -> None:
        """Cross or isolated, for one market or (symbol None) the whole account.

        Raises:
            RefusedError: unchanged, or open positions or orders are in the way.
        """
        now = account.margin_mode if symbol is None else account.margin_mode_of(symbol)
        if now is mode:
            raise RefusedError(Reason.NOT_MODIFIED, symbol or account.account_id)
        self._require_flat(account, symbol)
        if symbol is None:
            account.margin_mode = mode
        else:
            account.margin_modes[symbol] = mode
        self.core.note_setting(account, symbol or "", margin_mode=mode.value)

    def set_position_mode(self, account: Account, mode: PositionMode, symbol: str | None) -> None:
        """One-way or hedge, for one market or (symbol None) the whole account.

        Raises:
            RefusedError: unchanged, or open positions or orders are in the way.
        """
        now = account.position_mode if symbol is None else account.mode_of(symbol)
        if now is mode:
            raise RefusedError(Reason.NOT_MODIFIED, symbol or account.account_id)
        self._require_flat(account, symbol)
        if symbol is None:
            account.position_mode = mode
            account.position_modes.clear()
        else:
            account.position_modes[symbol] = mode
        self.core.note_setting(account, symbol or "", position_mode=mode.value)

    def _require_flat(self, account: Account, symbol: str | None) -> None:
        if any(symbol in {None, position.symbol} for position in account.open_positions()):
            raise RefusedError(Reason.HAS_POSITION, symbol or "")
        if any(symbol in {None, order.symbol} for order in account.open_orders()):
            raise RefusedError(Reason.HAS_ORDERS, symbol or "")

    def add_margin(self, account: Account, symbol: str, idx: PositionIdx, amount: Decimal) -> None:
        """Put collateral into an isolated position, or take it out (negative).

        Raises:
            RefusedError: no such position, not isolated, not enough money, or too little would be left.
        """
        position = account.position(symbol, idx)
        if not position.is_open:
            raise RefusedError(Reason.NO_POSITION, symbol)
        if position.isolated_margin is None:
            raise RefusedError(Reason.BAD_VALUE, "the position is not isolated")
        if amount == 0:
            raise RefusedError(Reason.NOT_MODIFIED, symbol)
        if amount > max(ZERO, margin.available(self.core, account)):
            raise RefusedError(Reason.INSUFFICIENT_MARGIN, f"{amount}")
        least = abs(position.entry_value) / self.core.leverage(account, symbol)
        if amount < 0 and position.isolated_margin + amount < least:
            raise RefusedError(Reason.MARGIN_TOO_LOW, f"{least}")
        position.isolated_margin += amount
        position.updated_ms = self.core.now_ms()
        self.core.note_setting(account, symbol, added_margin=str(amount))
        self.core.emit(EventKind.POSITION, account, position)

    def _tell_positions(self, account: Account, symbol: str) -> None:
        for idx in PositionIdx:
            position = account.position(symbol, idx)
            if position.is_open:
                self.core.emit(EventKind.POSITION, account, position)
