"""Logging in and out. There is no way in by naming a user."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from core.web_sessions import WebPerson
from webapp.answers import Json, found, reply
from webapp.login import Logins, Token
from webapp.wire import Strict, StrictRoute

router = APIRouter(prefix="/api/auth", tags=["auth"], route_class=StrictRoute)


class Launched(Strict):
    """A launch of the Mini App."""

    init_data: Annotated[str, Field(max_length=8192, examples=["query_id=AA…&user=%7B…%7D&auth_date=…&hash=…"])]


class Linked(Strict):
    """A one-time link from the bot."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}\.[A-Za-z0-9_\-]{16,64}$"), Field(examples=["7.AbC…"])]


@router.post("/telegram")
async def by_telegram(request: Request, body: Launched) -> Json:
    """Exchange the launch data that Telegram signed for a session; each launch is taken once."""
    logins: Logins = request.app.state.logins
    return _session(*await logins.by_launch(body.init_data))


@router.post("/link")
async def by_link(request: Request, body: Linked) -> Json:
    """Exchange the code of a one-time link for a session."""
    logins: Logins = request.app.state.logins
    return _session(*await logins.by_code(body.code))


@router.post("/logout")
async def logout(request: Request, token: Token) -> Json:
    """End this session."""
    logins: Logins = request.app.state.logins
    await logins.end(token)
    return reply(found(None))


def _session(token: str, person: WebPerson) -> Json:
    return reply(found({"token": token, "user_id": person.user_id, "can_trade": person.can_trade}))
