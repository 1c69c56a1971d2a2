"""The table of faults as tests: each row of `docs/reliability.md` is a function here or there, under its id."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

Play = Callable[..., Awaitable[None]]
"""Plays one row, on a stage or on a scene."""

BOTH = ("bybit", "hyperliquid")
PATHS = ("unified", "legacy")


@dataclass(frozen=True, slots=True)
class Case:
    """One row on one venue, sent on one path."""

    row: str
    play: Play
    exchange: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """How the product is opened for it; see `Scene.product`."""

    @property
    def name(self) -> str:
        return f"{self.row}-{self.exchange}-{self.path}"


class Rows:
    """The rows of one group."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def row(
        self, row: str, *, on: tuple[str, ...] = BOTH, via: tuple[str, ...] = PATHS, **options: Any
    ) -> Callable[[Play], Play]:
        """Make a function the test of a row, once per venue and path."""

        def register(play: Play) -> Play:
            self.cases += [Case(row, play, exchange, path, options) for exchange in on for path in via]
            return play

        return register

    def parameters(self) -> list[Any]:
        """Return what `pytest.mark.parametrize` takes."""
        return [pytest.param(case, id=case.name) for case in self.cases]
