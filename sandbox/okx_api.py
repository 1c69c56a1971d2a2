"""The simulated OKX as a web application: REST under /api/v5, the private WebSocket at /ws/v5/private.

https://www.okx.com/docs-v5/en/
"""

from typing import Final

from aiohttp import web

from sandbox.okx.keys import NAME, OkxKeys, open_accounts
from sandbox.okx.rest import Rest
from sandbox.okx.stream import Streams
from sandbox.world import World

MAX_BODY: Final = 1 << 20
KEYS: Final = web.AppKey("keys", OkxKeys)


def create_app(world: World) -> web.Application:
    """The application that serves this world's OKX; `app[KEYS]` are the keys that it knows."""
    keys = OkxKeys()
    open_accounts(world, keys)
    world.extras[NAME] = keys
    app = web.Application(client_max_size=MAX_BODY)
    app[KEYS] = keys
    Rest(world, keys).add_routes(app)
    app.router.add_get("/ws/v5/private", Streams(world, keys).private)
    return app
