"""Every request that reached a simulated venue, in order: tests count here what was really sent."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

KEEP: Final = 10_000
BODY_LIMIT: Final = 4_096


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """One request.

    Attributes:
        operation: Method, path and, for HyperLiquid, the action: "POST /v5/order/create", "POST /exchange order".
        body: The start of the body, or the query string of a GET.
        signature: What signed it, where that stands in a header.
        processed_ms: When the venue acted on it; None when a fault kept it from the venue.
        status: HTTP status of the answer; None when none was sent.
        faults: Kinds of the faults that were applied.
    """

    seq: int
    time_ms: int
    venue: str
    operation: str
    body: str
    signature: str = ""
    processed_ms: int | None = None
    status: int | None = None
    faults: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class Journal:
    """The last requests; older ones are forgotten."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=KEEP)
        self._seq = 0

    def add(self, *, time_ms: int, venue: str, operation: str, body: str, signature: str = "") -> RequestRecord:
        """Write a request down as it arrives."""
        self._seq += 1
        record = RequestRecord(
            seq=self._seq,
            time_ms=time_ms,
            venue=venue,
            operation=operation,
            body=body[:BODY_LIMIT],
            signature=signature,
        )
        self._records.append(record)
        return record

    def find(self, *, venue: str | None = None, text: str = "", after: int = 0) -> Iterator[RequestRecord]:
        """Requests after a sequence number whose operation or body contains the text."""
        for record in self._records:
            fits = venue in {None, record.venue} and record.seq > after
            if fits and (text in record.operation or text in record.body):
                yield record
