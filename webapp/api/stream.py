"""The live picture, as server-sent events of an ordinary request: the session goes in a header, never in an address.

event: snapshot  {"seq": 0, "at": …, "checked_at": …, "parts": {"bybit/paper/positions": {"success": …}, …}}
event: change    the parts that changed since, and in "gone" those that are no more
event: beat      nothing changed; the connection lives
event: end       the session ended
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import StreamingResponse

from webapp.answers import Refused
from webapp.feeds import Event, Feed, Page
from webapp.login import Looker, Token
from webapp.parts import Parts, Running
from webapp.wire import Query, Symbol, Where, asks

router = APIRouter(prefix="/api", tags=["stream"])

BEAT_S: Final = 2.0
_LOOK_AGAIN_S = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Looking(Where):
    """The market that the page looks at, besides the accounts."""

    symbol: Symbol | None = None


AskedLooking = Annotated[Looking, Depends(Query(Looking))]


@router.get("/stream", response_class=StreamingResponse, openapi_extra=asks(Looking))
async def stream(parts: Running, person: Looker, token: Token, where: AskedLooking) -> StreamingResponse:
    """Tell the accounts' state and one market's price, and every change, until the page goes away."""
    market = None
    if where.symbol is not None:
        account = await parts.runtime.accounts.resolve(person.user_id, where.exchange, where.account_type)
        market = (account.exchange, account.account_type.value, "ticker", where.symbol)
    feed, page = parts.feeds.join(person.user_id, market)
    return StreamingResponse(
        _events(parts, feed, page, token), media_type="text/event-stream; charset=utf-8", headers=_HEADERS
    )


async def _events(parts: Parts, feed: Feed, page: Page, token: str) -> AsyncIterator[bytes]:
    parts.meter.streams.inc()
    look_again = time.monotonic() + _LOOK_AGAIN_S
    try:
        while True:
            event = await _next(feed, page)
            if event is None:
                return
            yield _encoded(event)
            if time.monotonic() >= look_again:
                look_again = time.monotonic() + _LOOK_AGAIN_S
                if not await _is_alive(parts, token):
                    yield b"event: end\ndata: {}\n\n"
                    return
    finally:
        parts.meter.streams.dec()
        await parts.feeds.leave(feed, page)


async def _next(feed: Feed, page: Page) -> Event | None:
    try:
        return await asyncio.wait_for(page.waiting.get(), BEAT_S)
    except TimeoutError:
        return feed.beat()


async def _is_alive(parts: Parts, token: str) -> bool:
    try:
        await parts.logins.person(token, is_fresh=True)
    except Refused:
        return False
    return True


def _encoded(event: Event) -> bytes:
    return f"id: {event.seq}\nevent: {event.name}\ndata: ".encode() + msgspec.json.encode(event.data) + b"\n\n"
