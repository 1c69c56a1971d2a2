"""`.env.example` and the settings name the same things."""

import re
from pathlib import Path

from core.config import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / ".env.example"


def test_example_lists_exactly_the_settings() -> None:
    listed = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


def test_example_is_a_working_configuration() -> None:
    settings = load_settings(EXAMPLE)
    assert settings.is_sandbox
    assert settings.webapp_port == 8765
