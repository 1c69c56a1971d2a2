"""Browser tests may be skipped on a developer's machine without Chromium, and nowhere else."""

import os

import pytest

from tests.e2e.chat import CHROMIUM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("ELCARO_REQUIRE_BROWSER") and not CHROMIUM.exists():
        pytest.exit(f"browser tests are required here and {CHROMIUM} is missing", returncode=1)
