"""The application: what is open, which routes there are, and what stands before all of them."""

from urllib.parse import urlsplit

from fastapi import FastAPI

from core.config import Settings
from core.runtime import Runtime
from core.version import VERSION
from webapp import pages
from webapp.api import alerts, auth, health, keys, me, metrics, orders, stream, trading
from webapp.auth import TELEGRAM_KEY, LaunchCheck
from webapp.confirmed import Once
from webapp.document import documented
from webapp.errors import answer_errors
from webapp.feeds import Feeds
from webapp.gate import Gate, Header
from webapp.limits import Buckets, Limits
from webapp.login import Logins
from webapp.metrics import Meter
from webapp.pages import Pages
from webapp.parts import Parts
from webapp.services_integration import announce_services

ROUTERS = (
    trading.router,  # the most asked comes first
    auth.router,
    orders.router,
    me.router,
    keys.router,
    alerts.router,
    stream.router,
    health.router,
    metrics.router,
    pages.router,
)
_TELEGRAM = ("https://web.telegram.org", "https://*.telegram.org")


def create_app(runtime: Runtime, *, limits: Limits | None = None) -> Gate:
    """Return the application over an open process, behind its gate.

    Args:
        limits: Other limits than the usual.
    """
    app = FastAPI(
        title="ElCaro",
        version=VERSION,
        summary="Trade perpetual futures on Bybit, HyperLiquid and OKX.",
        docs_url=None,  # their scripts come from elsewhere, which this app's policy does not allow
        redoc_url=None,
    )
    parts = Parts(
        runtime=runtime,
        logins=Logins(launch_check(runtime.settings)),
        once=Once(),
        buckets=Buckets(),
        limits=limits or Limits(),
        meter=Meter(),
        feeds=Feeds(runtime.accounts, runtime.news),
    )
    app.state.parts = parts
    app.state.pages = Pages()
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    documented(app)
    announce_services()
    headers = security_headers(runtime.settings)
    return Gate(app, headers=headers, buckets=parts.buckets, limits=parts.limits, meter=parts.meter)


def launch_check(settings: Settings) -> LaunchCheck:
    """Return what believes or refuses launch data of this bot."""
    key = TELEGRAM_KEY if settings.webapp_require_signature else None
    return LaunchCheck(settings.telegram_token.get_secret_value(), signature_key=key)


def security_headers(settings: Settings) -> list[Header]:
    """Return what every answer carries. Telegram's web client may show the page in a frame; nobody else may."""
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join((*_TELEGRAM, *_chat_page(settings))),
    }
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    named = {
        "content-security-policy": text,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }
    return [(name.encode(), value.encode()) for name, value in named.items()]


def _chat_page(settings: Settings) -> tuple[str, ...]:
    """Return the origin of the sandbox's chat page, which stands in for Telegram there."""
    if not settings.is_sandbox or not settings.telegram_link:
        return ()
    place = urlsplit(settings.telegram_link)
    return (f"{place.scheme}://{place.netloc}",)
