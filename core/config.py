"""Every setting there is. The only reader of the environment and of `.env`.

Each setting is described in `.env.example`, and a test holds the two together.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from core.flag import parse_rollout

ENV_FILE = Path(".env")
_TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{35}")
_CREDENTIALS = ("telegram_token",)


class ConfigError(Exception):
    """A setting is missing or malformed. The message is one sentence that names the line to fix."""


class Mode(StrEnum):
    """Simulated venues on this machine, or the real ones. Written down, never guessed."""

    SANDBOX = "sandbox"
    LIVE = "live"


def _http_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError("expected an address such as http://127.0.0.1:8780")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_http_url)]


def _rollout(value: str) -> str:
    parse_rollout(value)
    return value


class PaperVenue(BaseModel):
    """Where a simulated venue answers, and the keys of its demo account by the names of the venue's dialogue."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url
    keys: Mapping[str, SecretStr] = Field(default_factory=dict)


def _json_object(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object as the sandbox announces it, or nothing")
    return found


PaperVenues = Annotated[Mapping[str, PaperVenue], NoDecode, BeforeValidator(_json_object)]


class Settings(BaseSettings):
    """The settings of one start. Secrets show as stars in every repr."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", env_ignore_empty=True, extra="forbid", hide_input_in_errors=True, frozen=True
    )

    elcaro_mode: Mode
    telegram_token: SecretStr = SecretStr("")
    admin_id: Annotated[int, Field(gt=0)] | None = None
    use_unified: Annotated[str, AfterValidator(_rollout)] = "true"
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    database_url: str = ""
    elcaro_data_dir: Path = Path("data")
    elcaro_log_dir: Path = Path("logs")

    webapp_host: str = "127.0.0.1"
    webapp_port: Annotated[int, Field(ge=0, le=65535)] = 8765
    webapp_url: Url = ""
    webapp_require_signature: bool = False

    telegram_api_url: Url = "https://api.telegram.org"
    telegram_link: Url = ""
    paper_venues: PaperVenues = Field(default_factory=dict)
    failpoint: Annotated[str, Field(pattern="^([A-Z][0-9]{1,2}(:stop)?)?$")] = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take a service's credential files before the environment, and the environment before `.env`."""
        return init_settings, file_secret_settings, env_settings, dotenv_settings

    @model_validator(mode="after")
    def _live_needs_a_token(self) -> "Settings":
        token = self.telegram_token.get_secret_value()
        if self.elcaro_mode is Mode.LIVE and not token:
            raise ValueError("TELEGRAM_TOKEN: expected the token that @BotFather gave you, was empty")
        if token and not _TOKEN.fullmatch(token):
            raise ValueError("TELEGRAM_TOKEN: expected digits, a colon and 35 characters, as @BotFather gave it")
        if self.elcaro_mode is Mode.LIVE and "SANDBOX" in token:
            raise ValueError("TELEGRAM_TOKEN: this is the sandbox's token; put the one that @BotFather gave you")
        if self.elcaro_mode is Mode.LIVE and self.failpoint:
            raise ValueError("FAILPOINT: it kills the program in the middle of an order; leave it empty")
        return self

    @property
    def is_sandbox(self) -> bool:
        """Whether money is simulated."""
        return self.elcaro_mode is Mode.SANDBOX

    @property
    def database(self) -> str:
        """The database's address; a file in the data directory unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.elcaro_data_dir / 'elcaro.db').absolute()}"

    @property
    def mini_app_url(self) -> str:
        """Where the chat opens the Mini App; empty where it cannot. Telegram takes https alone, the sandbox's chat page
        takes plain http too."""
        is_simulated = self.is_sandbox and "SANDBOX" in self.telegram_token.get_secret_value()
        return self.webapp_url if is_simulated or self.webapp_url.startswith("https://") else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log's redactor to know."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        own = (value for value in fields if isinstance(value, SecretStr))
        paper = (value for venue in self.paper_venues.values() for value in venue.keys.values())
        return tuple(secret for value in (*own, *paper) if (secret := value.get_secret_value()))


def load_settings(env_file: Path | None = ENV_FILE, **overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        ConfigError: One sentence naming the setting, and its line where it stands in the file.
    """
    credentials = _credentials_directory()
    try:
        return Settings(_env_file=env_file, _secrets_dir=credentials, **overrides)
    except ValidationError as e:
        raise ConfigError(_sentence(e, env_file)) from None
    except UnicodeDecodeError as e:
        raise ConfigError(f"{env_file}: is no UTF-8 text; save it as UTF-8, or start again from .env.example") from e
    except OSError as e:
        raise ConfigError(f"{e.filename}: cannot be read ({e.strerror}); make it a file of this user's own") from e


def _credentials_directory() -> Path | None:
    """Return the directory of a service manager's credential files, if this process was given one."""
    directory = _Service().credentials_directory
    return directory if directory and any((directory / name).is_file() for name in _CREDENTIALS) else None


class _Service(BaseSettings):
    """What a service manager tells its processes."""

    credentials_directory: Path | None = None
    notify_socket: str = ""
    watchdog_usec: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceManager:
    """Where a service manager listens, empty when there is none, and how long it waits for a sign of life."""

    address: str = ""
    watchdog_s: float | None = None


def service_manager() -> ServiceManager:
    """Return who started this process, as far as it said."""
    service = _Service()
    return ServiceManager(address=service.notify_socket, watchdog_s=service.watchdog_usec / 1e6 or None)


def credentials_directory() -> Path | None:
    """Return the service manager's credential directory; None when there is none."""
    return _Service().credentials_directory


_EXPECTED = {
    "missing": "is missing; expected a value, see .env.example",
    "extra_forbidden": "is not a setting; compare its spelling with .env.example",
    "int_parsing": "expected a whole number",
    "bool_parsing": "expected true or false",
    "enum": "expected sandbox or live",
}
_EXPECTED_OF = {
    ("ADMIN_ID", "greater_than"): "expected a Telegram id, a whole number above zero",
    ("LOG_LEVEL", "string_pattern_mismatch"): "expected one of DEBUG, INFO, WARNING, ERROR",
    ("WEBAPP_PORT", "greater_than_equal"): "expected a port, 1 to 65535; 0 takes any free one",
    ("WEBAPP_PORT", "less_than_equal"): "expected a port, 1 to 65535; 0 takes any free one",
    ("FAILPOINT", "string_pattern_mismatch"): "expected nothing, or a point of an order's way such as K5",
}


def _sentence(error: ValidationError, env_file: Path | None) -> str:
    """Turn the first validation error into one sentence, without any value in it."""
    first = error.errors(include_input=False, include_url=False)[0]
    if not first["loc"]:
        text = str(first["msg"]).removeprefix("Value error, ")
        name, _, problem = text.partition(": ")
    else:
        name = str(first["loc"][0]).upper()
        kind = first["type"]
        own = _EXPECTED_OF.get((name, kind)) or _EXPECTED.get(kind)
        problem = own or str(first["msg"]).removeprefix("Value error, ")
    line = _line_of(name, env_file)
    return f"{env_file} line {line}: {name}: {problem}" if line else f"{name}: {problem} (set it in .env)"


def _line_of(name: str, env_file: Path | None) -> int | None:
    """Find the line of a setting in the file; None where it is not in it."""
    if env_file is None or not env_file.is_file():
        return None
    lines = env_file.read_text(encoding="utf-8").splitlines()
    pattern = re.compile(rf"\s*(export\s+)?{re.escape(name)}\s*=", re.IGNORECASE)
    return next((n for n, line in enumerate(lines, 1) if pattern.match(line)), None)
