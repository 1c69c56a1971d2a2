"""Snapshots: the accounts of a sandbox in one JSON file, so that a demo user's account survives a restart."""

import json
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from sandbox.engine import Account, Engine, LedgerLine, Venue
from sandbox.keys import BybitKey
from sandbox.world import World

FORMAT: Final = 1
KEPT_LINES: Final = 2_000


class DamagedStateError(Exception):
    """The snapshot file cannot be read; the message says what to do."""


class UnwritableStateError(Exception):
    """The snapshot file cannot be written; the message says what to do."""


def render(world: World) -> str:
    """The world's accounts as JSON text."""
    return json.dumps(
        {
            "format": FORMAT,
            "seed": world.seed,
            "venues": {venue.value: _dump_engine(world.engine(venue)) for venue in Venue},
            "keys": [to_json(key) for key in world.keys.all()],
            "extras": {name: extra.dump() for name, extra in world.extras.items()},
        }
    )


def write(path: Path, text: str) -> None:
    """Write a snapshot; the old one stays whole until the new one is complete.

    Raises:
        UnwritableStateError: There is no room, or no such place.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        prepare(path)
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        raise _unwritable(path, error) from error


def prepare(path: Path) -> None:
    """Make the folder of a snapshot.

    Raises:
        UnwritableStateError: It cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UnwritableStateError:
    return UnwritableStateError(
        f"The sandbox cannot keep its accounts in {path} ({error.strerror}): make room or fix its folder, or choose "
        "another file with --state."
    )


def load(world: World, path: Path) -> bool:
    """Read a snapshot into a new world; False when it is of another format or another seed, and the world stays new.

    Raises:
        DamagedStateError: the file is not a snapshot.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["seed"] != world.seed:
            return False
        _restore(world, data)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise DamagedStateError(f"The sandbox cannot read {path}: delete it to start with new accounts.") from error
    return True


def _restore(world: World, data: dict[str, Any]) -> None:
    for venue in Venue:
        if venue.value in data["venues"]:  # a venue may have joined since
            _load_engine(world.engine(venue), data["venues"][venue.value])
    for key in data["keys"]:
        world.keys.add(from_json(BybitKey, key))
    for name, extra in world.extras.items():
        if name in data["extras"]:
            extra.load(data["extras"][name])


def _dump_engine(engine: Engine) -> dict[str, Any]:
    return {
        "counter": engine.core.counter,
        "funded_until_ms": engine.risk.funded_until_ms,
        "accounts": [to_json(account) for account in engine.accounts.values()],
        "ledger": [to_json(line) for line in engine.ledger.lines()[-KEPT_LINES:]],
    }


def _load_engine(engine: Engine, data: dict[str, Any]) -> None:
    engine.core.counter = data["counter"]
    engine.risk.funded_until_ms = data["funded_until_ms"]
    engine.core.accounts.clear()
    for row in data["accounts"]:
        account = from_json(Account, row)
        engine.core.accounts[account.account_id] = account
    engine.ledger.restore([from_json(LedgerLine, row) for row in data["ledger"]])


def to_json(value: Any) -> Any:
    """Dataclasses, enums and decimals as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {name: to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(inner) for inner in value]
    return value


def from_json(kind: Any, value: Any) -> Any:
    """The value that ``to_json`` was given, by the declared type."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        inner = next(arg for arg in get_args(kind) if arg is not NoneType)
        return None if value is None else from_json(inner, value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: from_json(hints[name], inner) for name, inner in value.items()})
    if origin in {dict, Mapping}:
        return {name: from_json(get_args(kind)[1], inner) for name, inner in value.items()}
    if origin is list:
        return [from_json(get_args(kind)[0], inner) for inner in value]
    if origin is tuple:
        return tuple(from_json(get_args(kind)[0], inner) for inner in value)
    if kind is Decimal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind(value)
    return value
