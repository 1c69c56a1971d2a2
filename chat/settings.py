"""The table of settings: what each is called and how it is shown; `core.preferences` says what may be chosen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import db
from chat.call import Call, Reply
from chat.questions import ask_for, close_question
from core.notices import GLOBAL, QUIET_HOURS
from core.preferences import PREFERENCES, Loudness, Preference, choose, preferences_of
from core.target_keeper import MOVING_STOP
from models.errors import BadOrder
from telegram_ui.texts import N_, Texts
from telegram_ui.views.settings import SettingRow, ask_real_view, ask_setting_view, settings_view

_OFF = frozenset({"off", "none", "default", "выкл", "нет", "вимк", "ні"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row.

    Attributes:
        key: Its name in the records, which the trading code reads.
        show: Turns what is stored into words.
        nothing: What holds where nothing is stored, nor is there by default.
    """

    key: str
    title: str
    example: str = ""
    show: Callable[[Texts, Any], str] = lambda _, value: str(value)
    nothing: str = N_("no limit")

    @property
    def rule(self) -> Preference:
        """What may be chosen."""
        return PREFERENCES[self.key]


def _show_fraction(t: Texts, value: Any) -> str:
    return t.percent(Decimal(value), is_signed=False)


def _show_amount(t: Texts, value: Any) -> str:
    return t.money(Decimal(value), "$")


def _show_leverage(t: Texts, value: Any) -> str:
    return t.leverage(Decimal(value))


def _show_switch(t: Texts, value: Any) -> str:
    return t("on") if value else t("off")


_LOUDNESS = {Loudness.ON: N_("on"), Loudness.SILENT: N_("without sound"), Loudness.OFF: N_("off")}


def _show_loudness(t: Texts, value: Any) -> str:
    return t(_LOUDNESS[Loudness(value)])


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="slippage_fraction",
        title=N_("Slippage at most"),
        example="0.5%",
        show=_show_fraction,
    ),
    Setting(
        key="price_tolerance",
        title=N_("Ask again if the price moves"),
        example="0.5%",
        show=_show_fraction,
    ),
    Setting(key="max_leverage", title=N_("Leverage at most"), example="10x", show=_show_leverage),
    Setting(key="max_order_notional", title=N_("One order at most"), example="1000$", show=_show_amount),
    Setting(
        key="max_total_notional",
        title=N_("All positions at most"),
        example="5000$",
        show=_show_amount,
    ),
    Setting(key="max_positions", title=N_("Positions at most"), example="5"),
    Setting(key="max_daily_loss", title=N_("Loss a day at most"), example="100$", show=_show_amount),
    Setting(
        key="requires_stop",
        title=N_("No trade without a stop"),
        show=_show_switch,
    ),
    Setting(key=MOVING_STOP, title=N_("Stop follows the targets"), show=_show_switch),
    Setting(key="zone", title=N_("Time zone"), example="Europe/Kyiv"),
    Setting(key=GLOBAL, title=N_("Tell me of changes"), show=_show_loudness),
    Setting(key=QUIET_HOURS, title=N_("Quiet hours"), example="23-7", nothing=N_("none")),
    Setting(key="real_trading", title=N_("Real money"), show=_show_switch),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


async def cmd_settings(call: Call) -> Reply:
    """Show the settings in force."""
    values = await preferences_of(call.user_id)
    rows = [_row(call.t, setting, values.get(setting.key)) for setting in SETTINGS]
    return settings_view(call.t, rows, has_web_app=bool(call.services.web_app_url))


def _row(t: Texts, setting: Setting, value: Any) -> SettingRow:
    in_force = setting.rule.default if value is None else value
    shown = t(setting.nothing) if in_force is None else setting.show(t, in_force)
    return SettingRow(key=setting.key, title=setting.title, value=shown, is_default=value is None)


async def on_setting(call: Call) -> Reply:
    """Turn a switch over, or ask for a value."""
    setting = _named(call)
    value = await db.get_setting(call.user_id, setting.key)
    if setting.key == "real_trading" and not value:
        await ask_for(call, "real")
        return ask_real_view(call.t)
    if setting.rule.choices:
        now = setting.rule.choices.index(setting.rule.default if value is None else value)
        await choose(call.user_id, setting.key, setting.rule.choices[(now + 1) % len(setting.rule.choices)])
        return await cmd_settings(call)
    await ask_for(call, "setting", [setting.key])
    return ask_setting_view(call.t, _row(call.t, setting, value), setting.example)


async def on_setting_answer(call: Call) -> Reply:
    """Take a setting's new value."""
    setting = _named(call)
    word = call.text.strip().lower()
    value = None if word in _OFF else setting.rule.read(call.text)
    await choose(call.user_id, setting.key, value)
    await close_question(call)
    zone = ZoneInfo(value) if setting.key == "zone" and value else call.t.zone
    return await cmd_settings(call.in_words(replace(call.t, zone=zone)))


async def on_real_answer(call: Call) -> Reply:
    """Switch real money on, if the word was written."""
    await close_question(call)
    if call.text.strip().strip("“”\"'").upper() == "REAL":
        await choose(call.user_id, "real_trading", True)
    return await cmd_settings(call)


def _named(call: Call) -> Setting:
    setting = _BY_KEY.get(call.argument(0))
    if setting is None:
        raise BadOrder("no such setting", code="bad_button")
    return setting
