"""The running bot: Telegram on one side, the open process on the other, and the loops between them."""

import asyncio
import logging
import platform
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from telegram import Bot
from telegram.error import TelegramError

from chat.call import ButtonRow, Command, Question, Services
from chat.news import Newsroom
from core.config import Settings
from core.runtime import Runtime
from core.version import VERSION
from db import Role
from models.values import from_millis
from pictures.painter import Painter
from telegram_app.access import OWNER_CODE_LIFETIME_S, Access, OwnerCode
from telegram_app.dispatch import Dispatcher
from telegram_app.intake import Intake
from telegram_app.live import LiveCards
from telegram_app.messenger import Messenger
from telegram_app.outbox import OutboxWorker
from telegram_app.pace import Pace
from telegram_app.profile import publish_profile
from telegram_app.request import AiohttpRequest
from telegram_ui.views.status import Health

logger = logging.getLogger(__name__)

_RETRY_S = 10.0
_OWNER_LOOK_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What the bot can do: the rows that `bot.py` lists."""

    commands: Sequence[Command]
    buttons: Sequence[ButtonRow]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts of a running bot."""

    bot: Bot
    runtime: Runtime
    messenger: Messenger
    access: Access
    outbox: OutboxWorker
    intake: Intake
    live: LiveCards
    owner_code: OwnerCode
    link: Callable[[str], str]


def make_bot(settings: Settings) -> Bot:
    """Return the Bot API client. Polling has a connection of its own, so that it never waits behind answers."""
    return Bot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(max_connections=1),
    )


def start_link(settings: Settings, username: str) -> Callable[[str], str]:
    """Return what turns a code, or none, into the address that opens this bot's chat with it."""
    scheme, place, path, query, fragment = urlsplit(settings.telegram_link or f"https://t.me/{username}")

    def link(code: str) -> str:
        start = urlencode({"start": code}) if code else ""
        both = "&".join(part for part in (query, start) if part)
        return urlunsplit((scheme, place, path, both, fragment))

    return link


@asynccontextmanager
async def open_app(runtime: Runtime, tables: Tables, bot: Bot | None = None) -> AsyncIterator[App]:
    """Connect to Telegram and put the parts together.

    Args:
        bot: One that is connected already; closed with the rest.

    Raises:
        TelegramError: Telegram does not take the token, or cannot be reached.
    """
    settings, store = runtime.settings, runtime.store
    async with bot or make_bot(settings) as bot, Painter() as painter:
        owner_code = OwnerCode()
        access = Access(store, owner_code)
        messenger = Messenger(bot, store)
        link = start_link(settings, bot.username)
        started_at = datetime.now(UTC)

        async def health() -> Health:
            return await look(runtime, intake, started_at)

        services = _services(runtime, tables, access, painter, link=link, health=health)
        pace = Pace()
        dispatcher = Dispatcher(
            services,
            access,
            messenger,
            live=(live := LiveCards(messenger)),
            may_tell=pace.may_tell,
            commands=tables.commands,
            buttons=tables.buttons,
            questions=tables.questions,
            bot_id=bot.id,
        )
        intake = Intake(
            bot,
            store,
            handle=dispatcher.handle,
            refuse=dispatcher.refuse,
            give_up=dispatcher.give_up,
            without_storage=dispatcher.without_storage,
            person_of=dispatcher.person_of,
            is_urgent=dispatcher.is_urgent,
            pace=pace,
        )
        yield App(
            bot=bot,
            runtime=runtime,
            messenger=messenger,
            access=access,
            outbox=OutboxWorker(messenger, store, Newsroom(store, access.texts)),
            intake=intake,
            live=live,
            owner_code=owner_code,
            link=link,
        )


def _services(
    runtime: Runtime,
    tables: Tables,
    access: Access,
    painter: Painter,
    *,
    link: Callable[[str], str],
    health: Callable[[], Awaitable[Health]],
) -> Services:
    """Return what every handler may use."""
    settings = runtime.settings
    return Services(
        commands=tables.commands,
        backend=runtime.backend,
        store=runtime.store,
        accounts=runtime.accounts,
        now=lambda: from_millis(runtime.clock.now_ms()),
        is_sandbox=settings.is_sandbox,
        health=health,
        keys_changed=runtime.clients.forget,
        claim_ownership=access.claim_ownership,
        link=link,
        rollout=runtime.jobs.rollout,
        path_name=lambda: runtime.path_name,
        paint=painter.paint,
        sync=runtime.jobs.sync.sync,
        web_app_url=settings.mini_app_url,
        web_page_url=settings.webapp_url,
    )


async def look(runtime: Runtime, intake: Intake, started_at: datetime) -> Health:
    """Return how the bot is doing."""
    now = datetime.now(UTC)
    unresolved = await runtime.store.journal.unresolved()
    waiting = await runtime.store.outbox.due(limit=1000)
    return Health(
        backend=runtime.path_name,
        version=VERSION,
        python=platform.python_version(),
        is_sandbox=runtime.settings.is_sandbox,
        uptime=now - started_at,
        telegram_silence=timedelta(seconds=intake.silent_s),
        in_doubt=len(unresolved),
        waiting_messages=len(waiting),
        as_of=now,
        findings=(*intake.findings(), *await runtime.jobs.rounds.now()),
    )


async def opening_link(app: App) -> str:
    """Return where people open the bot: while it has no owner, with a one-time code that makes them one."""
    users, admin_id = app.runtime.store.users, app.runtime.settings.admin_id
    if admin_id is not None:
        await users.set_role(admin_id, Role.ADMIN)
    has_owner = bool(await users.list_all(Role.ADMIN))
    return app.link("" if has_owner else app.owner_code.renew())


async def run_app(app: App, tables: Tables, stop: asyncio.Event, *, show: Callable[[str], None] | None = None) -> None:
    """Answer people until told to stop, then finish the answers that are under way.

    Args:
        show: Shows where the bot is opened to whoever started it. The address may make its reader the owner, so it
            goes past every log.
    """
    loops = [
        asyncio.create_task(app.intake.run(), name="intake"),
        asyncio.create_task(app.outbox.run(), name="outbox"),
        asyncio.create_task(app.live.run(), name="live"),
        asyncio.create_task(_offer_ownership(app, show), name="owner"),
        asyncio.create_task(_publish(app, tables), name="profile"),
    ]
    stopped = asyncio.create_task(stop.wait())
    endless = set(loops[:2])
    done, _ = await asyncio.wait({stopped, *endless}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*loops, stopped):
        task.cancel()
    await asyncio.gather(*loops, stopped, return_exceptions=True)
    await app.intake.stop()
    for task in done & endless:
        task.result()  # a loop that ended by itself brings its error


async def _publish(app: App, tables: Tables) -> None:
    """Tell Telegram the menu, again until it listens; the chat works without it."""
    while True:
        try:
            await publish_profile(app.bot, tables.commands, app.runtime.settings.mini_app_url)
        except TelegramError as e:
            logger.warning("menu not published", extra={"problem": type(e).__name__})
            await asyncio.sleep(_RETRY_S)
        else:
            return


async def _offer_ownership(app: App, show: Callable[[str], None] | None) -> None:
    """Until the bot has an owner, show a link with a fresh code every quarter of an hour; then the plain one."""
    users = app.runtime.store.users
    if show is None or await users.list_all(Role.ADMIN):
        return
    while not await _within(OWNER_CODE_LIFETIME_S, lambda: users.list_all(Role.ADMIN)):
        show(await opening_link(app))
    show(app.link(""))


async def _within(seconds: float, has_happened: Callable[[], Awaitable[object]]) -> bool:
    """Wait until something has happened, but no longer than `seconds`; return whether it has."""
    for _ in range(int(seconds / _OWNER_LOOK_S)):
        if await has_happened():
            return True
        await asyncio.sleep(_OWNER_LOOK_S)
    return False
