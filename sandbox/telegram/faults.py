"""Faults on demand: what a bot must survive, switched on by a test or from the chat page."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sandbox.telegram.wire import ApiError, Json, bad_request, conflict, too_many_requests


class FaultKind(StrEnum):
    """What goes wrong with a call."""

    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    UNAUTHORIZED = "unauthorized"
    CONFLICT = "conflict"
    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    """The connection breaks and nothing was done."""
    DROP_AFTER = "drop_after"
    """The call is carried out, then the connection breaks: the answer is lost."""
    GARBAGE = "garbage"
    """The call is carried out, but the answer is a proxy's HTML page."""


ANY_METHOD: Final = "*"
_CONFLICT: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One armed fault. `skip` calls pass first, then `times` calls fail; `times` None means until cleared."""

    kind: FaultKind
    method: str = ANY_METHOD
    times: int | None = 1
    skip: int = 0
    retry_after: int = 1
    status: int = 502
    delay_s: float = 1.0

    def error(self) -> ApiError | None:
        """Return the answer that takes the place of the real one, or None when the call itself still runs."""
        match self.kind:
            case FaultKind.TOO_MANY_REQUESTS:
                return too_many_requests(self.retry_after)
            case FaultKind.SERVER_ERROR:
                return ApiError(self.status, _SERVER_ERRORS.get(self.status, "Internal Server Error"))
            case FaultKind.UNAUTHORIZED:
                return ApiError(401, "Unauthorized")
            case FaultKind.CONFLICT:
                return conflict(_CONFLICT)
        return None

    def to_dict(self) -> dict[str, Json]:
        """Return the fault as the controls show it."""
        return {name: getattr(self, name) for name in self.__slots__}


_SERVER_ERRORS: Final = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Faults:
    """The armed faults, first come first served."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault behind those that wait already."""
        self.armed.append(fault)

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()

    def take(self, method: str) -> Fault | None:
        """Return the fault that hits this call, using up one of its times, or None."""
        for index, fault in enumerate(self.armed):
            if fault.method.lower() not in {ANY_METHOD, method.lower()}:
                continue
            if fault.skip > 0:
                self.armed[index] = replace(fault, skip=fault.skip - 1)
                continue
            self._use(index, fault)
            return fault
        return None

    def _use(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self.armed[index] = replace(fault, times=fault.times - 1)
        else:
            del self.armed[index]


def read_fault(source: Json) -> Fault:
    """Return the fault that a control request describes.

    Raises:
        ApiError: 400 naming the field that is wrong.
    """
    fields = dict(source) if isinstance(source, dict) else {}
    unknown = fields.keys() - set(Fault.__slots__)
    if unknown:
        raise bad_request(f"a fault has no field {sorted(unknown)[0]!r}")
    try:
        kind = FaultKind(fields.pop("kind", ""))
    except ValueError as error:
        raise bad_request(f"kind must be one of {', '.join(FaultKind)}") from error
    return Fault(kind=kind, **fields)
