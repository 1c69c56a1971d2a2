"""What can go wrong between a client and a venue: fault rules, and the record of every fault that was applied.

A rule says which requests it is for (venue, pattern), how often it applies, and what happens. ``KINDS`` is the list of
what can happen; each kind says whether the venue still carries the request out. How an answer is broken on the wire is
in ``fault_wire``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final


class Answer(StrEnum):
    """What the client gets instead of, or as, the venue's answer."""

    REAL = "real"
    RESET = "reset"  # TCP reset
    CLOSE = "close"  # orderly close without an answer
    HANG = "hang"  # no answer, the connection stays open
    STATUS = "status"  # another HTTP status with a JSON body
    HTML = "html"
    TRUNCATED = "truncated"  # Content-Length promises more than comes
    TRUNCATED_CHUNKED = "truncated_chunked"
    CUT_JSON = "cut_json"  # complete answer, half a JSON document
    TEXT = "text"  # a fixed body with status 200
    CODE = "code"  # the venue's own error envelope
    PATCH = "patch"  # the real answer with fields replaced
    REDIRECT = "redirect"
    SLOW = "slow"  # one byte at a time
    HUGE = "huge"
    GZIP_BOMB = "gzip_bomb"
    STALE = "stale"  # an earlier answer to the same request
    DROP_SOCKETS = "drop_sockets"  # close every WebSocket of the venue


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table: the answer, whether the venue acts, and defaults for the rule's fields."""

    answer: Answer
    processed: bool
    defaults: Mapping[str, Any] = field(default_factory=dict)


def _kind(answer: Answer, *, processed: bool, **defaults: Any) -> Kind:
    return Kind(answer=answer, processed=processed, defaults=defaults)


OTHER_IDS: Final = {
    "orderLinkId": "eb1-not-the-one-you-sent",
    "cloid": "0x" + "ee" * 16,
    "clOrdId": "eb1notTheOneYouSent",
}

KINDS: Final[Mapping[str, Kind]] = {
    "delay_before": _kind(Answer.REAL, processed=True, delay_before_s=1.0),
    "delay_after": _kind(Answer.REAL, processed=True, delay_after_s=1.0),
    "reset_before": _kind(Answer.RESET, processed=False),
    "reset_after": _kind(Answer.RESET, processed=True),
    "close_before": _kind(Answer.CLOSE, processed=False),
    "close_after": _kind(Answer.CLOSE, processed=True),
    "hang_before": _kind(Answer.HANG, processed=False),
    "hang_after": _kind(Answer.HANG, processed=True),
    "late": _kind(Answer.CLOSE, processed=True, process_later_s=4.0),
    "late_hang": _kind(Answer.HANG, processed=True, process_later_s=4.0),
    "error_before": _kind(Answer.STATUS, processed=False, status=500),
    "error_after": _kind(Answer.STATUS, processed=True, status=500),
    "html_before": _kind(Answer.HTML, processed=False, status=502),
    "html_after": _kind(Answer.HTML, processed=True, status=502),
    "too_many": _kind(Answer.STATUS, processed=False, status=429, retry_after_s=1),
    "forbidden": _kind(Answer.STATUS, processed=False, status=403, message="access too frequent"),
    "redirect": _kind(Answer.REDIRECT, processed=False, status=307),
    "truncated": _kind(Answer.TRUNCATED, processed=True),
    "truncated_chunked": _kind(Answer.TRUNCATED_CHUNKED, processed=True),
    "invalid_json": _kind(Answer.CUT_JSON, processed=True),
    "empty": _kind(Answer.TEXT, processed=True, message=""),
    "null": _kind(Answer.TEXT, processed=True, message="null"),
    "list": _kind(Answer.TEXT, processed=True, message="[]"),
    "object": _kind(Answer.TEXT, processed=True, message="{}"),
    "code_before": _kind(Answer.CODE, processed=False, code=10016, message="Internal System Error."),
    "code_after": _kind(Answer.CODE, processed=True, code=10000, message="Server Timeout"),
    "wrong_echo": _kind(Answer.PATCH, processed=True, patch=OTHER_IDS),
    "patch": _kind(Answer.PATCH, processed=True),
    "slow_body": _kind(Answer.SLOW, processed=True, delay_after_s=1.0),
    "huge_body": _kind(Answer.HUGE, processed=True, megabytes=200),
    "gzip_bomb": _kind(Answer.GZIP_BOMB, processed=True, megabytes=200),
    "stale": _kind(Answer.STALE, processed=False),
    "ws_drop": _kind(Answer.DROP_SOCKETS, processed=True),
}


class BadRuleError(ValueError):
    """A fault rule that cannot be used; the message says what to change."""


@dataclass(slots=True, kw_only=True)
class FaultRule:
    """One rule.

    Attributes:
        venue: "bybit", "hyperliquid", "okx", "telegram", or "*" for all.
        match: Shell pattern for the operation, e.g. "POST /v5/order/create" or "POST /exchange order*".
        body: Text that the body or query must contain; empty for any.
        skip: So many matching requests pass first.
        count: So many are hit; None for all until the rule is removed.
        probability, seed: Hit only this share of them, the same ones for the same seed.
        delay_before_s, delay_after_s: Seconds of the world's clock before and after the venue acts
            (slow_body: seconds of real time per byte).
        process_later_s: The venue acts this much later; the client has its answer (or none) already.
        status, message, retry_after_s, code, patch, location, megabytes: Details of the answer.
    """

    number: int
    venue: str
    match: str
    kind: str
    body: str = ""
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0
    seed: int = 0
    delay_before_s: float = 0.0
    delay_after_s: float = 0.0
    process_later_s: float = 0.0
    status: int = 200
    message: str = ""
    retry_after_s: int | None = None
    code: int | str = 0
    patch: Mapping[str, Any] = field(default_factory=dict)
    location: str = ""
    megabytes: int = 1
    hits: int = 0
    seen: int = 0
    _random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311  reproducible chaos, not secrecy

    @property
    def row(self) -> Kind:
        """The rule's row of the table."""
        return KINDS[self.kind]

    def wants(self, venue: str, operation: str, body: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.venue not in {"*", venue} or not fnmatchcase(operation, self.match) or self.body not in body:
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        self.seen += 1
        if self.seen <= self.skip or self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        data = asdict(self)
        data.pop("_random")
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedFault:
    """One fault that was applied to one request."""

    time_ms: int
    rule: int
    kind: str
    venue: str
    operation: str
    request: int


class FaultBox:
    """The rules in force, first match wins, and what they have done."""

    def __init__(self) -> None:
        self.rules: list[FaultRule] = []
        self.applied: list[AppliedFault] = []
        self._numbers = 0

    def add(self, fields: Mapping[str, Any]) -> FaultRule:
        """Put a rule into force.

        Raises:
            BadRuleError: unknown kind or field.
        """
        kind = fields.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise BadRuleError(f"unknown fault kind {kind!r}: use one of {', '.join(KINDS)}")
        self._numbers += 1
        values = {"venue": "*", "match": "*", **KINDS[kind].defaults, **fields, "number": self._numbers}
        unknown = set(values) - {name for name in FaultRule.__slots__ if name not in {"_random", "hits", "seen"}}
        if unknown:
            raise BadRuleError(f"unknown field {', '.join(sorted(unknown))}: see the attributes of a fault rule")
        rule = FaultRule(**values)
        self.rules.append(rule)
        return rule

    def remove(self, number: int | None = None) -> None:
        """Take a rule, or all rules, out of force."""
        self.rules = [] if number is None else [rule for rule in self.rules if rule.number != number]

    def choose(self, *, time_ms: int, venue: str, operation: str, body: str, request: int) -> FaultRule | None:
        """The rule that hits this request, written down as applied; None when it passes unharmed."""
        for rule in self.rules:
            if rule.wants(venue, operation, body):
                self.applied.append(
                    AppliedFault(
                        time_ms=time_ms,
                        rule=rule.number,
                        kind=rule.kind,
                        venue=venue,
                        operation=operation,
                        request=request,
                    )
                )
                return rule
        return None
