"""Requests and errors of the Bot API as they travel over HTTP.

https://core.telegram.org/bots/api#making-requests
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_TYPE_NAMES = {str: "String", bool: "Boolean", list: "Array", dict: "Object", int: "Number"}

Json = Any
"""A decoded JSON value. Telegram's objects nest freely; they are checked field by field where they are read."""


class ApiError(Exception):
    """An answer with `ok: false`; the description is Telegram's own sentence."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON body that Telegram sends with this error."""
        body: dict[str, Json] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> ApiError:
    """Return a 400: the request can never succeed as it is."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """Return a 403: the receiver does not let the bot do this."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """Return a 409: two ways of receiving updates collide."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """Return a 429 that names the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def unix_seconds(moment: datetime) -> int:
    """Return a time as Telegram writes it: whole seconds since 1970."""
    return int(moment.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a multipart request."""

    name: str
    mime_type: str
    data: bytes


class Params:
    """The fields of one request, whichever of the four encodings carried them.

    Form fields are always text, JSON bodies carry real types; every reader accepts both. Reading a field that the
    method does not declare is a mistake in the server, so it raises `KeyError`.
    """

    def __init__(self, values: Mapping[str, Json], files: Mapping[str, Upload], declared: frozenset[str]) -> None:
        self._values = values
        self._files = files
        self._declared = declared

    def declares(self, name: str) -> bool:
        """Tell whether the method has this field."""
        return name in self._declared

    def _raw(self, name: str) -> Json:
        if name not in self._declared:
            raise KeyError(name)
        return self._values.get(name)

    def readable(self) -> dict[str, Json]:
        """Return everything that was sent, nested JSON decoded and files as their name and size."""
        files = {name: f"{upload.name} ({len(upload.data)} bytes)" for name, upload in self._files.items()}
        return {name: _decoded(value) for name, value in self._values.items()} | files

    def text(self, name: str) -> str | None:
        """Return a text field, or None where it is absent."""
        value = self._raw(name)
        return None if value is None else str(value)

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None where it is absent or is not one (Telegram reads those as unset)."""
        value = self._raw(name)
        try:
            return None if value is None else int(value)
        except (TypeError, ValueError):
            return None

    def flag(self, name: str) -> bool:
        """Return a yes/no field; absent means no."""
        return str(self._raw(name)).lower() in {"true", "yes", "1"}

    def structure(self, name: str) -> Json:
        """Return a JSON-serialized field decoded, or None where it is absent or empty."""
        value = self._raw(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error

    def upload(self, name: str) -> Upload | None:
        """Return the file a field carries: sent under its own name or pointed to by `attach://`."""
        own = self._files.get(name)
        if own is not None:
            return own
        value = self._values.get(name)
        return self.attached(value) if isinstance(value, str) else None

    def attached(self, reference: str) -> Upload | None:
        """Return the file that `attach://<name>` points to, or None for any other text."""
        if not reference.startswith("attach://"):
            return None
        upload = self._files.get(reference.removeprefix("attach://"))
        if upload is None:
            raise bad_request("there is no such file in the request")
        return upload


def _decoded(value: Json) -> Json:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        with suppress(ValueError):
            return json.loads(value)
    return value


def typed(owner: Mapping[str, Json], field: str, kind: type) -> Json:
    """Return an optional field of a JSON object, refusing a wrong type in Telegram's words."""
    value = owner.get(field)
    if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        raise bad_request(f'field "{field}" must be of type {_TYPE_NAMES[kind]}')
    return value


def required(owner: Mapping[str, Json], field: str, kind: type) -> Json:
    """Return a mandatory field of a JSON object, refusing its absence in Telegram's words."""
    value = typed(owner, field, kind)
    if value is None:
        raise bad_request(f'can\'t find field "{field}"')
    return value
