"""From an HTTP request to the fields of a Bot API call, whichever way they were encoded.

https://core.telegram.org/bots/api#making-requests
"""

import mimetypes
from typing import Final

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox.telegram.wire import Json, Params, Upload, bad_request

MAX_REQUEST_BYTES: Final = 60 * 1024 * 1024


async def read_params(request: web.Request, declared: frozenset[str]) -> Params:
    """Return the fields of a call from its query string and its form, multipart or JSON body."""
    values: dict[str, Json] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values |= await _json_body(request)
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, FileField):
                files[name] = _upload(value)
            else:
                values[name] = value
    return Params(values, files, declared)


async def _json_body(request: web.Request) -> dict[str, Json]:
    try:
        body = await request.json()
    except ValueError as error:
        raise bad_request("can't parse JSON object in the request body") from error
    if not isinstance(body, dict):
        raise bad_request("JSON object expected in the request body")
    return body


def _upload(field: FileField) -> Upload:
    name = field.filename or "file"
    guessed = mimetypes.guess_type(name)[0]
    kind = guessed if field.content_type in {"", "application/octet-stream"} else field.content_type
    return Upload(name=name, mime_type=kind or "application/octet-stream", data=field.file.read())
