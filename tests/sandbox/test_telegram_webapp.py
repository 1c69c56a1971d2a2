"""Launch data of Mini Apps verifies with an implementation of its own, written from Telegram's description."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from sandbox import demo
from sandbox.telegram.records import User
from sandbox.telegram.webapp import sign_init_data
from tests.sandbox.telegram_rig import Server, telegram_server

USER = User(id=7, first_name="Ім’я & Co", username="someone", language_code="uk")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


def is_genuine(init_data: str, token: str) -> bool:
    """https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app"""
    fields = dict(parse_qsl(init_data, strict_parsing=True))
    received = fields.pop("hash")
    lines = "\n".join(f"{key}={fields[key]}" for key in sorted(fields))
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest(), received)


def test_launch_data_verifies_with_the_token_and_with_no_other() -> None:
    data = sign_init_data(demo.TELEGRAM_TOKEN, USER, auth_date=NOW, start_param="pos_BTCUSDT")
    assert is_genuine(data, demo.TELEGRAM_TOKEN)
    assert not is_genuine(data, "1:" + "A" * 35)
    assert not is_genuine(data.replace("auth_date=1767225600", "auth_date=1767225601"), demo.TELEGRAM_TOKEN)


def test_launch_data_names_the_person_the_time_and_the_start_parameter() -> None:
    data = sign_init_data(demo.TELEGRAM_TOKEN, USER, auth_date=NOW, start_param="pos_BTCUSDT")
    fields = dict(parse_qsl(data))
    user = json.loads(fields["user"])
    assert (user["id"], user["first_name"], user["language_code"]) == (7, "Ім’я & Co", "uk")
    assert (fields["auth_date"], fields["start_param"]) == ("1767225600", "pos_BTCUSDT")
    assert len(base64.urlsafe_b64decode(fields["signature"] + "==")) == 64


async def test_page_gets_launch_data_for_the_person_who_opens_the_app(server: Server) -> None:
    opened = await server.control("open_web_app", user_id=demo.STRANGER_ID)
    assert is_genuine(opened["init_data"], demo.TELEGRAM_TOKEN)
    user = json.loads(dict(parse_qsl(opened["init_data"]))["user"])
    assert user["id"] == demo.STRANGER_ID


async def test_data_sent_by_an_app_arrives_as_a_message(server: Server) -> None:
    await server.control("web_app_data", user_id=demo.OWNER_ID, button_text="Open", data="hello")
    (update,) = await server.result("getUpdates")
    assert update["message"]["web_app_data"] == {"data": "hello", "button_text": "Open"}
