"""Files that were sent: kept in memory, named by Telegram's two identifiers.

https://core.telegram.org/bots/api#file
"""

import hashlib
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from sandbox.telegram.wire import Json, Upload, bad_request

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES: Final = 50 * 1024 * 1024
_MAX_PHOTO_SIDES: Final = 10_000  # width and height together
_MAX_PHOTO_RATIO: Final = 20
_KEPT_BYTES: Final = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file on the server. Photos know their size in pixels; documents have none."""

    file_id: str
    file_unique_id: str
    file_path: str
    name: str
    mime_type: str
    data: bytes
    width: int | None = None
    height: int | None = None

    @property
    def is_photo(self) -> bool:
        """Tell whether it was sent as a photo."""
        return self.width is not None

    def to_dict(self) -> dict[str, Json]:
        """Return Telegram's File object."""
        return {**self._ids(), "file_path": self.file_path}

    def as_media(self) -> dict[str, Json]:
        """Return the `photo` or `document` field of the message that carries the file."""
        if self.is_photo:
            return {"photo": [{**self._ids(), "width": self.width, "height": self.height}]}
        return {"document": {**self._ids(), "file_name": self.name, "mime_type": self.mime_type}}

    def _ids(self) -> dict[str, Json]:
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": len(self.data)}


class FileStore:
    """Keeps what was uploaded, forgetting the oldest files above 200 MB."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._count = 0

    def find(self, file_id: str) -> StoredFile | None:
        """Return the file with this identifier, or None."""
        return self._by_id.get(file_id)

    def at_path(self, path: str) -> StoredFile | None:
        """Return the file that getFile offered under this path, or None."""
        return next((stored for stored in self._by_id.values() if stored.file_path == path), None)

    def add_photo(self, upload: Upload) -> StoredFile:
        """Store a picture, refusing what Telegram's servers would refuse."""
        if len(upload.data) > MAX_PHOTO_BYTES:
            raise bad_request("file is too big for a photo")
        size = image_size(upload.data)
        if size is None:
            raise bad_request("IMAGE_PROCESS_FAILED")
        width, height = size
        if width + height > _MAX_PHOTO_SIDES or max(size) > _MAX_PHOTO_RATIO * min(size):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return self._add(upload, folder="photos", size=size)

    def add_document(self, upload: Upload) -> StoredFile:
        """Store any other file."""
        if not upload.data:
            raise bad_request("file must be non-empty")
        if len(upload.data) > MAX_DOCUMENT_BYTES:
            raise bad_request("file is too big")
        return self._add(upload, folder="documents", size=None)

    def newest(self, max_bytes: int) -> list[StoredFile]:
        """Return the newest files that together take at most so many bytes, oldest first."""
        chosen: list[StoredFile] = []
        for stored in reversed(self._by_id.values()):
            max_bytes -= len(stored.data)
            if max_bytes < 0:
                break
            chosen.append(stored)
        return chosen[::-1]

    def restore(self, stored: StoredFile) -> None:
        """Take in a file of an earlier run under its old identifiers."""
        self._by_id[stored.file_id] = stored
        self._count = max(self._count, len(self._by_id))

    def _add(self, upload: Upload, *, folder: str, size: tuple[int, int] | None) -> StoredFile:
        digest = hashlib.sha256(upload.data).hexdigest()
        number, self._count = self._count, self._count + 1
        _, dot, extension = upload.name.rpartition(".")
        stored = StoredFile(
            file_id=f"SANDBOX-{folder[:-1]}-{number}-{secrets.token_hex(8)}",
            file_unique_id=digest[:16],
            file_path=f"{folder}/file_{number}_{digest[:6]}{dot}{extension if dot else ''}",
            name=upload.name,
            mime_type=upload.mime_type,
            data=upload.data,
            width=size[0] if size else None,
            height=size[1] if size else None,
        )
        self._by_id[stored.file_id] = stored
        self._forget()
        return stored

    def _forget(self) -> None:
        kept = sum(len(stored.data) for stored in self._by_id.values())
        for file_id, stored in list(self._by_id.items())[:-1]:
            if kept <= _KEPT_BYTES:
                return
            kept -= len(stored.data)
            del self._by_id[file_id]


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels of a PNG, GIF or JPEG, or None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
    elif data[:6] in {b"GIF87a", b"GIF89a"} and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
    elif data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    else:
        return None
    return (width, height) if width and height else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments of a JPEG up to the frame header, where its size is written."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None
