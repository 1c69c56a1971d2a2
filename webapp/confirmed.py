"""Doing what was shown: once per confirm token, once per idempotency key, and never again to find out what happened."""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from core import confirming
from core.confirming import Refusal
from core.ports import TradingBackend
from core.web_sessions import WebPerson
from models.errors import TradingError
from models.requests import OrderResult
from webapp.answers import Answer, Refused, failed
from webapp.services_integration import path_of_user, told

KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_MAX_REMEMBERED = 10_000

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing to send: about what, and how. Every part has a cause of its own."""

    about: Mapping[str, Any]
    """Account, market and side, for the answer."""
    name: str
    """Tells the part from its siblings; the same at every repeat."""
    send: Callable[[str], Awaitable[OrderResult]]
    """Sends under a cause, or tells what that cause did before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A row of the table of what can be confirmed.

    Attributes:
        parts: Returns what a payload makes to be sent.
        check: Looks once more before the token is used up, e.g. whether the price moved away.
        adds_risk: Whether it counts against the limit of orders, or has the larger one of closes and cancels.
    """

    kind: str
    parts: Callable[[TradingBackend, int, Payload], Awaitable[list[Part]]]
    check: Callable[[TradingBackend, int, Payload], Awaitable[None]] | None = None
    adds_risk: bool = False


@dataclass(slots=True)
class _Request:
    digest: str
    answer: "asyncio.Task[Answer]"


class Once:
    """Remembers what each idempotency key asked for, and its answer, as long as this process lives.

    Over a restart the journal takes its place: the same key has the same cause.
    """

    def __init__(self) -> None:
        self._requests: OrderedDict[tuple[int, str], _Request] = OrderedDict()

    async def run(self, user_id: int, key: str, digest: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer of a key's first request, doing the work only if there was none.

        A caller that goes away stops nothing: the work is the process's own.

        Raises:
            Refused: 422 when the key asked for something else before.
        """
        request = self._requests.get((user_id, key))
        if request is None:
            request = _Request(digest, asyncio.ensure_future(_task_of(work)))
            self._remember((user_id, key), request)
        elif request.digest != digest:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key asked for something else before; send a new one",
            )
        try:
            return await asyncio.shield(request.answer)
        finally:
            if request.answer.done() and not _is_settled(request.answer):
                self._requests.pop((user_id, key), None)  # asked again, it looks again

    def _remember(self, name: tuple[int, str], request: _Request) -> None:
        while len(self._requests) >= _MAX_REMEMBERED:
            self._requests.popitem(last=False)
        self._requests[name] = request


async def _task_of(work: Callable[[], Awaitable[Answer]]) -> Answer:
    return await work()


def _is_settled(task: "asyncio.Task[Answer]") -> bool:
    return not task.cancelled() and task.exception() is None and task.result()["success"] is not None


async def carry_out(deed: Deed, person: WebPerson, token: str, key: str, once: Once) -> Answer:
    """Do what a token stands for.

    Args:
        key: The request's idempotency key; its cause is made from it.

    Raises:
        Refused: The token is unknown, used, too old, or the price moved. Nothing was sent.
    """
    digest = hashlib.sha256(f"{deed.kind}:{token}".encode()).hexdigest()
    return await once.run(person.user_id, key, digest, lambda: _carry_out(deed, person.user_id, token, key))


async def _carry_out(deed: Deed, user_id: int, token: str, key: str) -> Answer:
    cause = cause_of(user_id, key)
    payload = await confirming.peek(user_id, token, deed.kind)
    if payload is None:
        raise _refused(Refusal.UNKNOWN)
    path = path_of_user(user_id)
    parts = await deed.parts(path, user_id, payload)
    is_begun = parts != [] and await confirming.recorded(f"{cause}:{parts[0].name}") is not None
    if deed.check is not None and not is_begun:
        await _check(deed, path, user_id, payload, token)
    taken = await confirming.take(user_id, token, cause=cause)
    if isinstance(taken, Refusal) and not is_begun:
        raise _refused(taken)
    return combined(await asyncio.gather(*(_send(part, cause) for part in parts)))


async def _check(deed: Deed, path: TradingBackend, user_id: int, payload: Payload, token: str) -> None:
    assert deed.check is not None
    try:
        await deed.check(path, user_id, payload)
    except Refused:
        await confirming.put_away(user_id, token)
        raise


async def _send(part: Part, cause: str) -> Answer:
    mine = f"{cause}:{part.name}"
    try:
        answer = told(await part.send(mine))
    except TradingError as e:
        answer = failed(e)
    return {"about": dict(part.about), "success": answer["success"], "result": answer["data"], "error": answer["error"]}


def cause_of(user_id: int, key: str) -> str:
    """Return the cause of a web request; its parts add their names to it."""
    return f"web:{user_id}:{key}"


def combined(parts: list[Answer]) -> Answer:
    """Return one answer for several parts: a success only if all are, undecided if any is."""
    words = {part["success"] for part in parts}
    success = None if None in words else False not in words
    error = next((part["error"] for part in parts if part["success"] is False), None)
    return {"success": success, "data": {"results": parts}, "error": error if success is False else None}


_REFUSALS = {
    Refusal.UNKNOWN: (HTTPStatus.NOT_FOUND, "confirm_unknown", "there is no such preview; make a new one"),
    Refusal.EXPIRED: (HTTPStatus.GONE, "confirm_expired", "the preview is too old; make a new one. Nothing was sent"),
    Refusal.USED: (HTTPStatus.CONFLICT, "confirm_used", "this was confirmed already. Nothing was sent again"),
}


def _refused(refusal: Refusal) -> Refused:
    return Refused(*_REFUSALS[refusal])


def checked_key(key: str | None) -> str:
    """Return a request's idempotency key.

    Raises:
        Refused: 400 without one, or for one that is none.
    """
    if key is None or not KEY.fullmatch(key):
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "idempotency_key_missing",
            "send an Idempotency-Key header: 8 to 64 letters, digits, - or _, a new one for each new request",
        )
    return key
