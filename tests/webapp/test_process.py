"""`python -m webapp` as start.sh and systemd run it."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]


def environment(sandbox: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    told = sandbox.announcement()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ELCARO_MODE": "sandbox",
        "ELCARO_DATA_DIR": str(folder / "data"),
        "ELCARO_LOG_DIR": str(folder / "logs"),
        "TELEGRAM_TOKEN": told["telegram_token"],
        "TELEGRAM_LINK": told["chat_url"],
        "PAPER_BYBIT_URL": told["bybit_url"],
        "PAPER_BYBIT_API_KEY": told["bybit_key"],
        "PAPER_BYBIT_API_SECRET": told["bybit_secret"],
        "WEBAPP_PORT": "0",
        **more,
    }


async def started(folder: Path, env: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "webapp",
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.slow
async def test_process_reports_when_it_is_ready_serves_and_stops_when_told(sandbox: Sandbox, tmp_path: Path) -> None:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.setblocking(False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(sandbox, tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WEBAPP_PORT=str(port))
    process = await started(tmp_path, env)
    try:
        async with asyncio.timeout(40):
            report = b""
            while b"READY=1" not in report:
                report = await asyncio.get_running_loop().sock_recv(manager, 4096)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert (await http.get("/healthz")).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        manager.close()
        if process.returncode is None:
            process.kill()
    assert (tmp_path / "logs" / "webapp.log").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"ELCARO_MODE": ""}, "ELCARO_MODE"),
        ({"ELCARO_MODE": "live", "TELEGRAM_TOKEN": ""}, "TELEGRAM_TOKEN"),
        ({"WEBAPP_PORT": "many"}, "WEBAPP_PORT"),
        ({"WEBAPP_HOST": "203.0.113.1"}, "WEBAPP_PORT"),
        ({"WEBAPP_REQUIRE_SIGNATURE": "perhaps"}, "WEBAPP_REQUIRE_SIGNATURE"),
    ],
)
async def test_w14_process_that_cannot_start_says_in_one_sentence_why(
    sandbox: Sandbox, tmp_path: Path, more: dict[str, str], named: str
) -> None:
    process = await started(tmp_path, environment(sandbox, tmp_path, **more))
    _, complaint = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 2
    assert named in complaint.decode()
    assert len(complaint.decode().strip().splitlines()) == 1
