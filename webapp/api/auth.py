"""Logging in and out. There is no way in by naming a user."""

from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from core.web_sessions import WebPerson
from webapp.answers import Json, Refused, found, reply
from webapp.login import Token
from webapp.parts import Parts, Running, address_of
from webapp.wire import Strict, StrictRoute

router = APIRouter(prefix="/api/auth", tags=["auth"], route_class=StrictRoute)


class Launched(Strict):
    """A launch of the Mini App."""

    init_data: Annotated[str, Field(max_length=8192, examples=["query_id=AA…&user=%7B…%7D&auth_date=…&hash=…"])]


class Linked(Strict):
    """A one-time link from the bot."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}\.[A-Za-z0-9_\-]{16,64}$"), Field(examples=["7.AbC…"])]


@router.post("/telegram")
async def by_telegram(parts: Running, request: Request, body: Launched) -> Json:
    """Exchange the launch data that Telegram signed for a session; each launch is taken once."""
    return await _login(parts, request, parts.logins.by_launch(body.init_data))


@router.post("/link")
async def by_link(parts: Running, request: Request, body: Linked) -> Json:
    """Exchange the code of a one-time link for a session."""
    return await _login(parts, request, parts.logins.by_code(body.code))


@router.post("/logout")
async def logout(parts: Running, token: Token) -> Json:
    """End this session."""
    await parts.logins.end(token)
    return reply(found(None))


async def _login(parts: Parts, request: Request, attempt: Coroutine[Any, Any, tuple[str, WebPerson]]) -> Json:
    """Log somebody in, unless too many tried from there; who fails may try less often."""
    address = address_of(request)
    try:
        parts.buckets.check("failed_logins", address, parts.limits.failed_logins)
        parts.buckets.take("logins", address, parts.limits.logins)
    except Refused:
        attempt.close()
        raise
    try:
        token, person = await attempt
    except Refused:
        parts.buckets.take("failed_logins", address, parts.limits.failed_logins)
        raise
    return reply(found({"token": token, "user_id": person.user_id, "can_trade": person.can_trade}))
