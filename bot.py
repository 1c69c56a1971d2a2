"""ElCaro's Telegram bot: what it can do, as tables, and how it starts.

A new command is a row here, a handler in `chat/`, a screen in `telegram_ui/views/` and its sentences in `locale/`.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # what the imports make stays: looking through it for garbage takes an eighth of the start

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from telegram import Bot
from telegram.error import InvalidToken

from chat.accounts import FORGET, cmd_accounts, cmd_connect, on_forget, on_keys, on_name, on_name_answer, on_test_key
from chat.alerts import cmd_alert, cmd_alerts, on_alert_removed
from chat.call import ButtonRow, Command, Need, Question
from chat.card import (
    REVERSE,
    TRAIL,
    cmd_trailing,
    on_add,
    on_add_answer,
    on_reverse,
    on_share,
    on_share_answer,
    on_trailing,
    on_trailing_answer,
)
from chat.choices import cmd_exchange, cmd_language, cmd_mode
from chat.confirm import Deed, confirm_handler, on_dismiss, on_given_up
from chat.exports import cmd_export
from chat.history import cmd_history, cmd_pnl
from chat.leverage import LEVERAGE, cmd_leverage
from chat.money import cmd_balance, cmd_price
from chat.notify import cmd_notify, on_account_notice, on_digest, on_digest_answer, on_mute, on_notice
from chat.orders import (
    CANCEL,
    CANCEL_ALL,
    CANCEL_ENTRIES,
    cmd_cancel,
    cmd_orders,
    on_cancel_all,
    on_cancel_entries,
    on_cancel_one,
)
from chat.panel import cmd_trade, on_field, on_panel_preview, on_value, on_written_value
from chat.people import HALT, RESUME_ALL, cmd_people, on_audit, on_halt, on_invite, on_person, on_role
from chat.pictures import cmd_chart, cmd_curve, on_trade_picture
from chat.positions import CLOSE, cmd_close, cmd_positions, on_close, on_close_all, on_pin, on_position
from chat.protect import (
    PROTECT,
    cmd_breakeven,
    cmd_stop,
    cmd_target,
    on_breakeven,
    on_stop,
    on_stop_answer,
    on_target,
    on_target_answer,
)
from chat.rollout import cmd_rollout, on_rollout
from chat.safety import PANIC, cmd_panic, cmd_pause, cmd_resume
from chat.settings import cmd_settings, on_real_answer, on_setting, on_setting_answer
from chat.start import cmd_help, cmd_start, on_home
from chat.status import cmd_status, cmd_whoami
from chat.sync import cmd_sync
from chat.trade import OPEN, cmd_long, cmd_short, on_test_trade
from chat.unwritten import close_unwritten
from chat.web import cmd_web
from chat.where import cmd_where
from core.backups import BackupKeeper
from core.config import ConfigError, Settings, load_settings, service_manager
from core.health import RESOLVER_LIMIT_S, Pulse, Sign
from core.logs import set_up_logging
from core.runtime import Runtime, open_runtime
from core.service import EXIT_SETTINGS, EXIT_STORAGE, Service, refuse
from db import StorageRefused
from telegram_app.app import Tables, make_bot, open_app, opening_link, run_app
from telegram_app.reaching import reach
from telegram_ui.buttons import to_card
from telegram_ui.texts import N_

logger = logging.getLogger("bot")

_POLLING_LIMIT_S = 30.0

_LOOK, _TRADE, _SAFETY, _MANAGE = N_("Look"), N_("Trade"), N_("Safety"), N_("Manage")

COMMANDS: tuple[Command, ...] = (
    Command(name="start", run=cmd_start, help=N_("the menu"), group=_LOOK, needs=Need.ANYBODY, in_menu=True),
    Command(name="positions", run=cmd_positions, help=N_("open positions"), group=_LOOK, in_menu=True),
    Command(name="balance", run=cmd_balance, help=N_("your money"), group=_LOOK, aliases=("account",), in_menu=True),
    Command(name="orders", run=cmd_orders, help=N_("open orders"), group=_LOOK, aliases=("openorders",), in_menu=True),
    Command(name="price", run=cmd_price, help=N_("a market's price"), group=_LOOK, example="BTC", aliases=("market",)),
    Command(name="alert", run=cmd_alert, help=N_("watch a price"), group=_LOOK, example="BTC > 70000"),
    Command(name="alerts", run=cmd_alerts, help=N_("watched prices"), group=_LOOK),
    Command(name="pnl", run=cmd_pnl, help=N_("profit and loss"), group=_LOOK, example="week", in_menu=True),
    Command(name="curve", run=cmd_curve, help=N_("profit as a picture"), group=_LOOK, example="month"),
    Command(name="chart", run=cmd_chart, help=N_("candles with your levels"), group=_LOOK, example="BTC 1h"),
    Command(name="export", run=cmd_export, help=N_("trades as a file"), group=_LOOK, example="trades month"),
    Command(name="sync", run=cmd_sync, help=N_("compare with the venues"), group=_LOOK),
    Command(name="history", run=cmd_history, help=N_("closed trades"), group=_LOOK),
    Command(name="status", run=cmd_status, help=N_("how the bot is doing"), group=_LOOK, aliases=("health",)),
    Command(name="help", run=cmd_help, help=N_("all commands"), group=_LOOK, in_menu=True),
    Command(name="trade", run=cmd_trade, help=N_("the trade panel"), group=_TRADE, needs=Need.TRADER, in_menu=True),
    Command(
        name="long",
        run=cmd_long,
        help=N_("buy, after a preview"),
        group=_TRADE,
        example="BTC 100$ 5x sl 2% tp 4%",
        aliases=("buy",),
        needs=Need.TRADER,
    ),
    Command(
        name="short",
        run=cmd_short,
        help=N_("sell, after a preview"),
        group=_TRADE,
        example="ETH 0.5 @ 3000",
        aliases=("sell",),
        needs=Need.TRADER,
    ),
    Command(
        name="close", run=cmd_close, help=N_("close a position"), group=_TRADE, example="BTC 50%", needs=Need.TRADER
    ),
    Command(name="sl", run=cmd_stop, help=N_("set a stop"), group=_TRADE, example="BTC 58000", needs=Need.TRADER),
    Command(name="tp", run=cmd_target, help=N_("set a target"), group=_TRADE, example="BTC 4%", needs=Need.TRADER),
    Command(name="be", run=cmd_breakeven, help=N_("stop to breakeven"), group=_TRADE, example="BTC", needs=Need.TRADER),
    Command(
        name="trail",
        run=cmd_trailing,
        help=N_("set a trailing stop"),
        group=_TRADE,
        example="BTC 2%",
        needs=Need.TRADER,
    ),
    Command(
        name="lev",
        run=cmd_leverage,
        help=N_("leverage of a market"),
        group=_TRADE,
        example="BTC 5",
        aliases=("leverage",),
        needs=Need.TRADER,
    ),
    Command(name="cancel", run=cmd_cancel, help=N_("cancel orders, or a question"), group=_TRADE, in_menu=True),
    Command(
        name="pause",
        run=cmd_pause,
        help=N_("no new risk"),
        group=_SAFETY,
        needs=Need.TRADER,
        in_menu=True,
        is_urgent=True,
    ),
    Command(name="resume", run=cmd_resume, help=N_("trade again"), group=_SAFETY, needs=Need.TRADER),
    Command(name="panic", run=cmd_panic, help=N_("close everything"), group=_SAFETY, needs=Need.TRADER, is_urgent=True),
    Command(name="exchange", run=cmd_exchange, help=N_("Bybit, HyperLiquid, OKX, or all"), group=_MANAGE),
    Command(name="mode", run=cmd_mode, help=N_("practice or real money"), group=_MANAGE),
    Command(name="accounts", run=cmd_accounts, help=N_("connected accounts"), group=_MANAGE, aliases=("keys",)),
    Command(name="connect", run=cmd_connect, help=N_("add keys"), group=_MANAGE, needs=Need.TRADER),
    Command(name="web", run=cmd_web, help=N_("the web app in a browser"), group=_MANAGE),
    Command(
        name="settings",
        run=cmd_settings,
        help=N_("limits and habits"),
        group=_MANAGE,
        aliases=("limits",),
        in_menu=True,
    ),
    Command(name="notify", run=cmd_notify, help=N_("what to tell you, and how loudly"), group=_MANAGE),
    Command(name="lang", run=cmd_language, help=N_("language"), group=_MANAGE, aliases=("language",)),
    Command(name="whoami", run=cmd_whoami, help=N_("your id and role"), group=_MANAGE),
    Command(
        name="rollout",
        run=cmd_rollout,
        help=N_("path to the venues"),
        group=_MANAGE,
        example="25%",
        needs=Need.OWNER,
    ),
    Command(name="audit", run=on_audit, help=N_("what was done"), group=_MANAGE, needs=Need.OWNER),
    Command(
        name="people", run=cmd_people, help=N_("who may use it"), group=_MANAGE, aliases=("admin",), needs=Need.OWNER
    ),
)

DEEDS: tuple[Deed, ...] = (
    OPEN,
    CLOSE,
    CANCEL,
    CANCEL_ALL,
    CANCEL_ENTRIES,
    LEVERAGE,
    PROTECT,
    TRAIL,
    REVERSE,
    PANIC,
    FORGET,
    HALT,
    RESUME_ALL,
)
"""What a confirm button can stand for."""

BUTTONS: tuple[ButtonRow, ...] = (
    ButtonRow(name="home", run=on_home),
    ButtonRow(name="help", run=cmd_help),
    ButtonRow(name="bal", run=cmd_balance),
    ButtonRow(name="px", run=cmd_price),
    ButtonRow(name="poss", run=cmd_positions),
    ButtonRow(name="pos", run=on_position),
    ButtonRow(name="pin", run=on_pin),
    ButtonRow(name="ords", run=cmd_orders),
    ButtonRow(name="test", run=on_test_trade, needs=Need.TRADER),
    ButtonRow(name="panel", run=cmd_trade, needs=Need.TRADER),
    ButtonRow(name="pf", run=on_field, needs=Need.TRADER),
    ButtonRow(name="pv", run=on_value, needs=Need.TRADER),
    ButtonRow(name="pgo", run=on_panel_preview, needs=Need.TRADER),
    ButtonRow(name="cl", run=on_close, needs=Need.TRADER, back=to_card),
    ButtonRow(name="now", run=on_close, needs=Need.TRADER, unwritten=close_unwritten, back=to_card),
    ButtonRow(name="sl", run=on_stop, needs=Need.TRADER, back=to_card),
    ButtonRow(name="tp", run=on_target, needs=Need.TRADER, back=to_card),
    ButtonRow(name="be", run=on_breakeven, needs=Need.TRADER, back=to_card),
    ButtonRow(name="tr", run=on_trailing, needs=Need.TRADER, back=to_card),
    ButtonRow(name="cx", run=on_share, needs=Need.TRADER, back=to_card),
    ButtonRow(name="add", run=on_add, needs=Need.TRADER, back=to_card),
    ButtonRow(name="rv", run=on_reverse, needs=Need.TRADER, back=to_card),
    ButtonRow(name="oc", run=on_cancel_one, needs=Need.TRADER),
    ButtonRow(name="closeall", run=on_close_all, needs=Need.TRADER),
    ButtonRow(name="oca", run=on_cancel_all, needs=Need.TRADER),
    ButtonRow(name="oce", run=on_cancel_entries, needs=Need.TRADER),
    ButtonRow(name="ok", run=confirm_handler(DEEDS), needs=Need.TRADER, given_up=on_given_up, is_urgent=True),
    ButtonRow(name="no", run=on_dismiss, needs=Need.TRADER, is_urgent=True),
    ButtonRow(name="ex", run=cmd_exchange),
    ButtonRow(name="where", run=cmd_where),
    ButtonRow(name="mode", run=cmd_mode),
    ButtonRow(name="lang", run=cmd_language),
    ButtonRow(name="sets", run=cmd_settings),
    ButtonRow(name="set", run=on_setting, needs=Need.TRADER),
    ButtonRow(name="ntf", run=cmd_notify),
    ButtonRow(name="ntk", run=on_notice),
    ButtonRow(name="nta", run=on_account_notice),
    ButtonRow(name="ntd", run=on_digest),
    ButtonRow(name="mute", run=on_mute),
    ButtonRow(name="alerts", run=cmd_alerts),
    ButtonRow(name="alx", run=on_alert_removed),
    ButtonRow(name="accs", run=cmd_accounts),
    ButtonRow(name="connect", run=cmd_connect, needs=Need.TRADER),
    ButtonRow(name="pnl", run=cmd_pnl),
    ButtonRow(name="hist", run=cmd_history),
    ButtonRow(name="ch", run=cmd_chart),
    ButtonRow(name="cv", run=cmd_curve),
    ButtonRow(name="card", run=on_trade_picture),
    ButtonRow(name="exp", run=cmd_export),
    ButtonRow(name="sync", run=cmd_sync),
    ButtonRow(name="status", run=cmd_status),
    ButtonRow(name="resume", run=cmd_resume, needs=Need.TRADER),
    ButtonRow(name="panic", run=cmd_panic, needs=Need.TRADER, is_urgent=True),
    ButtonRow(name="people", run=cmd_people, needs=Need.OWNER),
    ButtonRow(name="who", run=on_person, needs=Need.OWNER),
    ButtonRow(name="role", run=on_role, needs=Need.OWNER),
    ButtonRow(name="roll", run=on_rollout, needs=Need.OWNER),
    ButtonRow(name="inv", run=on_invite, needs=Need.OWNER),
    ButtonRow(name="audit", run=on_audit, needs=Need.OWNER),
    ButtonRow(name="halt", run=on_halt, needs=Need.OWNER),
    ButtonRow(name="keyt", run=on_test_key, needs=Need.TRADER),
    ButtonRow(name="name", run=on_name, needs=Need.TRADER),
    ButtonRow(name="forget", run=on_forget, needs=Need.TRADER),
)

QUESTIONS: tuple[Question, ...] = (
    Question(name="stop", run=on_stop_answer),
    Question(name="target", run=on_target_answer),
    Question(name="trailing", run=on_trailing_answer),
    Question(name="share", run=on_share_answer),
    Question(name="add", run=on_add_answer),
    Question(name="panel", run=on_written_value),
    Question(name="setting", run=on_setting_answer),
    Question(name="digest", run=on_digest_answer, needs=Need.VIEWER),
    Question(name="real", run=on_real_answer),
    Question(name="keys", run=on_keys),
    Question(name="name", run=on_name_answer),
)

TABLES = Tables(commands=COMMANDS, buttons=BUTTONS, questions=QUESTIONS)


async def run(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT."""
    service, stop = Service(service_manager()), asyncio.Event()

    def end() -> None:
        service.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with open_runtime(settings, role="bot") as runtime, Pulse(runtime.store).measured() as pulse:
        resolver = runtime.jobs.resolver
        signs = [*pulse.signs, pulse.beating("resolver", lambda: resolver.last_beat, limit_s=RESOLVER_LIMIT_S)]
        async with BackupKeeper(runtime.store).running():
            async with service.watched(signs):
                bot = make_bot(settings)
                is_reached = await reach(bot, stop, waiting=service.ready)
            if is_reached:
                await _serve(runtime, bot, service, signs, stop)
    logger.info("bot stopped")


async def _serve(runtime: Runtime, bot: Bot, service: Service, signs: Sequence[Sign], stop: asyncio.Event) -> None:
    """Answer people until told to stop."""
    show = service.open_at if service.is_heard else _show_on_terminal
    async with open_app(runtime, TABLES, bot) as app:
        polling = Sign(name="polling", age_s=lambda: app.intake.late_s, limit_s=_POLLING_LIMIT_S)
        async with service.watched([*signs, polling]):
            logger.info("bot ready", extra={"bot": bot.username, "backend": runtime.backend.name})
            show(link := await opening_link(app))
            service.ready(link)
            await run_app(app, TABLES, stop, show=show)


def _show_on_terminal(link: str) -> None:
    """Write past the log: whoever reads logs later must not become the owner."""
    sys.stdout.write(f"\nOpen {link}\n\n")
    sys.stdout.flush()


def main() -> int:
    """Start the bot and return its exit code; whatever keeps it from starting is told in one sentence."""
    gc.freeze()  # nor is it looked through later, while somebody waits
    gc.enable()
    try:
        settings = load_settings()
        set_up_logging(level=settings.log_level, log_file=settings.elcaro_log_dir / "bot.log", secrets=settings.secrets)
        asyncio.run(run(settings))
    except ConfigError as e:
        return refuse(e, EXIT_SETTINGS)
    except StorageRefused as e:
        return refuse(e, EXIT_STORAGE)
    except InvalidToken:
        words = "TELEGRAM_TOKEN: Telegram does not know this token; copy it again from @BotFather"
        return refuse(words, EXIT_SETTINGS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
