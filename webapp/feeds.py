"""What the open pages of a person see, kept fresh: one feed per person, however many pages, and none without any.

A feed asks the venues in turns: often for what moves, seldom for what is dear to ask, and at once for everything when
something was done. In between it shows what a venue pushes by itself, which costs nothing. Each account answers, or
fails, for itself; what failed is told as a failure, never as nothing.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from core.accounts import Accounts, spec_of
from core.backend import hears_pushes
from core.clock import SystemClock
from core.exits import glance
from core.forever import every, for_ever
from core.news import News
from models.account import Account
from webapp import services_integration as services
from webapp.answers import Answer, Refused

MAX_PAGES: Final = 3
_MAX_WAITING = 100
_MIN_GAP_S = 0.3
_WEIGHT_PER_ROUND = 300.0
"""So much of a venue's budget passes by between two rounds: most of it is left to whoever taps."""
_FASTEST_S = 1.5
_GLANCE_S = 2.0
_SLOW_S = 5.0
"""Venues that are asked as seldom as this are glanced at in between."""
_SELDOM = 3
_CHOICES_S = 5.0
_AFTER_FAILURE_S = 5.0

Part = tuple[str, str, str, str]
"""Venue, kind of account, what, and of which market (or of none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell a page."""

    name: str
    seq: int
    data: dict[str, Any]


@dataclass(eq=False, slots=True)
class Page:
    """One open page: what it is told, and which market it looks at."""

    market: Part | None = None
    waiting: "asyncio.Queue[Event | None]" = field(default_factory=lambda: asyncio.Queue(_MAX_WAITING))

    def tell(self, event: Event | None) -> None:
        """Queue an event; a page that does not keep up is cut off, and begins anew with a snapshot."""
        if self.waiting.full():
            while not self.waiting.empty():
                self.waiting.get_nowait()
            event = None
        self.waiting.put_nowait(event)


class Feed:
    """One person's picture."""

    def __init__(self, user_id: int, accounts: Accounts, news: News) -> None:
        self.user_id = user_id
        self.pages: set[Page] = set()
        self.seq = 0
        self.checked_at: datetime | None = None
        """When the venues last answered a round of questions."""
        self._accounts = accounts
        self._news = news
        self._parts: dict[Part, Answer] = {}
        self._due: dict[Part, float] = {}
        self._chosen: list[Account] = []
        self._chosen_until = 0.0
        self._heard: int | None = None
        """The last ring before the latest round; None before the first one."""

    def snapshot(self) -> Event:
        """Return everything that is known now."""
        return self._event("snapshot", self._parts)

    def beat(self) -> Event:
        """Return a sign of life."""
        return self._event("beat", {})

    def hurry(self) -> None:
        """Ask for everything at once, and look again at which accounts are chosen."""
        self._chosen_until = 0.0
        self._news.ring()

    async def run(self) -> None:
        """Keep the picture fresh until cancelled, as the last page that leaves does."""
        after_failure = every(SystemClock(), _AFTER_FAILURE_S)
        await for_ever(f"feed of {self.user_id}", self._round, wait=self._wait, after_failure=after_failure)

    async def _wait(self) -> None:
        """Wait until something is due or was done; what is done during a round counts, too."""
        if self._heard is not None:
            await self._rest(self._heard)
        if self._heard != self._news.rings:
            self._heard = self._news.rings
            self._due.clear()

    async def _rest(self, heard: int) -> None:
        began = time.monotonic()
        if heard == self._news.rings:
            due_in = min(self._due.values(), default=0.0) - began
            if any(_is_slow(part) for part in self._due):
                due_in = min(due_in, _GLANCE_S)
            await self._news.wait(SystemClock(), max(_MIN_GAP_S, due_in))
        await asyncio.sleep(max(0.0, began + _MIN_GAP_S - time.monotonic()))

    async def _round(self) -> None:
        """Ask what is due, and tell what changed."""
        wanted = self._wanted(await self._choices())
        now = time.monotonic()
        due = [part for part in wanted if self._due.get(part, 0.0) <= now]
        asked, glanced = await asyncio.gather(
            asyncio.gather(*(self._ask(part) for part in due)),
            self._glance([part for part in wanted if part not in due and _is_slow(part)]),
        )
        self._due = {part: self._due.get(part, 0.0) for part in wanted}
        self._due |= {part: time.monotonic() + _every_s(part) for part in due}
        answers = [*zip(due, asked, strict=True), *glanced]
        gone = [part for part in self._parts if part not in self._due]
        changed = {
            part: answer for part, answer in answers if _without_time(answer) != _without_time(self._parts.get(part))
        }
        self._parts.update(answers)
        for part in gone:
            del self._parts[part]
        if answers:
            self.checked_at = datetime.now(UTC)
        if changed or gone:
            self.seq += 1
            event = self._event("change", changed, gone=[_name(part) for part in gone])
            for page in self.pages:
                page.tell(event)

    async def _choices(self) -> list[Account]:
        if time.monotonic() >= self._chosen_until:
            self._chosen = await self._accounts.chosen(self.user_id)
            self._chosen_until = time.monotonic() + _CHOICES_S
        return self._chosen

    def _wanted(self, accounts: list[Account]) -> list[Part]:
        kinds = ("balance", "positions", "orders")
        mine = [(a.exchange, a.account_type.value, kind, "") for a in accounts for kind in kinds]
        markets = {page.market for page in self.pages if page.market is not None}
        return [*mine, *sorted(markets)]

    async def _glance(self, parts: list[Part]) -> list[tuple[Part, Answer]]:
        """Return what is told of some parts for nothing; what is not stays as it was."""
        if not hears_pushes(services.path_of_user(self.user_id)):
            return []
        answers = await asyncio.gather(*(glance(functools.partial(self._ask, part)) for part in parts))
        return [(part, answer) for part, answer in zip(parts, answers, strict=True) if answer["success"]]

    async def _ask(self, part: Part) -> Answer:
        exchange, account_type, kind, symbol = part
        where = (self.user_id, exchange, account_type)
        ask: dict[str, Callable[[], Awaitable[Answer]]] = {
            "balance": lambda: services.get_balance_service(*where),
            "positions": lambda: services.get_positions_service(*where),
            "orders": lambda: services.get_orders_service(*where),
            "ticker": lambda: services.get_ticker_service(*where, symbol=symbol),
        }
        return await ask[kind]()

    def _event(self, name: str, parts: dict[Part, Answer], **more: Any) -> Event:
        told = {_name(part): answer for part, answer in parts.items()}
        data = {"seq": self.seq, "at": datetime.now(UTC), "checked_at": self.checked_at, "parts": told, **more}
        return Event(name=name, seq=self.seq, data=data)


class Feeds:
    """The feeds of everybody who looks now."""

    def __init__(self, accounts: Accounts, news: News) -> None:
        self._accounts = accounts
        self._news = news
        self._feeds: dict[int, Feed] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def join(self, user_id: int, market: Part | None) -> tuple[Feed, Page]:
        """Open a page on a person's feed.

        Raises:
            Refused: 429 for one page too many.
        """
        feed = self._feeds.get(user_id)
        if feed is None:
            feed = self._feeds[user_id] = Feed(user_id, self._accounts, self._news)
        if len(feed.pages) >= MAX_PAGES:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS, "too_many_streams", f"at most {MAX_PAGES} pages are kept live at a time"
            )
        page = Page(market)
        feed.pages.add(page)
        page.tell(feed.snapshot())
        feed.hurry()
        if user_id not in self._tasks:
            self._tasks[user_id] = asyncio.create_task(feed.run(), name=f"feed {user_id}")
        return feed, page

    async def leave(self, feed: Feed, page: Page) -> None:
        """Close a page; the last one ends the feed."""
        feed.pages.discard(page)
        if feed.pages or self._feeds.get(feed.user_id) is not feed:
            return
        del self._feeds[feed.user_id]
        task = self._tasks.pop(feed.user_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def hurry(self, user_id: int) -> None:
        """Refresh a person's pages soon: something was changed."""
        if (feed := self._feeds.get(user_id)) is not None:
            feed.hurry()

    def close(self) -> None:
        """Tell every page that this process ends."""
        for feed in self._feeds.values():
            for page in feed.pages:
                page.tell(None)


def _every_s(part: Part) -> float:
    """Return how often a part is asked for."""
    return _round_s(part) * (_SELDOM if part[2] == "orders" else 1)


def _is_slow(part: Part) -> bool:
    return _round_s(part) >= _SLOW_S


def _round_s(part: Part) -> float:
    """Return how often a venue is asked, from what it lets one address ask."""
    limit = spec_of(part[0]).budget.limit
    return max(_FASTEST_S, _WEIGHT_PER_ROUND * limit.window_s / limit.weight)


def _name(part: Part) -> str:
    return "/".join(word for word in part if word)


def _without_time(value: Any) -> Any:
    """Return an answer without the moments at which it was true, to tell whether it says anything new."""
    if isinstance(value, dict):
        return {name: _without_time(item) for name, item in value.items() if name not in {"as_of", "updated_at"}}
    if isinstance(value, list):
        return [_without_time(item) for item in value]
    return value
