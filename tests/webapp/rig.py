"""A whole web app for one test: simulated venues, the open process, a real server, and somebody who asks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from core.runtime import Runtime, open_runtime
from db import Role
from exchanges.transport import Network
from sandbox import demo
from sandbox.server import Sandbox
from sandbox.telegram.records import User
from sandbox.telegram.webapp import sign_init_data
from tests.world import settings_for
from webapp.app import create_app
from webapp.gate import Gate
from webapp.limits import Limits, Rate
from webapp.server import Server, listen

OWNER = demo.OWNER_ID
STRANGER = demo.STRANGER_ID
_GENEROUS = 100
"""Rate budgets are this much larger: tests ask in seconds what people ask in hours."""
_PATIENCE_S = 30
UNHURRIED = Limits(**dict.fromkeys(Limits.__dataclass_fields__, (Rate(1_000_000, 1),)))
"""For a web app that nobody asks too often."""


def launch_data(user_id: int = OWNER, *, token: str = demo.TELEGRAM_TOKEN, age_s: float = 0, **more: Any) -> str:
    """Return launch data as Telegram would sign it."""
    user = User(id=user_id, first_name="Olena", username="olena", language_code="uk")
    return sign_init_data(token, user, auth_date=datetime.now(UTC) - timedelta(seconds=age_s), **more)


@dataclass(slots=True)
class Person:
    """Somebody with a session."""

    http: httpx.AsyncClient
    token: str = ""
    keys: int = field(default=0)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask for something."""
        return await self.http.get(path, params=query, headers=self._headers())

    async def post(self, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Send something; trade requests get a fresh key unless one is given."""
        self.keys += 1
        headers = {**self._headers(), "Idempotency-Key": key or f"test-key-{id(self)}-{self.keys}"}
        return await self.http.post(path, json=body, headers=headers, **more)

    async def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send something by another method."""
        return await self.http.request(method, path, json=body, headers=self._headers())

    async def data(self, path: str, **query: Any) -> Any:
        """Ask for something that must be there."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def done(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Send something that must succeed."""
        answer = await self.post(path, body, key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass(slots=True)
class Rig:
    """The running whole."""

    sandbox: Sandbox
    runtime: Runtime
    app: Gate
    url: str
    http: httpx.AsyncClient

    async def login(self, user_id: int = OWNER, *, role: Role | None = Role.ADMIN) -> Person:
        """Let somebody in and log them in."""
        if role is not None:
            await self.runtime.store.users.set_role(user_id, role)
        answer = await self.http.post("/api/auth/telegram", json={"init_data": launch_data(user_id)})
        assert answer.status_code == 200, answer.text
        return Person(self.http, answer.json()["data"]["token"])

    def sent(self, operation: str) -> int:
        """Return how many requests of a kind really reached a venue."""
        return sum(1 for _ in self.sandbox.world.journal.find(text=operation))

    @property
    def nobody(self) -> Person:
        """Somebody without a session."""
        return Person(self.http)


@asynccontextmanager
async def running_web_app(
    sandbox: Sandbox, folder: Path, *, limits: Limits | None = None, **overrides: Any
) -> AsyncIterator[Rig]:
    """Run the web app against a sandbox until the block ends."""
    settings = settings_for(sandbox, folder, webapp_port=0, **overrides)
    async with open_runtime(settings, role="webapp", network=Network(share=_GENEROUS), with_jobs=False) as runtime:
        app = create_app(runtime, limits=limits)
        async with serving(app, settings) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Rig(sandbox, runtime, app, url, http)


@asynccontextmanager
async def serving(app: Gate, settings: Any) -> AsyncIterator[str]:
    """Serve an application at an address of its own."""
    listening = listen(settings)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    is_ready = asyncio.Event()
    server = Server(app, is_ready.set)
    task = asyncio.create_task(server.serve([listening]))
    async with asyncio.timeout(_PATIENCE_S):
        await is_ready.wait()
    try:
        yield url
    finally:
        app.close()
        server.should_exit = True
        await asyncio.wait_for(task, _PATIENCE_S)


def error_code(answer: httpx.Response) -> str:
    """Return the code of an answer that is an error."""
    body: Mapping[str, Any] = answer.json()
    assert body["success"] is not True
    return str(body["error"]["code"])
