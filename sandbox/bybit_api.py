"""The simulated Bybit as a web application: REST under /v5, WebSockets at /v5/private and /v5/public/linear.

https://bybit-exchange.github.io/docs/v5/intro
"""

from typing import Final

from aiohttp import web

from sandbox.bybit.rest import Rest
from sandbox.bybit.stream import Streams
from sandbox.world import World

MAX_BODY: Final = 1 << 20
STREAMS: Final = web.AppKey("streams", Streams)


def create_app(world: World) -> web.Application:
    """The application that serves this world's Bybit."""
    app = web.Application(client_max_size=MAX_BODY)
    Rest(world).add_routes(app)
    streams = Streams(world)
    streams.start()
    app[STREAMS] = streams
    app.router.add_get("/v5/private", streams.private)
    for channel in ("linear", "inverse"):
        app.router.add_get(f"/v5/public/{channel}", streams.public)
    return app
