"""The table in `docs/reliability.md` names every fault there is, and for each a test that exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.faults.rows import Case
from tests.faults.test_bybit import B
from tests.faults.test_clock import C
from tests.faults.test_concurrency import X
from tests.faults.test_database import D
from tests.faults.test_fallback import F
from tests.faults.test_hyperliquid import H
from tests.faults.test_inputs import I
from tests.faults.test_network import N
from tests.faults.test_process_death import K
from tests.faults.test_telegram import T
from tests.faults.test_users import U

ROOT = Path(__file__).parents[2]
GROUPS = {
    **{"N": 25, "B": 24, "H": 20, "K": 21, "D": 14, "C": 5, "T": 16},
    **{"U": 12, "I": 10, "W": 24, "S": 11, "O": 7, "X": 7, "F": 4},
}
"""How many faults of each kind there are."""
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \| `(.+?)` \|$", re.MULTILINE)


def table() -> dict[str, tuple[str, str]]:
    """Return what holds and where it is tested, by fault."""
    rows = ROW.findall((ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"))
    assert len({name for name, *_ in rows}) == len(rows), "a fault stands there twice"
    return {name: (words, test) for name, words, test in rows}


def played_cases() -> Iterator[Case]:
    for rows in (N, B, H, K, D, C, T, U, I, X, F):
        yield from rows.cases


def test_every_fault_has_its_line() -> None:
    assert set(table()) == {f"{group}{n}" for group, many in GROUPS.items() for n in range(1, many + 1)}


def test_every_line_says_what_its_tests_are_called() -> None:
    lines = table()
    played = {(case.row, case.play.__name__.replace("_", " "), case.play.__module__) for case in played_cases()}
    for row, words, module in played:
        said, where = lines[row]
        assert where == module.replace(".", "/") + ".py", row
        assert words == "play" or words in said.split("; "), row


def test_every_test_that_a_line_names_exists() -> None:
    played = {case.row for case in played_cases()}
    for name, (_, where) in table().items():
        path, _, function = where.partition("::")
        if name in played:
            assert not function
            continue
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in there, f"{name}: {where}"


def test_every_test_of_the_web_app_carries_the_id_of_its_fault() -> None:
    for name, (_, where) in table().items():
        if name.startswith("W"):
            path, _, function = where.partition("::")
            assert path.startswith("tests/webapp/"), name
            assert function.startswith(f"test_{name.lower()}_"), name
