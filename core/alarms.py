"""Which answers wake the operator: those that only a person can do something about. Pure."""

from models.requests import Ack, AckKind

INSECURE = "insecure_connection"
"""Whoever answered at the venue's address cannot prove to be the venue."""
REDIRECTED = "redirected"
ACCESS_REFUSED = "access_refused"
"""The venue refuses this machine's address."""
NOT_UNDERSTOOD = "answer_not_understood"
"""A complete answer that is not in the venue's documented words: its interface changed, or somebody else answered."""

_OK, _REDIRECTS, _FORBIDDEN = 200, range(300, 400), 403
_UNREADABLE = frozenset({"refused", "bad_answer", "unexpected_answer"})


def alarm_of(ack: Ack) -> str | None:
    """Return what an answer to a write warns of; None where nobody has to be woken."""
    if ack.code == "tls_failed":
        return INSECURE
    if ack.kind is not AckKind.UNKNOWN:
        return None
    if ack.http_status in _REDIRECTS:
        return REDIRECTED
    if ack.http_status == _FORBIDDEN:
        return ACCESS_REFUSED
    is_complete = ack.http_status in (None, _OK)
    is_unreadable = ack.code in _UNREADABLE or (ack.code == "venue_error" and not ack.venue_code)
    return NOT_UNDERSTOOD if is_complete and is_unreadable else None
