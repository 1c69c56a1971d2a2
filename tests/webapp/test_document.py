"""The API document is true: whatever it lets people send is answered as it says, and never with a crash.

Schemathesis makes the requests, good ones and bad ones, from the document alone; the same ones at every run.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from db import Role
from sandbox.server import Sandbox
from tests.webapp.rig import STRANGER, UNHURRIED, Person, Rig, running_web_app
from webapp.app import ROUTERS
from webapp.document import EXAMPLES, documented, operations

PATIENCE_S = 10
ENDLESS = "/api/stream"
"""It answers until the page goes away; `test_stream.py` asks it."""
LOGGING_OUT = "/api/auth/logout"
READ = (
    *(f"/api/{name}" for name in ("me", "accounts", "settings", "alerts", "keys/venues")),
    *(f"/api/trading/{name}" for name in ("balance", "positions", "orders", "portfolio", "history", "stats")),
    *(f"/api/trading/{name}" for name in ("ticker", "candles", "instruments")),
)
CONFIRMED = ("order", "leverage", "tpsl", "close", "cancel-all", "close-all")
CHANGED = (
    ("PATCH", "/api/me"),
    ("PUT", "/api/accounts/picked"),
    ("PUT", "/api/accounts/{exchange}/{account_type}/name"),
    ("PUT", "/api/settings/{key}"),
    ("PUT", "/api/pause"),
    ("POST", "/api/alerts"),
)


def bad_is_refused(context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Fail where something that the document does not allow was taken. Refused for its size is refused."""
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return None
    return openapi.negative_data_rejection(context, response, case)


CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    bad_is_refused,
]
the_same_each_time = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def unhurried(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    """A web app that nobody asks too often."""
    async with running_web_app(sandbox, tmp_path, limits=UNHURRIED) as rig:
        yield rig


class Asking:
    """Sends what Schemathesis thinks of, as one person.

    Args:
        each: How many good requests of a route, and how many bad ones.
    """

    def __init__(self, document: Mapping[str, Any], url: str, person: Person, each: int) -> None:
        self.schema = schemathesis.openapi.from_dict(dict(document))
        self.statuses: set[int] = set()
        self._url, self._each = url, each
        self._headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}

    def everything(self, skipping: Iterable[str]) -> None:
        """Ask every route but some, well and badly."""
        with requests.Session() as session:
            for found in self.schema.get_all_operations():
                operation: Any = found.ok()  # type: ignore[union-attr]  # one that cannot be read has no such method
                if operation.path in skipping:
                    continue
                self._send(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), session)
                if operation.body or operation.query or operation.path_parameters:
                    self._send(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), session)

    def _send(self, cases: SearchStrategy[Case[Any]], session: requests.Session) -> None:
        @settings(the_same_each_time, max_examples=self._each)
        @given(case=cases)
        def ask(case: Case[Any]) -> None:
            answer = case.call_and_validate(
                base_url=self._url, session=session, headers=self._headers, checks=CHECKS, timeout=PATIENCE_S
            )
            self.statuses.add(answer.status_code)

        ask()


async def test_every_request_is_answered_as_the_document_says(unhurried: Rig) -> None:
    document = unhurried.app.inside.openapi()
    trader = await unhurried.login()
    viewer = await unhurried.login(STRANGER, role=Role.VIEWER)
    statuses: list[set[int]] = []
    for person, each, skipping in (
        (trader, 5, {ENDLESS, LOGGING_OUT}),
        (viewer, 2, {ENDLESS, LOGGING_OUT}),
        (unhurried.nobody, 1, set[str]()),
    ):
        asking = Asking(document, unhurried.url, person, each)
        await asyncio.to_thread(asking.everything, skipping)
        statuses.append(asking.statuses)
    assert {200, 422} <= statuses[0]
    assert {200, 403} <= statuses[1]
    assert {200, 401} <= statuses[2]
    assert (await trader.get("/api/me")).status_code == 200  # nothing that was sent shut anybody out


def bare_document() -> dict[str, Any]:
    """Return the document of an app that does not run."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    documented(app)
    return app.openapi()


def test_every_route_has_an_example_of_what_goes_in_and_what_comes_out() -> None:
    for method, path, row in operations(bare_document()):
        for status, answer in row["responses"].items():
            assert all("example" in told for told in answer["content"].values()), (method, path, status)
        for body in row.get("requestBody", {}).get("content", {}).values():
            assert body["example"] is not None, (method, path)
        for part in row.get("parameters", ()):
            assert not part["required"] or part["schema"]["examples"], (method, path, part["name"])


def test_no_example_is_kept_of_a_route_that_is_no_more() -> None:
    there = {f"{method} {path}" for method, path, _ in operations(bare_document())}
    assert set(json.loads(EXAMPLES.read_text(encoding="utf-8"))) == there


async def test_examples_can_be_sent_and_are_answered_as_shown(rig: Rig, owner: Person) -> None:
    rows = {(method, path): row for method, path, row in operations(rig.app.inside.openapi())}

    def is_as_shown(method: str, path: str, data: Any) -> bool:
        shown = rows[method, path]["responses"]["200"]["content"]["application/json"]["example"]["data"]
        return has_shape(data, shown)

    for path in READ:
        assert is_as_shown("GET", path, await owner.data(path, **required(rows["GET", path]))), path
    for deed in CONFIRMED:
        path = f"/api/trading/{deed}"
        preview = await owner.done(f"{path}/preview", body_of(rows["POST", f"{path}/preview"]))
        assert is_as_shown("POST", f"{path}/preview", preview), path
        assert is_as_shown("POST", path, await owner.done(path, {"confirm": preview["confirm"]})), path
    for method, path in CHANGED:
        row = rows[method, path]
        answer = await owner.send(method, path.format(**required(row)), body_of(row))
        assert answer.status_code == 200, (path, answer.text)
        assert is_as_shown(method, path, answer.json()["data"]), path


def body_of(row: Mapping[str, Any]) -> Any:
    """Return the body that the document shows."""
    return row["requestBody"]["content"]["application/json"]["example"]


def required(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that must be there, as the document shows them."""
    parts = [part for part in row.get("parameters", ()) if part["required"]]
    return {part["name"]: part["schema"]["examples"][0] for part in parts}


def has_shape(data: Any, shown: Any) -> bool:
    """Tell whether an answer has the names that its example has. What is null or empty in one is not compared."""
    if isinstance(data, dict) and isinstance(shown, dict):
        return data.keys() == shown.keys() and all(has_shape(data[name], shown[name]) for name in data)
    if isinstance(data, list) and isinstance(shown, list):
        return all(has_shape(row, shown[0]) for row in data) if shown else True
    return data is None or shown is None or not (isinstance(data, dict | list) or isinstance(shown, dict | list))
