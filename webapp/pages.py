"""The page and its files, read once at start: what is not in the table does not exist, whatever the path says."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

STATIC: Final = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_PLACE = b"{{static}}"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}
_SMALL = 1024
_NO_DEVICES = {"Permissions-Policy": "camera=(), microphone=(), geolocation=()"}


@dataclass(frozen=True, slots=True)
class File:
    """One file, ready to be sent."""

    body: bytes
    packed: bytes | None
    """The same, gzipped, where that is smaller."""
    kind: str


class Pages:
    """Every file under `static`, and the address under which browsers may keep them for ever."""

    def __init__(self, folder: Path = STATIC) -> None:
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        bodies = {name: path.read_bytes() for name, path in files.items()}
        digest = hashlib.sha256()
        for name, body in bodies.items():
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.base = f"/static/{digest.hexdigest()[:16]}"
        self._files: Mapping[str, File] = {name: _file(name, body) for name, body in bodies.items()}
        self.index = _file("index.html", bodies["index.html"].replace(_PLACE, self.base.encode()))

    def find(self, version: str, name: str) -> File | None:
        """Return a file of this very version of the page."""
        return self._files.get(name) if f"/static/{version}" == self.base else None


def _file(name: str, body: bytes) -> File:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind in {"application/json", "image/svg+xml", "application/manifest+json"}
    packed = gzip.compress(body, mtime=0) if is_text and len(body) > _SMALL else None
    return File(body, packed, f"{kind}; charset=utf-8" if is_text else kind)


router = APIRouter(include_in_schema=False)


@router.get("/")
async def index(request: Request) -> Response:
    """Return the page."""
    return _response(request, request.app.state.pages.index, _ASK_AGAIN)


@router.get("/static/{version}/{name:path}")
async def static(request: Request, version: str, name: str) -> Response:
    """Return one of the page's files."""
    file = request.app.state.pages.find(version, name)
    if file is None:
        raise HTTPException(404)
    return _response(request, file, _FOR_EVER)


def _response(request: Request, file: File, caching: str) -> Response:
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding", **_NO_DEVICES}
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.kind)
    return Response(file.body, headers=headers, media_type=file.kind)
