"""From an HTTP request to the fields of a Bot API call, whichever way they were encoded.

https://core.telegram.org/bots/api#making-requests
"""

import asyncio
import mimetypes
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web

from sandbox.telegram.wire import Json, Params, Upload, bad_request

MAX_REQUEST_BYTES: Final = 60 * 1024 * 1024
_UNKNOWN: Final = "application/octet-stream"


async def read_params(request: web.Request, declared: frozenset[str]) -> Params:
    """Return the fields of a call from its query string and its form, multipart or JSON body."""
    values: dict[str, Json] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values |= await _json_body(request)
    elif request.content_type == "multipart/form-data":
        await _multipart_body(request, values, files)
    else:
        values |= await request.post()
    return Params(values, files, declared)


async def _json_body(request: web.Request) -> dict[str, Json]:
    try:
        body = await request.json()
    except ValueError as error:
        raise bad_request("can't parse JSON object in the request body") from error
    if not isinstance(body, dict):
        raise bad_request("JSON object expected in the request body")
    return body


async def _multipart_body(request: web.Request, values: dict[str, Json], files: dict[str, Upload]) -> None:
    """Take the parts apart from the bytes, not from the stream: a middleware may have read the body before."""
    stream = StreamReader(request.protocol, MAX_REQUEST_BYTES, loop=asyncio.get_running_loop())
    stream.feed_data(await request.read())
    stream.feed_eof()
    async for part in MultipartReader(request.headers, stream):
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytes(await part.read(decode=True))
        if part.filename is None:
            values[part.name] = data.decode()
        else:
            files[part.name] = _upload(part.filename, part.headers.get(hdrs.CONTENT_TYPE, ""), data)


def _upload(name: str, claimed: str, data: bytes) -> Upload:
    kind = mimetypes.guess_type(name)[0] if claimed in {"", _UNKNOWN} else claimed
    return Upload(name=name, mime_type=kind or _UNKNOWN, data=data)
