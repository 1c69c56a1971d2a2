"""How the launcher treats a process that reports, hangs, or ends: with small ones that speak the same protocol."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from launcher import process
from launcher.instance import AlreadyRunning, find, running_as
from launcher.parts import SANDBOX, Part
from launcher.ports import SANDBOX_PORTS
from launcher.process import Running, StartFailed
from launcher.supervisor import Plan, Supervisor
from tests.launcher.root import ROOT

_SAY = """
import os, socket, sys, time
def say(*lines):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto("\\n".join(lines).encode(), os.environ["NOTIFY_SOCKET"])
"""
pytestmark = pytest.mark.usefixtures("alone")
READY = _SAY + "say('READY=1', 'STATUS=open http://example.test/?start=a')\n"


def part(code: str, *, name: str = "worker", must_run: bool = True) -> Part:
    return Part(name, ("-c", code), must_run=must_run, log=f"{name}.log")


def plan(*parts: Part) -> Plan:
    return Plan(parts=parts, telegram_token="", told={})


async def run(*parts: Part) -> int:
    with running_as("test") as record:
        return await Supervisor(plan(*parts), record).run()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_ready_process_names_its_address_and_each_new_one() -> None:
    shown: list[str] = []
    code = READY + "say('STATUS=open http://example.test/')\ntime.sleep(60)\n"
    running = Running(part(code), shown.append)
    await running.start(os.environ, is_quiet=True)
    await running.ready(asyncio.Event())
    async with asyncio.timeout(10):
        while len(shown) < 2:  # noqa: ASYNC110 - the other process raises no event here
            await asyncio.sleep(0.01)
    await running.end()
    assert shown == ["http://example.test/?start=a", "http://example.test/"]


async def test_process_that_ends_before_it_is_ready_fails_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(part("import sys; sys.exit(3)")) == 1
    assert "worker ended before it was ready" in capsys.readouterr().err


async def test_malformed_settings_of_a_part_are_the_exit_code_of_all() -> None:
    assert await run(part("import sys; sys.exit(78)")) == 78


async def test_process_that_falls_silent_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WATCHDOG_S", 0.2)
    running = Running(part(READY + "time.sleep(60)\n"), lambda _: None)
    await running.start(os.environ, is_quiet=True)
    await running.ready(asyncio.Event())
    async with asyncio.timeout(10):
        assert await running.ended() == -9
    await running.close()


async def test_process_that_never_gets_ready_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "READY_S", 0.2)
    running = Running(part("import time; time.sleep(60)"), lambda _: None)
    await running.start(os.environ, is_quiet=True)
    with pytest.raises(StartFailed, match="worker is not ready"):
        await running.ready(asyncio.Event())
    await running.end()


async def test_everything_ends_when_a_part_that_must_run_asks_for_a_person() -> None:
    assert await run(part(READY + "sys.exit(78)")) == 78


async def test_rest_goes_on_without_a_part_that_need_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    optional = part("import sys; sys.exit(1)", name="extra", must_run=False)
    assert await run(part(READY + "time.sleep(0.5); sys.exit(2)"), optional) == 2
    assert "Going on without extra" in capsys.readouterr().err


def test_second_start_in_one_folder_is_refused() -> None:
    with running_as("elcaro"):
        found = find("elcaro")
        assert found is not None
        assert found.pid == os.getpid()
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"), running_as("elcaro"):
            pass
    assert find("elcaro") is None


def test_interpreter_of_a_part_is_ours() -> None:
    assert part("").command[0] == sys.executable


@pytest.mark.slow
async def test_sandbox_takes_free_ports_when_its_own_went_at_the_last_moment(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with (
        contextlib.suppress(OSError),
        socket.create_server(("127.0.0.1", SANDBOX_PORTS[0])),
        running_as("test") as record,
    ):
        supervisor = Supervisor(plan(SANDBOX), record)
        running = asyncio.create_task(supervisor.run())
        async with asyncio.timeout(60):
            while (found := find("test")) is None or not found.is_ready:  # noqa: ASYNC110 - a file raises no event
                await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0
        assert str(SANDBOX_PORTS[2]) not in found.url
    assert "Traceback" not in capfd.readouterr().err
