"""What a process tells its service manager, heard on a socket as systemd would hear it."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import ServiceManager, service_manager
from core.health import Sign
from core.service import Service
from tests.ops.manager import Manager


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest) -> Iterator[Manager]:
    with tempfile.TemporaryDirectory(prefix="elcaro-") as folder:
        path = f"{folder}/notify"
        made = Manager(path if request.param == "file" else f"@{path}")
        yield made
        made.close()


def test_life_of_a_service_is_told_in_order(manager: Manager) -> None:
    service = Service(ServiceManager(address=manager.address))
    service.ready("https://t.me/elcaro_bot")
    service.open_at("https://t.me/elcaro_bot?start=x")
    service.stopping()
    assert manager.heard() == [
        "READY=1",
        "STATUS=open https://t.me/elcaro_bot",
        "STATUS=open https://t.me/elcaro_bot?start=x",
        "STOPPING=1",
        "STATUS=finishing what is under way",
    ]


def test_watchdog_is_fed_only_while_every_sign_is_young(manager: Manager) -> None:
    age = {"loop": 0.0, "database": 0.0}
    signs = [Sign(name=name, age_s=lambda name=name: age[name], limit_s=2.0) for name in age]  # type: ignore[misc]
    service = Service(ServiceManager(address=manager.address))
    service.look(signs)
    assert manager.heard() == ["WATCHDOG=1"]
    age["database"] = 3.0
    service.look(signs)
    service.look(signs)
    assert manager.heard() == ["STATUS=not well: database"], "an ailing process is silent, so that it is restarted"
    age["database"] = 0.0
    service.look(signs)
    assert manager.heard() == ["STATUS=well again", "WATCHDOG=1"]


async def test_watching_tells_again_and_again(manager: Manager) -> None:
    service = Service(ServiceManager(address=manager.address, watchdog_s=0.03))
    async with service.watched([]), asyncio.timeout(5):
        for _ in range(3):
            assert await manager.next() == ["WATCHDOG=1"]


def test_manager_that_is_gone_disturbs_nobody(tmp_path: Path) -> None:
    Service(ServiceManager(address=str(tmp_path / "nobody"))).ready()
    Service(ServiceManager()).ready()


def test_what_the_manager_set_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert service_manager() == ServiceManager(address="/run/systemd/notify", watchdog_s=30.0)
