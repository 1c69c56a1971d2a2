"""Who is asking. A launch that Telegram signed, or a one-time link, becomes a session; a session is sent as a bearer.

A user is never taken from a parameter, a header or a body: only from the session's own row.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from core import web_sessions
from core.web_sessions import WebPerson
from webapp.answers import Refused
from webapp.auth import MAX_AGE_S, MAX_AHEAD_S, BadLaunch, LaunchCheck

TRUST_S: Final = 1.0
"""How long a look at who somebody is serves further reads. What moves money always looks again."""
_REPLAY_WINDOW_S = MAX_AGE_S + MAX_AHEAD_S
_MAX_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class _Known:
    person: WebPerson
    until: float


class Logins:
    """Opens and looks up sessions.

    Args:
        check: Believes or refuses launch data.
        clock: Monotonic seconds.
    """

    def __init__(self, check: LaunchCheck, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def by_launch(self, init_data: str) -> tuple[str, WebPerson]:
        """Return a new session for whoever opened the Mini App; each launch is taken once.

        Raises:
            Refused: 401 for data that proves nothing, 403 for somebody who is not let in.
        """
        try:
            launch = self._check(init_data)
        except BadLaunch as e:
            raise _not_logged_in("login_not_believed", "open the app from the bot's chat again", why=e.code) from e
        person = await _let_in(launch.user_id)
        if not await web_sessions.is_first_use(launch.proof, lifetime_s=_REPLAY_WINDOW_S):
            raise _not_logged_in("login_used", "this launch was used already; open the app from the chat again")
        return await web_sessions.open_session(person.user_id), person

    async def by_code(self, code: str) -> tuple[str, WebPerson]:
        """Return a new session for whoever brings a one-time link.

        Raises:
            Refused: 401 for a code that is unknown, used or too old.
        """
        user_id = await web_sessions.redeem_login_code(code)
        if user_id is None:
            raise _not_logged_in("login_code_spent", "this link was used or is too old; ask the bot for a new one")
        person = await _let_in(user_id)
        return await web_sessions.open_session(person.user_id), person

    async def person(self, token: str, *, is_fresh: bool) -> WebPerson:
        """Return whose session this is, with the role they have now.

        Args:
            is_fresh: Whether to look into the records even if they were looked at a moment ago.

        Raises:
            Refused: 401 without a living session, 403 for somebody who was shut out since.
        """
        known = self._known.get(token)
        if known is not None and not is_fresh and self._clock() < known.until:
            return known.person
        user_id = await web_sessions.user_of_session(token)
        if user_id is None:
            self._known.pop(token, None)
            raise _not_logged_in("session_ended", "the session ended; log in again")
        person = await _let_in(user_id)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[token] = _Known(person, self._clock() + TRUST_S)
        return person

    async def end(self, token: str) -> None:
        """End a session."""
        self._known.pop(token, None)
        await web_sessions.end_session(token)

    def forget(self) -> None:
        """Look everybody up anew at their next request."""
        self._known.clear()


async def _let_in(user_id: int) -> WebPerson:
    person = await web_sessions.person_of(user_id)
    if person is None:
        raise Refused(HTTPStatus.FORBIDDEN, "not_let_in", "the owner of this bot has not let you in")
    return person


def _not_logged_in(code: str, message: str, **fields: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, code, message, **fields)


def token_in(request: Request) -> str:
    """Return the session's token of a request.

    Raises:
        Refused: 401 where its header carries none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _not_logged_in("login_missing", "log in first")
    return token


class _Session(SecurityBase):
    """What a route needs to know of the session; one step instead of FastAPI's chain of them, and in its document too.

    Args:
        answer: From the logins and the token to what the route gets.
    """

    def __init__(self, answer: Callable[[Logins, str], Awaitable[Any]]) -> None:
        self.model = HTTPBearerModel(description="The token of a session, from /api/auth/telegram or /api/auth/link.")
        self.scheme_name = "session"
        self._answer = answer

    async def __call__(self, request: Request) -> Any:
        """Return what the route gets."""
        return await self._answer(request.app.state.parts.logins, token_in(request))


async def _token(_: Logins, token: str) -> str:
    return token


async def _looker(logins: Logins, token: str) -> WebPerson:
    return await logins.person(token, is_fresh=False)


async def _trader(logins: Logins, token: str) -> WebPerson:
    person = await logins.person(token, is_fresh=True)
    if not person.can_trade:
        raise Refused(HTTPStatus.FORBIDDEN, "viewer_cannot_trade", "you may look, not trade")
    return person


Token = Annotated[str, Depends(_Session(_token))]
"""The session's token."""
Looker = Annotated[WebPerson, Depends(_Session(_looker))]
"""Who is asking, for reads."""
Trader = Annotated[WebPerson, Depends(_Session(_trader))]
"""Who is asking, for whatever changes something: looked up anew, and no viewer."""
