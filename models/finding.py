"""What a look at an installation found: data, put into words by whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.values import Value


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """Works, but somebody should look."""
    FAIL = "fail"
    """Does not work, or is not safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Value):
    """One line of a check-up. `code` names its sentence and what to do, `fields` fill their places."""

    code: str
    verdict: Verdict
    fields: Mapping[str, str] = field(default_factory=dict)
    """Never holds a secret."""


def ok(code: str, **fields: object) -> Finding:
    """Return the finding that something is well."""
    return _finding(code, Verdict.OK, fields)


def warn(code: str, **fields: object) -> Finding:
    """Return the finding that somebody should look at something."""
    return _finding(code, Verdict.WARN, fields)


def fail(code: str, **fields: object) -> Finding:
    """Return the finding that something does not work or is not safe."""
    return _finding(code, Verdict.FAIL, fields)


def _finding(code: str, verdict: Verdict, fields: Mapping[str, object]) -> Finding:
    return Finding(code=code, verdict=verdict, fields={name: str(value) for name, value in fields.items()})
