"""Counts for whoever watches the process, in Prometheus' words. Served to this machine only."""

from collections.abc import Iterable
from ipaddress import ip_address

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.types import Scope

from models.finding import Finding

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")


class Meter:
    """The counts of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named = ("route", "method", "status")
        self._requests = Counter("elcaro_web_requests", "Requests answered", named, registry=self.registry)
        self._seconds = Histogram(
            "elcaro_web_request_seconds", "Time to answer", ("route",), registry=self.registry, buckets=_SECONDS
        )
        self._deeds = Counter("elcaro_web_deeds", "Confirmed requests", ("kind", "outcome"), registry=self.registry)
        self._codes = Counter("elcaro_web_refusals", "Errors by code", ("code",), registry=self.registry)
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._times: dict[str, Histogram] = {}
        self.streams = Gauge("elcaro_web_streams", "Open streams", registry=self.registry)
        self._findings = Gauge(
            "elcaro_findings", "What the check-up finds now", ("code", "verdict"), registry=self.registry
        )

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request; a stream counts its requests, not its time."""
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        name = (route, method, status)
        count = self._counts.get(name)  # finding a labelled child costs more than counting
        if count is None:
            count = self._counts[name] = self._requests.labels(route, method, str(status))
        count.inc()
        if route == "/api/stream":
            return
        taken = self._times.get(route)
        if taken is None:
            taken = self._times[route] = self._seconds.labels(route)
        taken.observe(seconds)

    def deed(self, kind: str, success: bool | None, code: str | None) -> None:
        """Count one confirmed request."""
        self._deeds.labels(kind, {True: "done", False: "refused", None: "unknown"}[success]).inc()
        if code:
            self._codes.labels(code).inc()

    def found(self, findings: Iterable[Finding]) -> None:
        """Take what the check-up finds now in place of what it found before; whose account it is stays out."""
        self._findings.clear()
        for finding in findings:
            self._findings.labels(finding.code, finding.verdict.value).inc()

    def text(self) -> bytes:
        """Return every count as Prometheus reads it."""
        return generate_latest(self.registry)


def is_from_this_machine(request: Request) -> bool:
    """Whether a request was made here, and not handed on by a proxy for somebody else."""
    if request.client is None:
        return False
    if any(name in _FORWARDED for name, _ in request.scope["headers"]):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
