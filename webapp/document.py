"""The API document: what FastAPI knows of every route, each status it may answer with, and examples both ways.

Errors have one shape on every route, which is not FastAPI's own; `examples.json` holds an answer of each route, as the
sandbox gave it, with lists cut to one row.
"""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

EXAMPLES: Final = Path(__file__).with_name("examples.json")
Row = dict[str, Any]
_JSON = "application/json"
_STREAM = "text/event-stream"

_ANYWHERE = (413, 429, 431, 500, 503)
_OF_A_SESSION = (401, 403)
_OF_INPUT = (422,)
_OF_A_BODY = (400, 408)
_OF_ACCOUNTS = (404, 409, 502)
_OF_A_CONFIRMATION = (202, 400, 410)
_ABOUT_ACCOUNTS = frozenset({"trading", "orders", "keys", "alerts", "stream", "me"})

_ERRORS: dict[int, tuple[str, str, str, str]] = {
    202: ("Nobody knows yet whether it was done", "outcome_unknown", "no_answer", "asked for, and not answered yet"),
    400: ("The request is no request", "refused", "idempotency_key_missing", "send an Idempotency-Key header"),
    401: ("There is no living session", "refused", "session_ended", "the session ended; log in again"),
    403: ("Not allowed", "refused", "viewer_cannot_trade", "you may look, not trade"),
    404: ("There is no such thing", "bad_order", "unknown_symbol", "no such market"),
    408: ("The body came too slowly", "refused", "too_slow", "Request Timeout"),
    409: ("It cannot be done now", "no_credentials", "no_credentials", "connect this account first"),
    410: ("The preview is too old", "refused", "confirm_expired", "the preview is too old; make a new one"),
    413: ("The body is too large", "refused", "too_large", "at most 16384 bytes"),
    422: ("What was sent means nothing", "bad_request", "malformed", "query.symbol: Field required"),
    429: ("Too much at once", "refused", "too_many_requests", "wait a moment and try again"),
    431: ("Too many headers", "refused", "too_many_headers", "at most 100 headers"),
    500: ("Something broke here", "crash", "crash", "something went wrong here"),
    502: ("The venue said what it never says", "bad_payload", "bad_payload", "the answer could not be read"),
    503: ("The venue, or the database, does not answer", "unavailable", "timeout", "no answer in time"),
}
"""What each status means, and the kind, code and message of an example."""
_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After"}

_PROBLEM: Row = {
    "type": "object",
    "description": "What went wrong.",
    "required": ["kind", "code", "message", "fields"],
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "description": "The class of the error."},
        "code": {"type": "string", "description": "The error itself, for programs."},
        "message": {"type": "string", "description": "The error in one sentence, for people."},
        "fields": {"type": "object", "description": "What the sentence speaks of."},
    },
}
_PROBLEM_IS: Row = {"$ref": "#/components/schemas/Problem"}


def _shape(description: str, success: Row, error: Row) -> Row:
    return {
        "type": "object",
        "description": description,
        "required": ["success", "data", "error"],
        "properties": {"success": success, "data": {}, "error": error},
    }


_SHAPES: dict[str, Row] = {
    "Problem": _PROBLEM,
    "Done": _shape("What was asked for.", {"const": True}, {"type": "null"}),
    "Failed": _shape("Why there is no answer; `data` holds what was done nevertheless.", {"const": False}, _PROBLEM_IS),
    "Undecided": _shape(
        "Nobody knows yet whether it was done; it is looked up, never to be sent again.",
        {"enum": [None, False]},
        {"anyOf": [_PROBLEM_IS, {"type": "null"}]},
    ),
    "Health": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
}
_FASTAPIS = ("HTTPValidationError", "ValidationError")


def documented(app: FastAPI) -> None:
    """Make an application serve its document with every status and an example of each answer."""
    plain = app.openapi

    def document() -> Row:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's documentation says


def operations(document: Row) -> Iterator[tuple[str, str, Row]]:
    """Return every operation of a document: method, path and description."""
    for path, rows in document["paths"].items():
        for method, row in rows.items():
            yield method.upper(), path, row


def _completed(document: Row) -> Row:
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    for name in _FASTAPIS:
        schemas.pop(name, None)
    schemas.update(_SHAPES)
    for method, path, row in operations(document):
        success = _success(path, row, examples[f"{method} {path}"])
        for body in row.get("requestBody", {}).get("content", {}).values():
            body["example"] = _sample(body["schema"], schemas)
        row["responses"] = {"200": success, **{str(status): _error(status) for status in _statuses(row)}}
    return document


def _success(path: str, row: Row, example: Any) -> Row:
    """Return how an answer is described: as its route does, or as any answer is."""
    kind = _STREAM if "stream" in row.get("tags", ()) else _JSON
    told = row["responses"]["200"].get("content", {}).get(_JSON, {}).get("schema")
    schema = {"type": "string"} if kind == _STREAM else told or {"$ref": f"#/components/schemas/{_shape_of(path)}"}
    return {"description": "Done", "content": {kind: {"schema": schema, "example": example}}}


def _shape_of(path: str) -> str:
    return "Done" if path.startswith("/api/") else "Health"


def _sample(schema: Row, schemas: Row) -> Any:
    """Return an example of a body: what it must say, and what else it has an example of."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _sample(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    required = schema.get("required", ())
    told = {name: row for name, row in schema["properties"].items() if name in required or "examples" in row}
    return {name: _sample(row, schemas) for name, row in told.items()}


def _statuses(row: Row) -> list[int]:
    """Return what an operation may answer besides 200, by what it asks for and what it is about."""
    has_body, tags = "requestBody" in row, set(row.get("tags", ()))
    is_confirmation = any(part["name"] == "Idempotency-Key" for part in row.get("parameters", ()))
    found = set(_ANYWHERE)
    for holds, statuses in (
        ("security" in row or "auth" in tags, _OF_A_SESSION),
        (has_body or bool(row.get("parameters")), _OF_INPUT),
        (has_body, _OF_A_BODY),
        (bool(tags & _ABOUT_ACCOUNTS), _OF_ACCOUNTS),
        (is_confirmation, _OF_A_CONFIRMATION),
    ):
        found.update(statuses if holds else ())
    return sorted(found)


def _error(status: int) -> Row:
    description, kind, code, message = _ERRORS[status]
    is_undecided = status == HTTPStatus.ACCEPTED
    example = {
        "success": None if is_undecided else False,
        "data": None,
        "error": {"kind": kind, "code": code, "message": message, "fields": {}},
    }
    schema = {"$ref": f"#/components/schemas/{'Undecided' if is_undecided else 'Failed'}"}
    told: Row = {"description": description, "content": {_JSON: {"schema": schema, "example": example}}}
    if status in _HEADERS:
        told["headers"] = {_HEADERS[status]: {"schema": {"type": "string"}}}
    return told
