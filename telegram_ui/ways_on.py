"""The one button that leads on from a refusal: to the screen where what stands in the way is seen, or lifted."""

from collections.abc import Mapping
from typing import Final

from telegram_ui.buttons import Scope, action
from telegram_ui.screen import Button
from telegram_ui.texts import N_, Texts

_RESUME = (N_("Resume"), "resume")
_STATUS = (N_("Status"), "status")
_POSITIONS = (N_("Positions"), "poss")
_EVERY_POSITION = (N_("All positions"), action("poss", 0, Scope.ALL))
_ORDERS = (N_("Orders"), "ords")
_BALANCE = (N_("Balance"), "bal")
_SETTINGS = (N_("Settings"), "sets")
_ACCOUNTS = (N_("Accounts"), "accs")
_ALERTS = (N_("Alerts"), "alerts")
_WHERE = (N_("Where you trade"), "where")

_WAYS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    _RESUME: ("paused", "reduce_only"),
    _STATUS: ("trading_halted", "halted", "unresolved_order"),
    _POSITIONS: ("no_position", "position_closed", "position_open", "reduce_only_rejected", "two_positions"),
    _EVERY_POSITION: ("nothing_held",),
    _ORDERS: ("order_not_open", "order_not_found", "order_done", "orders_open", "too_many_orders"),
    _BALANCE: ("insufficient_margin",),
    _SETTINGS: (
        "limit_exceeded",
        "max_leverage",
        "max_order_notional",
        "max_total_notional",
        "max_positions",
        "max_daily_loss",
        "stop_required",
        "real_is_off",
        "bad_slippage",
    ),
    _ACCOUNTS: (
        "no_credentials",
        "no_such_account",
        "key_invalid",
        "key_expired",
        "key_read_only",
        "key_no_permission",
        "credentials_damaged",
    ),
    _ALERTS: ("too_many_alerts",),
    _WHERE: ("too_many_accounts",),
}
_WAY_OF: Final = {code: way for way, codes in _WAYS.items() for code in codes}


def way_on(t: Texts, code: str) -> Button | None:
    """Return the button that leads on from an error; None where no screen helps."""
    way = _WAY_OF.get(code)
    return None if way is None else Button(text=t(way[0]), action=way[1])
