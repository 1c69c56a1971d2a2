"""How loudly each kind of news is told, when the bot is quiet, and when it sums the day up."""

from datetime import datetime, timedelta

from chat.call import Call, Reply, whole_number
from chat.confirm import thawed_account
from chat.questions import ask_for, close_question
from chat.reading import every_account
from core.digest import DIGEST, digest_wish
from core.notices import (
    MUTED_UNTIL,
    QUIET_HOURS,
    RULES,
    Notice,
    account_key,
    choice_key,
    chosen,
    next_account_choice,
    next_choice,
)
from core.numbers import echo
from core.preferences import Loudness
from models.errors import BadOrder
from telegram_ui.screen import Toast
from telegram_ui.views.notify import NoticeRow, QuietTime, ask_digest_view, muted_note, notify_view

_MAX_MUTE = timedelta(hours=24)
_OFF = frozenset({"off", "none", "0h", "выкл", "нет", "вимк", "ні"})


async def cmd_notify(call: Call) -> Reply:
    """Show every choice."""
    settings = await call.store.settings.get_all(call.user_id)
    rows = [
        NoticeRow(name=notice.value, loudness=chosen(notice, settings).value, is_fixed=rule.is_certain)
        for notice, rule in RULES.items()
    ]
    accounts = [
        (account, Loudness(settings.get(account_key(account), Loudness.ON)).value)
        for account in await every_account(call)
    ]
    return notify_view(call.t, rows, accounts, await _quiet_time(call))


async def _quiet_time(call: Call) -> QuietTime:
    settings = await call.store.settings.get_all(call.user_id)
    muted = datetime.fromtimestamp(float(settings.get(MUTED_UNTIL) or 0), call.t.zone)
    digest = settings.get(DIGEST)
    return QuietTime(
        hours=settings.get(QUIET_HOURS),
        muted_until=muted if muted > call.services.now() else None,
        digest_hour=None if digest is None else int(digest["hour"]),
    )


async def on_notice(call: Call) -> Reply:
    """Make a kind of news one step quieter, or loud again."""
    word = call.argument(0)
    if word not in set(Notice) or RULES[Notice(word)].is_certain:
        raise BadOrder("no such kind of news", code="bad_button")
    notice = Notice(word)
    settings = await call.store.settings.get_all(call.user_id)
    choice = next_choice(notice, chosen(notice, settings))
    await call.store.settings.put(call.user_id, choice_key(notice), choice.value)
    return await cmd_notify(call)


async def on_account_notice(call: Call) -> Reply:
    """Make an account one step quieter, or loud again."""
    account = thawed_account(call, {"exchange": call.argument(0), "account_type": call.argument(1)})
    if account not in await every_account(call):
        raise BadOrder("no such account", code="bad_button")
    key = account_key(account)
    now = Loudness(await call.store.settings.get(call.user_id, key, Loudness.ON))
    await call.store.settings.put(call.user_id, key, next_account_choice(now).value)
    return await cmd_notify(call)


async def on_mute(call: Call) -> Reply:
    """Make no sound for a while."""
    minutes = min(whole_number(call.argument(0)) or 0, _MAX_MUTE // timedelta(minutes=1))
    until = call.services.now() + timedelta(minutes=minutes)
    await call.store.settings.put(call.user_id, MUTED_UNTIL, until.timestamp())
    return Toast(text=muted_note(call.t, until))


async def on_digest(call: Call) -> Reply:
    """Ask for the hour of the daily summary."""
    await ask_for(call, "digest")
    return ask_digest_view(call.t, await _quiet_time(call))


async def on_digest_answer(call: Call) -> Reply:
    """Take the hour of the daily summary."""
    word = call.text.strip().lower()
    wish = None if word in _OFF else digest_wish(_read_hour(word), call.services.now().astimezone(call.t.zone))
    await call.store.settings.put(call.user_id, DIGEST, wish)
    await close_question(call)
    return await cmd_notify(call)


def _read_hour(word: str) -> int:
    hour = word.removesuffix(":00")
    if not (hour.isascii() and hour.isdecimal() and len(hour) <= 2 and int(hour) <= 23):
        raise BadOrder("expected an hour from 0 to 23", code="bad_hour", text=echo(word))
    return int(hour)
