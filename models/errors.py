"""Everything that can go wrong, by what the caller has to do next.

TradingError
├── NotSent                nothing left this process; fix the input
│   ├── BadOrder           the order itself cannot be: symbol, size, price, grid
│   ├── NoCredentials      the account has no keys
│   └── LimitExceeded      a limit that the user or the owner set
├── Rejected               the venue said no; nothing changed
├── OutcomeUnknown         it may have happened: never send again, look it up
└── Unavailable            a read failed; reading again is safe
    └── BadPayload         the venue answered something we cannot trust

Errors carry data (`code`, `fields`); sentences for people are made by `telegram_ui.texts` from `code`.
"""

from collections.abc import Mapping
from typing import Any


class TradingError(Exception):
    """The root of every error that trading code raises.

    Args:
        message: An English sentence for logs and for callers without a catalogue.
        code: A stable word that the catalogues translate, e.g. `below_min_notional`.
        fields: The data of the sentence: symbol, limit, client order id …
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.fields: Mapping[str, Any] = fields


class NotSent(TradingError):
    """Nothing left this process: the caller fixes the input and tries again."""

    default_code = "not_sent"


class BadOrder(NotSent):
    """The order cannot exist on this market: unknown symbol, size or price off the grid or below a minimum."""

    default_code = "bad_order"


class NoCredentials(NotSent):
    """The account has no keys, or keys that cannot be opened."""

    default_code = "no_credentials"


class LimitExceeded(NotSent):
    """A limit, a pause or an unresolved order stands in the way."""

    default_code = "limit_exceeded"


class Rejected(TradingError):
    """The venue refused and nothing changed. `code` is ours; `venue_code` is the venue's own."""

    default_code = "rejected"

    def __init__(self, message: str, *, venue_code: str = "", code: str | None = None, **fields: Any) -> None:
        super().__init__(message, code=code, **fields)
        self.venue_code = venue_code


class OutcomeUnknown(TradingError):
    """A write may or may not have happened: look it up by client order id, never send it again."""

    default_code = "outcome_unknown"


class Unavailable(TradingError):
    """A read failed: nothing is known, and reading again is safe."""

    default_code = "unavailable"


class BadPayload(Unavailable):
    """The venue's answer does not have the documented shape, so none of it is used."""

    default_code = "bad_payload"


_KINDS: Mapping[str, type[TradingError]] = {
    kind.__name__: kind
    for kind in (NotSent, BadOrder, NoCredentials, LimitExceeded, Rejected, OutcomeUnknown, Unavailable, BadPayload)
}


def thawed_error(kind: str, message: str, code: str, fields: Mapping[str, Any]) -> TradingError:
    """Return an error again from the name of its class and its data, as it was told before."""
    return _KINDS.get(kind, NotSent)(message, code=code, **fields)
