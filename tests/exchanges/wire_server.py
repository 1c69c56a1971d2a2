"""A hand-written HTTP peer: keeps what it received, answers from a script, and fails the way networks do."""

import asyncio
import json
import ssl
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any


class Fault(Enum):
    """How a connection can end without a usable answer, after the request was read."""

    RESET = "reset"
    CLOSE = "close"
    SILENCE = "silence"
    CUT_BODY = "cut_body"
    CUT_CHUNKS = "cut_chunks"
    TRICKLE = "trickle"


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request, exactly as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.target.partition("?")[2].split("&") if pair)
        return {name: value for name, _, value in pairs}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; `body` is sent as it is."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


Script = Callable[[Received], Reply | Fault]


def reply(value: object, **options: Any) -> Reply:
    """Return a JSON answer."""
    return Reply(body=json.dumps(value).encode(), **options)


async def hang_up(writers: Iterable[asyncio.StreamWriter]) -> None:
    """End connections at once, whoever serves them, and wait until they are gone."""
    writers = list(writers)
    for writer in writers:
        writer.transport.abort()
    for writer in writers:
        with suppress(OSError):
            await writer.wait_closed()


class WireServer:
    """Listens on a free port of 127.0.0.1 while it is entered; `requests` grows with every complete request."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[Received] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "WireServer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await hang_up(self._writers)

    def to(self, path: str) -> list[Received]:
        """Return the requests to one path."""
        return [request for request in self.requests if request.path == path]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.arrived.set()
                answer = self.script(request)
                if isinstance(answer, Fault):
                    await _fail(answer, writer)
                    return
                await asyncio.sleep(answer.after_s)
                writer.write(_head(answer.status, len(answer.body), answer.headers) + answer.body)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    lowered = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(lowered.get("content-length", "0")))
    return Received(method=method, target=target, headers=headers, body=body)


async def _fail(fault: Fault, writer: asyncio.StreamWriter) -> None:
    if fault is Fault.SILENCE:
        await asyncio.sleep(3600)
    if fault is Fault.RESET:
        sock = writer.get_extra_info("socket")
        linger_none = struct.pack("ii", 1, 0)
        sock.setsockopt(1, 13, linger_none)  # SO_LINGER 0: closing resets
        writer.transport.abort()
    if fault is Fault.CUT_BODY:
        writer.write(_head(200, 1000, {}) + b'{"retCode": 0')
        await writer.drain()
    if fault is Fault.CUT_CHUNKS:
        writer.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ret\r\n')
        await writer.drain()
    if fault is Fault.TRICKLE:
        writer.write(_head(200, 1000, {}))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)


def _head(status: int, length: int, headers: dict[str, str]) -> bytes:
    fields = {"Content-Type": "application/json", "Content-Length": str(length), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode()
