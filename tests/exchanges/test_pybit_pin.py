"""Fails when pybit is not the release that the adapter was written against, or when what it leans on has changed."""

import ast
import hashlib
import inspect
import textwrap
from types import ModuleType

import pybit
import pytest
from pybit import _helpers, _http_manager
from pybit.unified_trading import HTTP

from exchanges.bybit_calls import Endpoints
from exchanges.bybit_http import BybitHTTP

PINNED = "5.17.0"
ENDPOINT_DEFINITIONS = 359
MANAGER = _http_manager._V5HTTPManager
FINGERPRINTS = {
    MANAGER.prepare_payload: "7af470772266e4b3",
    MANAGER._auth: "5c5c0c2d2fc0eb8b",
    MANAGER._submit_request: "b6422d5d4c52715b",
    MANAGER._clean_query: "fe7e2e8860137928",
    MANAGER._prepare_headers: "19692fa493548ed6",
    MANAGER._handle_response: "e435acbae4e1b85e",  # of the direct path
    MANAGER.__post_init__: "cbe2b01a27c4a49b",
    _http_manager.generate_signature: "1f483bc8145fa1a0",
    _helpers.generate_timestamp: "f5b70536607ff5e9",
    HTTP: "be05eea8f1f08f44",
}
USED = sorted(name for name in vars(Endpoints) if not name.startswith("_"))


def fingerprint(subject: object) -> str:
    source = inspect.getsource(subject)  # type: ignore[arg-type]
    return hashlib.sha256(textwrap.dedent(source).encode()).hexdigest()[:16]


def submit_calls(node: ast.AST) -> list[ast.Call]:
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "_submit_request"
    ]


def handed_back(function: ast.FunctionDef) -> ast.expr | None:
    """Return what a method returns, looking through one assignment just before the return."""
    last = function.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    if isinstance(value, ast.Name) and isinstance(function.body[-2], ast.Assign):
        return function.body[-2].value
    return value


def endpoint_definitions() -> list[tuple[str, ast.FunctionDef]]:
    classes = [cls for cls in HTTP.__mro__ if cls.__module__.startswith("pybit._v5_")]
    found = []
    for cls in classes:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(tree, ast.ClassDef)
        functions = [item for item in tree.body if isinstance(item, ast.FunctionDef) and submit_calls(item)]
        found += [(f"{cls.__name__}.{item.name}", item) for item in functions]
    return found


def test_pybit_is_the_pinned_release() -> None:
    assert isinstance(pybit, ModuleType)
    assert pybit.VERSION == PINNED


@pytest.mark.parametrize("subject", FINGERPRINTS, ids=lambda subject: subject.__qualname__)
def test_pybit_internals_have_not_changed(subject: object) -> None:
    assert fingerprint(subject) == FINGERPRINTS[subject]


def test_every_pybit_endpoint_hands_back_what_submit_request_returns() -> None:
    definitions = endpoint_definitions()
    meddling = [name for name, function in definitions if submit_calls(function) != [handed_back(function)]]
    assert meddling == []
    assert len(definitions) == ENDPOINT_DEFINITIONS


@pytest.mark.parametrize("name", USED)
def test_every_endpoint_the_project_uses_is_pybits_own(name: str) -> None:
    assert getattr(BybitHTTP, name) is getattr(HTTP, name)
