"""What a request proves when it fails, and that nothing is ever sent twice."""

import asyncio
import gzip
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exchanges.pacing import Cost, Limit, Purpose
from exchanges.transport import MAX_ANSWER, Budget, Network, Transport
from models.errors import NotSent, OutcomeUnknown, Unavailable
from tests.exchanges.wire_server import Fault, Received, Reply, WireServer

BUDGET = Budget(scope="test", limit=Limit(weight=1000, window_s=1))
IMPATIENT = aiohttp.ClientTimeout(total=1.5, sock_connect=1.2, sock_read=0.5)
READ = Cost(purpose=Purpose.READ)


def transport_to(url: str, network: Network) -> Transport:
    return network.transport(url, BUDGET)


async def post(network: Network, url: str) -> bytes:
    answer = await transport_to(url, network).request("POST", f"{url}/order", body=b'{"qty":"1"}')
    return answer.body


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize("fault", Fault)
async def test_lost_answer_proves_nothing_and_the_request_went_out_once(fault: Fault) -> None:
    async with WireServer(lambda request: fault) as server, Network(timeout=IMPATIENT) as network:
        with pytest.raises(OutcomeUnknown):
            await post(network, server.url)
        assert [request.method for request in server.requests] == ["POST"]


async def test_slow_answer_proves_nothing() -> None:
    async with WireServer(lambda request: Reply(after_s=5)) as server, Network(timeout=IMPATIENT) as network:
        with pytest.raises(OutcomeUnknown):
            await post(network, server.url)


async def test_connection_that_dies_before_its_second_request_proves_nothing() -> None:
    answers: list[Reply | Fault] = [Reply(), Fault.CLOSE]
    async with WireServer(lambda request: answers.pop(0)) as server, Network(timeout=IMPATIENT) as network:
        await post(network, server.url)
        with pytest.raises(OutcomeUnknown):
            await post(network, server.url)
        assert len(server.requests) == 2
        assert server.connections == 1


async def test_refused_connection_proves_that_nothing_was_sent() -> None:
    async with Network(timeout=IMPATIENT) as network:
        with pytest.raises(NotSent) as caught:
            await post(network, f"http://127.0.0.1:{closed_port()}")
        assert caught.value.code == "unreachable"


async def test_unknown_host_proves_that_nothing_was_sent() -> None:
    async with Network(timeout=IMPATIENT) as network:
        with pytest.raises(NotSent):
            await post(network, "http://venue.invalid")


async def test_silent_route_proves_that_nothing_was_sent() -> None:
    """A listener whose queue is full drops further connections, as a firewall would."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        async with Network(timeout=IMPATIENT) as network:
            with pytest.raises(NotSent):
                await post(network, f"http://127.0.0.1:{full.getsockname()[1]}")
        for filler in fillers:
            filler.close()


async def test_certificate_of_nobody_proves_that_nothing_was_sent(self_signed: ssl.SSLContext) -> None:
    async with WireServer(lambda request: Reply(), tls=self_signed) as server, Network(timeout=IMPATIENT) as network:
        with pytest.raises(NotSent):
            await post(network, server.url)
        assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(status: int) -> None:
    def script(request: Received) -> Reply:
        return Reply(status=status, headers={"Location": "/elsewhere"})

    async with WireServer(script) as server, Network(timeout=IMPATIENT) as network:
        answer = await transport_to(server.url, network).request("POST", f"{server.url}/order", body=b"{}")
        assert answer.status == status
        assert [request.target for request in server.requests] == ["/order"]


async def test_answer_without_end_is_cut_off() -> None:
    async with WireServer(lambda request: Reply(body=b"x" * (MAX_ANSWER + 1))) as server, Network() as network:
        with pytest.raises(OutcomeUnknown) as caught:
            await post(network, server.url)
        assert caught.value.code == "answer_too_long"


async def test_answer_that_unpacks_without_end_is_cut_off() -> None:
    bomb = Reply(body=gzip.compress(bytes(50 << 20)), headers={"Content-Encoding": "gzip"})
    async with WireServer(lambda request: bomb) as server, Network() as network:
        with pytest.raises(OutcomeUnknown):
            await post(network, server.url)


async def test_address_goes_out_exactly_as_it_is() -> None:
    target = "/v5/list?cursor=p%3A1%2C2&low=a%2cb"
    async with WireServer(lambda request: Reply()) as server, Network() as network:
        await transport_to(server.url, network).request("GET", f"{server.url}{target}")
        assert server.requests[0].target == target


async def test_cookies_of_one_account_do_not_reach_another() -> None:
    async with (
        WireServer(lambda request: Reply(headers={"Set-Cookie": "who=1; Path=/"})) as server,
        Network() as network,
    ):
        await post(network, server.url)
        await post(network, server.url)
        assert all("Cookie" not in request.headers for request in server.requests)


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    async with WireServer(lambda request: Reply()) as server, Network() as network:
        assert await post(network, server.url) == b"{}"


async def test_cancelled_request_is_cancelled_and_not_repeated() -> None:
    async with WireServer(lambda request: Fault.SILENCE) as server, Network() as network:
        task = asyncio.create_task(post(network, server.url))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.requests) == 1


@pytest.mark.parametrize(("fault", "code"), [(Fault.CLOSE, "no_answer"), (Fault.SILENCE, "no_answer")])
async def test_read_without_an_answer_is_unavailable(fault: Fault, code: str) -> None:
    async with WireServer(lambda request: fault) as server, Network(timeout=IMPATIENT) as network:
        with pytest.raises(Unavailable) as caught:
            await transport_to(server.url, network).read("GET", f"{server.url}/x", cost=READ)
        assert caught.value.code == code


async def test_headers_of_a_read_are_made_after_its_turn_came() -> None:
    moments: list[float] = []
    now = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def headers() -> dict[str, str]:
        moments.append(now)
        return {}

    one_a_second = Budget(scope="slow", limit=Limit(weight=1, window_s=1))
    async with WireServer(lambda request: Reply()) as server, Network(monotonic=lambda: now) as network:
        transport = network.transport(server.url, one_a_second)
        transport.gate._sleep = sleep
        for _ in range(2):
            await transport.read("GET", f"{server.url}/x", cost=READ, headers=headers)
    assert moments[1] - moments[0] >= 1


async def test_hosts_of_one_venue_share_its_gate() -> None:
    async with Network() as network:
        first, second = network.transport("https://a", BUDGET), network.transport("https://b", BUDGET)
        assert first.gate is second.gate
        assert first.clock is not second.clock
        assert network.transport("https://a", BUDGET) is first


async def test_response_shows_neither_body_nor_headers() -> None:
    async with WireServer(lambda request: Reply(body=b"secret")) as server, Network() as network:
        answer = await transport_to(server.url, network).request("GET", f"{server.url}/x")
        assert "secret" not in repr(answer)


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate that nobody vouches for."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = make_certificate()
    (folder / "key.pem").write_bytes(key)
    (folder / "cert.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def make_certificate() -> tuple[bytes, bytes]:
    """Return a fresh private key and its own certificate for 127.0.0.1, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return plain_key, certificate.public_bytes(Encoding.PEM)
