"""What a start consists of: which parts, on which ports, and what they are told."""

from collections.abc import Sequence
from pathlib import Path

from core.config import Settings
from launcher.parts import BOT, SANDBOX, WEBAPP, Part, announced_sandbox
from launcher.places import CannotStart
from launcher.ports import FREE_PORTS, HOST, SANDBOX_PORTS, any_free, is_free
from launcher.supervisor import Plan

_WEBAPP_MAIN = Path("webapp/__main__.py")


def parts_of_everything(settings: Settings) -> list[Part]:
    """Return the parts that a plain start runs: live, the web app only where Telegram could open it."""
    has_webapp = _WEBAPP_MAIN.is_file() and (settings.is_sandbox or settings.webapp_url)
    simulated = [SANDBOX] if settings.is_sandbox else []
    return [*simulated, BOT, *([WEBAPP] if has_webapp else [])]


def plan_for(settings: Settings, parts: Sequence[Part], *, is_quiet: bool = False) -> Plan:
    """Return what to start, after looking whether it can be.

    Raises:
        CannotStart: A port is taken, or a simulated world is needed and none runs.
    """
    if settings.is_sandbox and SANDBOX not in parts and announced_sandbox() is None:
        raise CannotStart("No sandbox is running: start it with ./start.sh --sandbox, or everything with ./start.sh")
    return Plan(
        parts=parts,
        telegram_token=settings.telegram_token.get_secret_value(),
        told=_web_address(settings, parts),
        sandbox_options=_sandbox_options(settings) if SANDBOX in parts else (),
        is_quiet=is_quiet,
    )


def _sandbox_options(settings: Settings) -> Sequence[str]:
    if announced_sandbox() is not None:
        raise CannotStart("A sandbox is running here already. Stop it with ./start.sh --stop")
    state = ("--state", str(settings.elcaro_data_dir / "sandbox.json"))
    if all(is_free(port) for port in SANDBOX_PORTS):
        return state
    print(f"Ports {SANDBOX_PORTS[0]} to {SANDBOX_PORTS[-1]} are taken by another program; the sandbox takes free ones.")
    return (*state, *FREE_PORTS)


def _web_address(settings: Settings, parts: Sequence[Part]) -> dict[str, str]:
    """Return where the web app listens and is opened: in the sandbox it may move, and needs no public address."""
    port = settings.webapp_port
    if WEBAPP in parts and port and not is_free(port, settings.webapp_host):
        if not settings.is_sandbox:
            raise CannotStart(f"Port {port} is taken by another program; set WEBAPP_PORT in .env to a free one")
        print(f"Port {port} is taken by another program; the web app takes a free one.")
        port = 0
    port = port or any_free()
    is_local = settings.is_sandbox and _WEBAPP_MAIN.is_file()
    url = settings.webapp_url or (f"http://{HOST}:{port}" if is_local else "")
    return {"WEBAPP_PORT": str(port), "WEBAPP_URL": url}
