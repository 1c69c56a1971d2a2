"""`start.sh` as a person meets it: real processes, in a folder of their own."""

import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from launcher.parts import is_alive
from launcher.ports import SANDBOX_PORTS
from sandbox.server import DEFAULT_PORT_BASE, ports_from
from tests.launcher.root import PATIENCE_S, Installation

pytestmark = pytest.mark.usefixtures("alone")

TOKEN = "123456789:" + "x" * 35
_ADDRESS = re.compile(r"https?://\S+")


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "elcaro")


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.05)


def parts_of(here: Installation) -> dict[str, int]:
    facts = json.loads((here.folder / "run/elcaro.json").read_text(encoding="utf-8"))
    return dict(facts["parts"])


@pytest.mark.slow
def test_everything_runs_from_one_command_and_ends_with_ctrl_c(here: Installation) -> None:
    with here.running() as terminal:
        said = terminal.until("ElCaro is running. Open")
        address = _ADDRESS.findall(said)[0]
        assert "start=" in urlsplit(address).query
        with urlopen(address) as page:
            assert page.status == 200
        parts = parts_of(here)
        assert all(is_alive(pid) for pid in parts.values())
        assert here.run("--status").code == 0
        assert "running here already" in here.run().err
        terminal.interrupt()
        outcome = terminal.wait()
    assert outcome.code == 0
    assert outcome.out.count("ElCaro is running. Open") == 1
    assert not any(is_alive(pid) for pid in parts.values())
    assert (here.folder / "logs/bot.log").stat().st_size > 0
    assert here.run("--status").code == 3


@pytest.mark.slow
def test_what_crashes_is_started_again(here: Installation) -> None:
    assert here.run("--daemon").code == 0
    try:
        before = parts_of(here)["bot"]
        os.kill(before, signal.SIGKILL)
        eventually(lambda: parts_of(here)["bot"] != before)
        assert is_alive(parts_of(here)["bot"])
    finally:
        assert here.run("--stop").code == 0


@pytest.mark.slow
def test_background_start_can_be_asked_restarted_and_stopped(here: Installation) -> None:
    started = here.run("--daemon")
    try:
        assert started.code == 0
        assert len(_ADDRESS.findall(started.out)) == 1
        first = parts_of(here)
        assert here.run("--restart").code == 0
        assert parts_of(here)["bot"] != first["bot"]
        assert not is_alive(first["bot"])
        log = (here.folder / "logs/start.log").read_text(encoding="utf-8")
        assert "start=" not in log, "whoever reads the log could become the owner"
    finally:
        assert here.run("--stop").code == 0
    assert here.run("--stop").out == "ElCaro is not running.\n"


@pytest.mark.slow
def test_restart_that_cannot_succeed_leaves_the_old_one_running(here: Installation) -> None:
    assert here.run("--daemon").code == 0
    try:
        before = parts_of(here)
        with closing(sqlite3.connect(here.folder / "data/elcaro.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num='9999'")
        outcome = here.run("--restart")
        assert outcome.code == 78
        assert "schema 9999 is newer" in outcome.err
        assert "goes on running" in outcome.err
        assert parts_of(here) == before
        assert is_alive(before["bot"])
    finally:
        assert here.run("--stop").code == 0


@pytest.mark.slow
def test_parts_outlive_a_killed_launcher_no_longer_than_the_next_stop(here: Installation) -> None:
    assert here.run("--daemon").code == 0
    facts = json.loads((here.folder / "run/elcaro.json").read_text(encoding="utf-8"))
    os.kill(facts["pid"], signal.SIGKILL)
    assert "left behind" in here.run("--status").out
    assert here.run("--stop").code == 0
    assert not any(is_alive(pid) for pid in facts["parts"].values())


@pytest.mark.slow
def test_taken_ports_are_left_to_whoever_has_them(here: Installation) -> None:
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken = squatter.connect_ex(("127.0.0.1", SANDBOX_PORTS[0])) == 0
        if not taken:
            squatter.close()
            squatter = socket.create_server(("127.0.0.1", SANDBOX_PORTS[0]))
        with squatter, here.running("--sandbox") as terminal:
            terminal.until("taken by another program")
            address = _ADDRESS.findall(terminal.until("ElCaro is running. Open"))[0]
            assert urlsplit(address).port not in SANDBOX_PORTS


def test_taken_web_port_of_a_live_installation_is_named(here: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        here.write_settings(f"ELCARO_MODE=live\nTELEGRAM_TOKEN={TOKEN}\nWEBAPP_PORT={port}\n")
        outcome = here.run("--webapp")
    assert outcome.code == 1
    assert outcome.err == f"Port {port} is taken by another program; set WEBAPP_PORT in .env to a free one\n"


def test_launcher_knows_the_ports_of_the_sandbox() -> None:
    assert sorted(ports_from(DEFAULT_PORT_BASE).values()) == list(SANDBOX_PORTS)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("ELCARO_MODE=maybe\n", ".env line 1: ELCARO_MODE: expected sandbox or live"),
        ("ELCARO_MODE=sandbox\nUSE_UNIFED=false\n", ".env line 2: USE_UNIFED: is not a setting"),
        ("ELCARO_MODE=live\n", "TELEGRAM_TOKEN"),
        ("ELCARO_MODE=sandbox\nLOG_LEVEL=loud\n", ".env line 2: LOG_LEVEL"),
    ],
)
@pytest.mark.parametrize("what", ["--foreground", "--daemon"])
def test_malformed_setting_is_one_sentence_and_exit_code_two(
    here: Installation, settings: str, words: str, what: str
) -> None:
    here.write_settings(settings)
    outcome = here.run(*([] if what == "--foreground" else [what]))
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.slow
def test_database_that_others_may_read_stops_the_start_with_its_remedy(here: Installation) -> None:
    data = here.folder / "data"
    data.mkdir(mode=0o700)
    (data / "elcaro.db").touch(mode=0o644)
    outcome = here.run()
    assert outcome.code == 78
    assert "chmod 600" in outcome.err
    assert "Traceback" not in outcome.err


def test_part_alone_says_what_it_needs(here: Installation) -> None:
    outcome = here.run("--bot")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("No sandbox is running: start it with ./start.sh --sandbox")


def test_unknown_word_shows_the_help(here: Installation) -> None:
    outcome = here.run("--fast")
    assert outcome.code == 1
    assert "Usage: ./start.sh" in outcome.err
    assert "Unknown: --fast" in outcome.err


def test_help_names_every_word_there_is(here: Installation) -> None:
    words = set(re.findall(r"--[a-z]+", (here.folder / "start.sh").read_text(encoding="utf-8").split("case ", 1)[1]))
    hidden = {"--foreground", "--web"}
    assert words - hidden <= set(re.findall(r"--[a-z]+", here.run("--help").out))
