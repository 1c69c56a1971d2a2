"""The application: what is open, which routes there are, and what stands before all of them."""

from fastapi import FastAPI

from core.config import Settings
from core.runtime import Runtime
from core.version import VERSION
from webapp.api import alerts, auth, health, keys, me, orders, trading
from webapp.auth import LaunchCheck
from webapp.confirmed import Once
from webapp.errors import answer_errors
from webapp.limits import Buckets, Limits
from webapp.login import Logins
from webapp.parts import Parts
from webapp.services_integration import announce_services

ROUTERS = (auth.router, trading.router, orders.router, me.router, keys.router, alerts.router, health.router)


def create_app(runtime: Runtime, *, limits: Limits | None = None) -> FastAPI:
    """Return the application over an open process.

    Args:
        limits: Other limits than the usual.
    """
    app = FastAPI(
        title="ElCaro",
        version=VERSION,
        summary="Trade perpetual futures on Bybit and HyperLiquid.",
        docs_url=None,  # their scripts come from elsewhere, which this app's policy does not allow
        redoc_url=None,
    )
    app.state.parts = Parts(
        runtime=runtime,
        logins=Logins(launch_check(runtime.settings)),
        once=Once(),
        buckets=Buckets(),
        limits=limits or Limits(),
    )
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    announce_services()
    return app


def launch_check(settings: Settings) -> LaunchCheck:
    """Return what believes or refuses launch data of this bot."""
    return LaunchCheck(settings.telegram_token.get_secret_value())
