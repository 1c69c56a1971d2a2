"""A malformed setting stops the start with one sentence that names the line."""

from pathlib import Path

import pytest

from core.config import ConfigError, load_settings

REAL_LOOKING = "123456789:" + "x" * 35
SANDBOX_TOKEN = "1000000001:" + "SANDBOX-".ljust(35, "0")


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.env"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ELCARO_MODE=live\n", ["TELEGRAM_TOKEN", "@BotFather"]),
        ("# c\nELCARO_MODE=live\nTELEGRAM_TOKEN=\n", ["line 3", "TELEGRAM_TOKEN"]),
        ("ELCARO_MODE=live\nTELEGRAM_TOKEN=12:abc\n", ["line 2", "TELEGRAM_TOKEN", "35 characters"]),
        (f"ELCARO_MODE=live\nTELEGRAM_TOKEN={SANDBOX_TOKEN}\n", ["line 2", "sandbox's token"]),
        ("ELCARO_MODE=maybe\n", ["line 1", "ELCARO_MODE", "sandbox or live"]),
        ("LOG_LEVEL=INFO\n", ["ELCARO_MODE", "missing"]),
        ("ELCARO_MODE=sandbox\nUSE_UNIFED=false\n", ["line 2", "USE_UNIFED", "spelling"]),
        ("ELCARO_MODE=sandbox\nUSE_UNIFIED=maybe\n", ["line 2", "USE_UNIFIED", "true, false"]),
        ("ELCARO_MODE=sandbox\nWEBAPP_PORT=abc\n", ["line 2", "WEBAPP_PORT", "whole number"]),
        ("ELCARO_MODE=sandbox\nWEBAPP_PORT=99999\n", ["line 2", "WEBAPP_PORT", "1 to 65535"]),
        ("ELCARO_MODE=sandbox\nWEBAPP_PORT=-1\n", ["line 2", "WEBAPP_PORT", "1 to 65535"]),
        ("ELCARO_MODE=sandbox\nADMIN_ID=-5\n", ["line 2", "ADMIN_ID", "above zero"]),
        ("ELCARO_MODE=sandbox\nWEBAPP_REQUIRE_SIGNATURE=perhaps\n", ["line 2", "SIGNATURE", "true or false"]),
        ("ELCARO_MODE=sandbox\nFAILPOINT=zz\n", ["line 2", "FAILPOINT", "expected nothing"]),
        ("ELCARO_MODE=sandbox\nLOG_LEVEL=LOUD\n", ["line 2", "LOG_LEVEL", "DEBUG"]),
        ("ELCARO_MODE=sandbox\nWEBAPP_URL=elcaro.example\n", ["line 2", "WEBAPP_URL", "http"]),
    ],
)
def test_malformed_setting_is_named_in_one_sentence(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(write(tmp_path, text))
    sentence = str(error.value)
    assert "\n" not in sentence
    assert [word for word in words if word not in sentence] == []


def test_file_that_is_no_text_is_named_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "settings.env"
    path.write_bytes(b"ELCARO_MODE=sandbox\n\xff\xfe=1\n")
    with pytest.raises(ConfigError, match=r"settings\.env: is no UTF-8 text; [^\n]+$"):
        load_settings(path)


def test_misspelt_token_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(write(tmp_path, f"ELCARO_MODE=live\nTELEGRAM_TOKN={REAL_LOOKING}\n"))
    assert REAL_LOOKING not in str(error.value)


def test_secrets_do_not_show_in_the_settings_repr(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, f"ELCARO_MODE=live\nTELEGRAM_TOKEN={REAL_LOOKING}\n"))
    assert REAL_LOOKING not in repr(settings)
    assert settings.secrets == (REAL_LOOKING,)


def test_service_credential_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "telegram_token").write_text(REAL_LOOKING, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = load_settings(write(tmp_path, "ELCARO_MODE=live\nTELEGRAM_TOKEN=\n"))
    assert settings.telegram_token.get_secret_value() == REAL_LOOKING
