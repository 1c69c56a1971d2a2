"""The table of settings: what each is called, how it is read from text, how it is shown."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import db
from chat.call import Call, Reply
from chat.news import NOTIFY, OFF, ON, QUIET_HOURS, SILENT
from chat.questions import ask_for, close_question
from core.numbers import echo, parse_number
from models.errors import BadOrder
from models.values import plain
from telegram_ui.texts import N_, Texts
from telegram_ui.views.settings import SettingRow, ask_real_view, ask_setting_view, settings_view

_OFF = frozenset({"off", "none", "default", "выкл", "нет", "вимк", "ні"})
_MAX_FRACTION = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row.

    Attributes:
        key: Its name in the records, which the trading code reads.
        default: What holds where nothing was chosen; None: no limit.
        read: Turns what was typed into what is stored.
        show: Turns what is stored into words.
        choices: The values that a tap goes through; without them a tap asks.
    """

    key: str
    title: str
    example: str = ""
    default: Any = None
    read: Callable[[str], Any] = str
    show: Callable[[Texts, Any], str] = lambda _, value: str(value)
    choices: tuple[Any, ...] = ()


def _read_fraction(text: str) -> str:
    fraction = parse_number(text.strip().removesuffix("%"), "setting") / 100
    if fraction > _MAX_FRACTION:
        raise BadOrder("expected at most 10%", code="too_large", limit="10%")
    return plain(fraction)


def _read_amount(text: str) -> str:
    return plain(parse_number(text.strip().strip("$"), "setting"))


def _read_leverage(text: str) -> str:
    return plain(parse_number(text.strip().lower().strip("xх×"), "setting"))


def _read_count(text: str) -> int:
    number = parse_number(text, "setting")
    if number != int(number) or number > 1000:
        raise BadOrder("expected a whole number", code="not_whole", text=echo(text))
    return int(number)


def _read_zone(text: str) -> str:
    name = text.strip()
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise BadOrder("no such time zone", code="unknown_zone", text=echo(name)) from e


def _show_fraction(t: Texts, value: Any) -> str:
    return t.percent(Decimal(value), is_signed=False)


def _show_amount(t: Texts, value: Any) -> str:
    return t.money(Decimal(value), "$")


def _show_leverage(t: Texts, value: Any) -> str:
    return t.leverage(Decimal(value))


def _show_switch(t: Texts, value: Any) -> str:
    return t("on") if value else t("off")


def _show_loudness(t: Texts, value: Any) -> str:
    return t({ON: N_("on"), SILENT: N_("without sound"), OFF: N_("off")}[value])


def _read_hours(text: str) -> str:
    match = re.fullmatch(r"(\d{1,2})\s*[-–—]\s*(\d{1,2})", text.strip(), re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 23 or int(match[1]) == int(match[2]):
        raise BadOrder("expected hours such as 23-7", code="bad_hours", text=echo(text))
    return f"{int(match[1])}-{int(match[2])}"


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="slippage_fraction",
        title=N_("Slippage at most"),
        example="0.5%",
        default="0.01",
        read=_read_fraction,
        show=_show_fraction,
    ),
    Setting(
        key="price_tolerance",
        title=N_("Ask again if the price moves"),
        example="0.5%",
        default="0.005",
        read=_read_fraction,
        show=_show_fraction,
    ),
    Setting(key="max_leverage", title=N_("Leverage at most"), example="10x", read=_read_leverage, show=_show_leverage),
    Setting(
        key="max_order_notional", title=N_("One order at most"), example="1000$", read=_read_amount, show=_show_amount
    ),
    Setting(
        key="max_total_notional",
        title=N_("All positions at most"),
        example="5000$",
        read=_read_amount,
        show=_show_amount,
    ),
    Setting(key="max_positions", title=N_("Positions at most"), example="5", read=_read_count),
    Setting(key="max_daily_loss", title=N_("Loss a day at most"), example="100$", read=_read_amount, show=_show_amount),
    Setting(
        key="requires_stop",
        title=N_("No trade without a stop"),
        default=False,
        show=_show_switch,
        choices=(False, True),
    ),
    Setting(key="zone", title=N_("Time zone"), example="Europe/Kyiv", default="UTC", read=_read_zone),
    Setting(key=NOTIFY, title=N_("Tell me of changes"), default=ON, show=_show_loudness, choices=(ON, SILENT, OFF)),
    Setting(key=QUIET_HOURS, title=N_("Quiet hours"), example="23-7", read=_read_hours),
    Setting(key="real_trading", title=N_("Real money"), default=False, show=_show_switch, choices=(False, True)),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


async def cmd_settings(call: Call) -> Reply:
    """Show the settings in force."""
    values = await db.get_settings(call.user_id)
    return settings_view(call.t, [_row(call.t, setting, values.get(setting.key)) for setting in SETTINGS])


def _row(t: Texts, setting: Setting, value: Any) -> SettingRow:
    in_force = setting.default if value is None else value
    shown = t("no limit") if in_force is None else setting.show(t, in_force)
    return SettingRow(key=setting.key, title=setting.title, value=shown, is_default=value is None)


async def on_setting(call: Call) -> Reply:
    """Turn a switch over, or ask for a value."""
    setting = _named(call)
    value = await db.get_setting(call.user_id, setting.key)
    if setting.key == "real_trading" and not value:
        await ask_for(call, "real")
        return ask_real_view(call.t)
    if setting.choices:
        now = setting.choices.index(setting.default if value is None else value)
        await db.set_setting(call.user_id, setting.key, setting.choices[(now + 1) % len(setting.choices)])
        return await cmd_settings(call)
    await ask_for(call, "setting", [setting.key])
    return ask_setting_view(call.t, _row(call.t, setting, value), setting.example)


async def on_setting_answer(call: Call) -> Reply:
    """Take a setting's new value."""
    setting = _named(call)
    word = call.text.strip().lower()
    value = None if word in _OFF else setting.read(call.text)
    await db.set_setting(call.user_id, setting.key, value)
    await close_question(call)
    zone = ZoneInfo(value) if setting.key == "zone" and value else call.t.zone
    return await cmd_settings(call.in_words(Texts(call.t.language, zone)))


async def on_real_answer(call: Call) -> Reply:
    """Switch real money on, if the word was written."""
    await close_question(call)
    if call.text.strip().strip("“”\"'").upper() == "REAL":
        await db.set_setting(call.user_id, "real_trading", True)
        await call.store.audit.add("real_trading_on", actor_id=call.user_id)
    return await cmd_settings(call)


def _named(call: Call) -> Setting:
    setting = _BY_KEY.get(call.argument(0))
    if setting is None:
        raise BadOrder("no such setting", code="bad_button")
    return setting
