"""Places that are no venue: what a connection may meet before a request ever leaves."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.exchanges.wire_server import hang_up

UNRESOLVABLE = "http://venue.invalid:1"
"""No name server knows it: https://www.rfc-editor.org/rfc/rfc6761"""
_MANY = 8


def closed_port() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def black_hole() -> Iterator[str]:
    """Open an address whose queue of connections is full and never taken: further ones get no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(_MANY)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


class Heard:
    """What arrived at a place."""

    def __init__(self) -> None:
        self.url = ""
        self.bytes = b""


@asynccontextmanager
async def impostor(folder: Path) -> AsyncIterator[Heard]:
    """Open an https address with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    async with _listening(context) as heard:
        heard.url = heard.url.replace("http:", "https:")
        yield heard


@asynccontextmanager
async def stalled_handshake() -> AsyncIterator[Heard]:
    """Open an https address that takes connections and never says a word."""
    async with _listening(None) as heard:
        heard.url = heard.url.replace("http:", "https:")
        yield heard


@asynccontextmanager
async def _listening(context: ssl.SSLContext | None) -> AsyncIterator[Heard]:
    heard, writers = Heard(), list[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                heard.bytes += chunk

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    heard.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield heard
    finally:
        server.close()
        await hang_up(writers)


class Cutter:
    """A line to a server that breaks when a client reuses a connection to say something it must not.

    Args:
        port: The server's.
        word: What breaks the line before it is passed on; nothing, while it is empty.
    """

    def __init__(self, port: int, word: bytes = b"") -> None:
        self._port = port
        self.word = word
        self.cut = 0
        """How often the line broke."""
        self.when_cut: Callable[[], None] | None = None
        """Called when half of such a request has passed; without it nothing of it passes."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Open the line and return its address."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await hang_up(self._writers)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways until one end closes or the line breaks."""
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(there_writer)
        ways = (reader, there_writer), (there_reader, writer)
        both = [asyncio.create_task(self._pass_on(*way)) for way in ways]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            await hang_up((writer, there_writer))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                if self.word and self.word in chunk:
                    self.cut += 1
                    target.write(chunk[: len(chunk) // 2 if self.when_cut else 0])
                    await target.drain()
                    if self.when_cut:
                        self.when_cut()
                    return
                target.write(chunk)
                await target.drain()


def _certificate(folder: Path) -> Path:
    """Write a fresh key and its own certificate for 127.0.0.1 into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "impostor.pem"
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path
