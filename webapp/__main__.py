"""Starts the web app: `python -m webapp`."""

import gc

if __name__ == "__main__":
    gc.disable()  # what the imports make stays, see bot.py

import asyncio
import logging
import signal
import sys

from core.config import ConfigError, Settings, load_settings, service_manager
from core.health import RESOLVER_LIMIT_S, Pulse
from core.logs import set_up_logging
from core.runtime import open_runtime
from core.service import EXIT_SETTINGS, EXIT_STORAGE, Service, refuse
from core.storage import StorageRefused
from webapp.app import create_app
from webapp.server import Server, listen

logger = logging.getLogger("webapp")


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    service = Service(service_manager())
    with listen(settings) as listening:
        host, port = listening.getsockname()[:2]

        async with open_runtime(settings, role="webapp") as runtime, Pulse(runtime.store).measured() as pulse:

            def ready() -> None:
                logger.info("web app ready", extra={"address": f"http://{host}:{port}"})
                service.ready()

            app = create_app(runtime)
            server = Server(app, ready)

            def end() -> None:
                service.stopping()
                app.close()
                server.should_exit = True

            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, end)
            resolver = runtime.jobs.resolver
            signs = [*pulse.signs, pulse.beating("resolver", lambda: resolver.last_beat, limit_s=RESOLVER_LIMIT_S)]
            async with service.watched(signs):
                await server.serve([listening])
    logger.info("web app stopped")


def main() -> int:
    """Start and return the exit code; whatever keeps it from starting is told in one sentence."""
    gc.freeze()
    gc.enable()
    try:
        settings = load_settings()
        log_file = settings.elcaro_log_dir / "webapp.log"
        set_up_logging(level=settings.log_level, log_file=log_file, secrets=settings.secrets)
        asyncio.run(run(settings))
    except ConfigError as e:
        return refuse(e, EXIT_SETTINGS)
    except StorageRefused as e:
        return refuse(e, EXIT_STORAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
