"""The house plan, executable: who may import whom, and where each decision is taken."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchanges.registry import EXCHANGES

ROOT = Path(__file__).parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "models": set(),
    "exchanges": {"models"},
    "storage": {"models"},
    "migrations": {"storage"},
    "db": {"models", "storage"},
    "core": {"models", "exchanges", "db"},
    "direct": {"models", "exchanges.bybit_errors", "exchanges.hyperliquid_errors", "exchanges.clock"},
    "hl_adapter": {"models", "direct"},
    "bot_unified": {"models", "core", "db"},
    # the vocabulary of an account's client, and nothing of the adapters that this path bypasses
    "bot_legacy": {"models", "core", "db", "direct", "hl_adapter", "exchanges.base"},
    "core.backend": {"models", "core", "bot_unified", "bot_legacy", "exchanges.base"},
    "core.jobs": {"models", "core", "core.backend", "db", "exchanges"},
    "core.runtime": {"models", "core", "core.backend", "core.jobs", "exchanges", "db"},
    "telegram_ui": {"models"},
    "pictures": set(),
    "telegram_app": {"models", "core", "core.runtime", "db", "telegram_ui", "chat", "pictures"},
    "chat": {"models", "core", "db", "pictures", "telegram_ui", "telegram_app", "exchanges.spec", "exchanges.registry"},
    "bot": {"models", "core", "core.backend", "core.runtime", "db", "chat", "telegram_app", "telegram_ui"},
    "webapp": {"models", "core", "core.backend", "core.runtime"},
    "launcher": {"core"},
    "ops": {"models", "core", "core.runtime", "db", "storage", "exchanges", "telegram_ui", "launcher"},
    "sandbox": set(),
    # rows that only tables name: pure data that may be read one by one
    "exchanges.bybit_errors": set(),
    "exchanges.clock": set(),
    "exchanges.hyperliquid_errors": set(),
    "exchanges.base": {"models"},
    "exchanges.spec": {"models", "exchanges", "exchanges.base"},
    "exchanges.registry": {"models", "exchanges", "exchanges.base", "exchanges.spec"},
}
TELEGRAM = {"bot", "chat", "telegram_app"}
WEB_FRAMEWORK = {"webapp"}
SENDERS_CALLED_FROM = {"core.sending"}


def unit_of(module: str) -> str:
    """Return the most specific unit a dotted module name belongs to, or nothing."""
    parts = module.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((name for name in names if name in MAY_IMPORT), "")


def modules() -> list[tuple[str, Path]]:
    """Return every source file of ours with its dotted name."""
    files = (path for path in sorted(ROOT.rglob("*.py")) if not path.relative_to(ROOT).parts[0].startswith("."))
    named = ((".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path) for path in files)
    return [(name, path) for name, path in named if unit_of(name)]


MODULES = modules()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> set[str]:
    """Return the dotted names a file imports, function bodies included."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def allowed(unit: str) -> set[str]:
    """Return what a unit may import: its row; naming a package allows its parts that have no row of their own use."""
    row = MAY_IMPORT[unit]
    parts = {name for name in MAY_IMPORT if name.partition(".")[0] in row and name.startswith("exchanges.")}
    return row | parts | {unit, unit.partition(".")[0]}


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_module_imports_only_what_the_plan_allows(name: str, path: Path) -> None:
    unit = unit_of(name)
    used = {unit_of(imported) for imported in imports_of(path)} - {""}
    if unit == "exchanges":  # the venues' files share a unit; only these two must not meet
        used -= {part for part in MAY_IMPORT if part.startswith("exchanges.")}
    assert used - allowed(unit) == set()


def venue_of(module: str) -> str | None:
    for venue in EXCHANGES:
        if module.startswith(f"exchanges.{venue}"):
            return venue
    return None


@pytest.mark.parametrize(("name", "path"), [(n, p) for n, p in MODULES if venue_of(n)])
def test_venues_never_see_each_other(name: str, path: Path) -> None:
    others = {venue_of(imported) for imported in imports_of(path)} - {None, venue_of(name)}
    assert others == set()


@pytest.mark.parametrize(
    ("library", "units"),
    [("telegram", TELEGRAM), ("fastapi", WEB_FRAMEWORK), ("sqlalchemy", {"storage", "migrations", "db"})],
)
def test_library_stays_in_its_room(library: str, units: set[str]) -> None:
    users = {
        unit_of(name).partition(".")[0]
        for name, path in MODULES
        if any(imported.partition(".")[0] == library for imported in imports_of(path))
    }
    assert users - units == set()


def readers_of(attributes: set[str]) -> set[str]:
    """Return the modules that read an attribute of one of these names."""
    return {
        name
        for name, path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in attributes
    }


def test_flag_is_read_in_one_place() -> None:
    assert readers_of({"use_unified"}) == {"core.backend"}


def test_environment_is_read_in_one_place() -> None:
    # the launcher hands its own environment on to the processes it starts
    assert readers_of({"environ", "getenv"}) <= {"core.config", "launcher.parts"}


def calls_of(path: Path, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node


def test_signed_requests_are_sent_through_one_door() -> None:
    """`sender.send(request)` appears in the orders' room alone; elsewhere a send is the venue's own or a socket's."""
    callers = {
        name
        for name, path in MODULES
        if unit_of(name) in {"core", "bot_unified", "bot_legacy", "chat", "telegram_app", "webapp", "bot"}
        for call in calls_of(path, "send")
        if ast.unparse(call.func).split(".")[-2] in {"sender", "client", "venue", "adapter"}
    }
    assert callers <= SENDERS_CALLED_FROM


ORDER_ENDPOINTS = ("/v5/order/create", "/v5/order/amend", "/v5/order/cancel", "/exchange", "sign_l1_action")


@pytest.mark.parametrize("endpoint", ORDER_ENDPOINTS)
def test_order_endpoints_are_named_by_senders_alone(endpoint: str) -> None:
    users = {name for name, path in MODULES if endpoint in path.read_text(encoding="utf-8")}
    rooms = {unit_of(name).partition(".")[0] for name in users}
    assert rooms <= {"exchanges", "direct", "hl_adapter", "sandbox"}


def test_no_module_hides_a_failed_import_of_ours() -> None:
    hiding = [
        name
        for name, path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "ImportError" in ast.unparse(node.type)
    ]
    assert hiding == []


def test_nobody_but_its_own_room_knows_the_sandbox() -> None:
    users = {
        name
        for name, path in MODULES
        if unit_of(name) != "sandbox" and any(i.partition(".")[0] == "sandbox" for i in imports_of(path))
    }
    assert users == set()
