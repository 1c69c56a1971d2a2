"""Launch data: only what Telegram signed, for this bot, just now, opens the door."""

import base64
import hashlib
import hmac
import json
import random
import time
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import demo
from tests.webapp.rig import OWNER, launch_data
from webapp.auth import MAX_LENGTH, BadLaunch, LaunchCheck

TOKEN = demo.TELEGRAM_TOKEN
CHECK = LaunchCheck(TOKEN)
MUTATIONS = 50_000


def signed(fields: dict[str, str], token: str = TOKEN) -> str:
    """Return fields as a query string with a right hash."""
    text = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return urlencode({**fields, "hash": hmac.new(key, text.encode(), hashlib.sha256).hexdigest()})


def fields(**changes: str) -> dict[str, str]:
    user = json.dumps({"id": OWNER, "first_name": "Olena", "language_code": "uk"})
    return {"query_id": "AAE", "user": user, "auth_date": str(int(time.time())), **changes}


def refusal(init_data: str, check: LaunchCheck = CHECK) -> str:
    """Return the code of a launch that is refused; empty where it is believed."""
    try:
        check(init_data)
    except BadLaunch as e:
        return e.code
    return ""


def test_genuine_launch_tells_who_opened_the_app() -> None:
    launch = CHECK(launch_data(start_param="trade_ETHUSDT"))
    assert (launch.user_id, launch.language, launch.start_param) == (OWNER, "uk", "trade_ETHUSDT")


@pytest.mark.slow
def test_w1_one_flipped_bit_is_never_believed() -> None:
    genuine, dice = launch_data(start_param="x").encode(), random.Random(1)
    believed = 0
    for _ in range(MUTATIONS):
        altered = bytearray(genuine)
        altered[dice.randrange(len(altered))] ^= 1 << dice.randrange(8)
        believed += not refusal(altered.decode("latin-1"))
    assert believed == 0


def test_w1_every_field_is_covered_by_the_hash() -> None:
    genuine = dict(parse_qsl(launch_data(), keep_blank_values=True))
    for name in set(genuine) - {"hash"}:
        assert refusal(urlencode({**genuine, name: genuine[name] + "0"})) == "wrong_hash", name
        assert refusal(urlencode({key: value for key, value in genuine.items() if key != name})) == "wrong_hash", name


def test_w1_order_of_fields_does_not_matter() -> None:
    pairs = parse_qsl(launch_data(), keep_blank_values=True)
    assert refusal(urlencode(pairs[::-1])) == ""


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_w1_arbitrary_text_is_refused_and_never_breaks_anything(text: str) -> None:
    assert refusal(text) != ""


@pytest.mark.parametrize(
    ("auth_date", "code"),
    [
        (lambda now: str(now - 301), "too_old"),
        (lambda now: str(now + 10 * 365 * 86400), "from_the_future"),
        (lambda now: str(now + 40), "from_the_future"),
        (lambda now: "1e9", "malformed_time"),
        (lambda now: "-1", "malformed_time"),
        (lambda now: "", "malformed_time"),
        (lambda now: "١٢٣", "malformed_time"),
    ],
)
def test_w2_launch_counts_only_for_five_minutes(auth_date: object, code: str) -> None:
    assert callable(auth_date)
    assert refusal(signed(fields(auth_date=auth_date(int(time.time()))))) == code


def test_w2_launch_without_a_time_is_refused() -> None:
    without = {name: value for name, value in fields().items() if name != "auth_date"}
    assert refusal(signed(without)) == "malformed_time"


def test_w2_clock_a_little_behind_telegrams_is_forgiven() -> None:
    assert refusal(signed(fields(auth_date=str(int(time.time()) + 20)))) == ""


@pytest.mark.parametrize("appended", ['&user={"id":999}', "&hash=00", "&auth_date=1", "&query_id="])
def test_w3_field_said_twice_is_refused(appended: str) -> None:
    escaped = appended.replace("{", "%7B").replace("}", "%7D").replace('"', "%22")
    assert refusal(launch_data() + escaped) == "field_said_twice"


def test_w4_blank_field_of_genuine_data_is_kept() -> None:
    assert refusal(signed(fields(start_param=""))) == ""


@pytest.mark.parametrize(
    "proof", [lambda h: h.upper(), lambda h: "", lambda h: "é" * 64, lambda h: "a" * 1_000_000, lambda h: h[:-1]]
)
def test_w5_odd_hash_is_refused(proof: object) -> None:
    assert callable(proof)
    genuine = dict(parse_qsl(signed(fields())))
    genuine["hash"] = proof(genuine["hash"])
    assert refusal(urlencode(genuine)) in {"malformed_hash", "malformed"}


def test_w6_signature_is_asked_for_when_configured() -> None:
    telegram, thief = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    check = LaunchCheck(TOKEN, signature_key=telegram.public_key().public_bytes_raw())

    def launch(signer: Ed25519PrivateKey | None, bot_id: str = TOKEN.partition(":")[0]) -> str:
        values = fields()
        if signer is not None:
            text = "\n".join(f"{name}={value}" for name, value in sorted(values.items()))
            signature = signer.sign(f"{bot_id}:WebAppData\n{text}".encode())
            values["signature"] = base64.urlsafe_b64encode(signature).decode().rstrip("=")
        return signed(values)

    assert refusal(launch(telegram), check) == ""
    assert refusal(launch(thief), check) == "wrong_signature"
    assert refusal(launch(None), check) == "wrong_signature"
    assert refusal(launch(telegram, bot_id="42"), check) == "wrong_signature"
    assert refusal(signed({**fields(), "signature": "%%%"}), check) == "wrong_signature"


def test_w8_launch_of_another_bot_is_refused() -> None:
    other = "1000000002:SANDBOX-TOKEN-NOT-A-REAL-ONE-000000"
    assert refusal(launch_data(token=other)) == "wrong_hash"


@pytest.mark.parametrize(
    "user",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"id":"7"}',
        '{"id":true}',
        '{"id":-7}',
        '{"id":1e3}',
        '{"id":7,"is_bot":true}',
        "{" * 900,
    ],
)
def test_launch_without_a_person_is_refused(user: str) -> None:
    assert refusal(signed(fields(user=user))) in {"malformed_user", "malformed"}


def test_launch_as_long_as_a_book_is_refused_unread() -> None:
    assert refusal(signed(fields(query_id="x" * MAX_LENGTH))) == "malformed"
