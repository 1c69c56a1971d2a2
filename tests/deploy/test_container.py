"""The container's recipe, read as an engine reads it: none runs where these tests do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from core.config import Settings
from launcher.__main__ import COMMANDS
from launcher.process import STOP_S

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def instructions() -> Iterator[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_image_is_built_in_stages_from_a_named_release() -> None:
    bases = of("FROM")
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.1[123]-slim-\w+( AS \w+)?", base) for base in bases)
    assert set(dict(instructions())) <= {
        *{"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME"},
        *{"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"},
    }


def test_packages_of_the_image_are_held_to_their_hashes() -> None:
    [install] = [line for line in of("RUN") if "pip install" in line]
    assert {"--require-hashes", "--only-binary", "requirements.lock"} <= set(install.split())


def test_everything_that_is_copied_is_there() -> None:
    named = [name for line in of("COPY") if "--from" not in line for name in line.split()[:-1]]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_nobody_is_root_and_nothing_private_is_built_in() -> None:
    words = [word for word, _ in instructions()]
    assert of("USER") == ["elcaro"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    left_out = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {".env", ".git", "data", "logs", "run", "backups"} <= set(left_out)


def test_image_is_healthy_while_the_launcher_says_that_something_runs() -> None:
    [check] = of("HEALTHCHECK")
    words = re.findall(r'"([^"]+)"', check)
    assert words[:3] == ["python", "-m", "launcher"]
    assert words[3] in COMMANDS
    assert re.findall(r'"([^"]+)"', of("CMD")[0])[0] in COMMANDS


def test_settings_of_the_container_are_settings() -> None:
    told = {name for line in of("ENV") for name in re.findall(r"(\w+)=", line)} - {"PATH"}
    told |= {name for service in SERVICES.values() for name in service["environment"]}
    known = {name.upper() for name in Settings.model_fields}
    assert {name for name in told if not name.startswith("PYTHON")} <= known


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_no_privileges_and_writes_only_where_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].removesuffix("s")) >= STOP_S
    places = {volume.partition(":")[2] for volume in service["volumes"]} | {
        place.partition(":")[0] for place in service["tmpfs"]
    }
    assert places == {"/data", "/logs", "/tmp", "/app/run"}
    assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_sandbox_runs_only_when_asked_for() -> None:
    assert SERVICES["sandbox"]["profiles"] == ["sandbox"]
    assert "profiles" not in SERVICES["elcaro"]
