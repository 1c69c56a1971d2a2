"""Run the Telegram server alone: `python -m sandbox.telegram [port]`."""

import logging
import sys
from typing import Final

from aiohttp import web

from sandbox import demo
from sandbox.telegram.world import LocalWorld
from sandbox.telegram_api import create_app

_PORT: Final = 8081

logger = logging.getLogger("sandbox.telegram")


def main() -> None:
    """Serve on loopback until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else _PORT
    world = LocalWorld()
    logger.info("chat page  http://127.0.0.1:%d/#key=%s", port, world.chat_secret)
    logger.info("base_url   http://127.0.0.1:%d/bot    token %s", port, demo.TELEGRAM_TOKEN)
    web.run_app(create_app(world), host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
