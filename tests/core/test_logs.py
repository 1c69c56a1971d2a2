"""No secret reaches a log, in whatever shape it is logged."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.logs import Redactor, set_up_logging

TOKEN = "123456789:" + "AbC-_" * 7
KEY = "4f" * 32
SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=70)


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield tmp_path / "logs" / "bot.log"
    for handler in set(root.handlers) - set(before):
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


@given(SECRETS, st.text(max_size=30), st.text(max_size=30))
def test_known_secret_is_removed_in_any_surroundings(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor([secret])(f"{before}{secret}{after}").replace("‹secret›", "")


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        f"private_key={KEY}",
        f"0x{KEY}",
        f'{{"signature": {{"r": "0x{KEY}"}}}}',
        f"X-BAPI-SIGN: {KEY}",
        "api_secret='hunter2hunter2'",
        f"user=1&auth_date=1&hash={KEY}",
    ],
)
def test_unannounced_secret_is_recognised(text: str) -> None:
    shown = Redactor()(text)
    assert not any(secret in shown for secret in (TOKEN, KEY, "hunter2hunter2"))


def test_ordinary_words_stay() -> None:
    text = "order placed user=7 symbol=BTCUSDT client_order_id=eb1-abcdefghij size=0.5 A17"
    assert Redactor([TOKEN])(text) == text


def test_fields_arguments_and_tracebacks_are_redacted_in_the_file(log_file: Path) -> None:
    redact = set_up_logging(level="DEBUG", log_file=log_file, secrets=[TOKEN])
    redact.learn("learned-later")
    logger = logging.getLogger("core.test")
    logger.debug("argument %s", TOKEN, extra={"field": "learned-later"})
    try:
        raise ValueError(f"inside {TOKEN}")
    except ValueError:
        logger.exception("failed")
    text = log_file.read_text(encoding="utf-8")
    assert "argument" in text
    assert "Traceback" in text
    assert TOKEN not in text
    assert "learned-later" not in text


def test_foreign_debug_lines_are_never_written(log_file: Path) -> None:
    set_up_logging(level="DEBUG", log_file=log_file)
    logging.getLogger().debug({"signature": {"r": "0x1"}})
    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/…")
    assert log_file.read_text(encoding="utf-8") == ""
