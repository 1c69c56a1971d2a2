"""Payloads for tests: the project's own, and recorded ones where a directory of them is given."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_RECORDED = os.environ.get("RECORDED_PAYLOADS")
_OPINIONS = frozenset({"parsedResponse", "ccxt_4_5_90_parsed", "_provenance"})

needs_recordings = pytest.mark.skipif(
    not _RECORDED, reason="RECORDED_PAYLOADS is not set to a directory of recorded answers"
)


def payload(name: str) -> Any:
    """Return one of the project's own payloads, e.g. `bybit/http_get_kline`."""
    return json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))


def bybit_rows(name: str) -> list[dict[str, Any]]:
    """Return the list of a Bybit answer."""
    rows = payload(f"bybit/{name}")["result"]["list"]
    assert isinstance(rows, list)
    return rows


def recorded(name: str) -> Any:
    """Return the data of a recorded file, e.g. `hl_sdk/info_cassettes`."""
    assert _RECORDED
    return json.loads((Path(_RECORDED) / f"{name}.json").read_text(encoding="utf-8"))["data"]


def recorded_objects(*names: str) -> Iterator[dict[str, Any]]:
    """Yield every JSON object of recorded files, at any depth, without what other programs made of them."""
    for name in names:
        yield from _objects(recorded(name))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for key, item in value.items():
            if key not in _OPINIONS:
                yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)
