"""Signers are recovered as the venue recovers them: from what it decoded, not from what was sent."""

import copy
import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.utils import signing

from sandbox.hyperliquid.actions import USER_ACTIONS, read_request
from sandbox.hyperliquid.signing import UnrecoverableSignature, recover_signer
from sandbox.hyperliquid.wire import UndecodableBody, plain

KEY = "0x" + "11" * 32
WALLET = Account.from_key(KEY)
SIGNER = WALLET.address.lower()
NONCE = 1_795_331_524_000
# the SDK's functions carry no types of their own
SIGN_L1: Callable[..., dict[str, Any]] = signing.sign_l1_action
SIGN_TRANSFER: Callable[..., dict[str, Any]] = signing.sign_usd_class_transfer_action
SIGN_AGENT: Callable[..., dict[str, Any]] = signing.sign_agent
ORDER: dict[str, Any] = {
    "type": "order",
    "orders": [
        {
            "a": 0,
            "b": True,
            "p": "60000",
            "s": "0.01",
            "r": False,
            "t": {"trigger": {"isMarket": True, "triggerPx": "61000", "tpsl": "sl"}},
            "c": "0x000000000000000000000000000000ab",
        }
    ],
    "grouping": "na",
    "builder": {"b": "0x" + "ab" * 20, "f": 10},
}


def body(action: dict[str, Any], *, vault: str | None = None, expires: int | None = None, mainnet: bool = False) -> Any:
    signature = SIGN_L1(WALLET, action, vault, NONCE, expires, mainnet)
    sent = {"action": action, "nonce": NONCE, "signature": signature, "vaultAddress": vault, "expiresAfter": expires}
    return json.loads(json.dumps(sent))


def test_signer_of_an_order_is_recovered() -> None:
    assert recover_signer(read_request(body(ORDER))) == SIGNER


@pytest.mark.parametrize(
    ("vault", "expires"), [("0x" + "Cd" * 20, None), (None, NONCE + 5000), ("0x" + "cd" * 20, NONCE)]
)
def test_vault_and_deadline_are_part_of_the_signature(vault: str | None, expires: int | None) -> None:
    sent = body(ORDER, vault=vault, expires=expires)
    assert recover_signer(read_request(sent)) == SIGNER
    del sent["vaultAddress"], sent["expiresAfter"]
    assert recover_signer(read_request(sent)) != SIGNER


def test_signature_for_the_main_chain_belongs_to_somebody_else() -> None:
    assert recover_signer(read_request(body(ORDER, mainnet=True))) != SIGNER


def test_key_order_of_the_body_does_not_matter_but_of_the_hash_does() -> None:
    sent = body(ORDER)
    sent["action"] = json.loads(json.dumps(sent["action"], sort_keys=True))
    assert recover_signer(read_request(sent)) == SIGNER
    assert recover_signer(read_request(body(json.loads(json.dumps(ORDER, sort_keys=True))))) != SIGNER


@pytest.mark.parametrize(("field", "written"), [("p", "60000.0"), ("s", "0.010")])
def test_trailing_zeros_are_not_what_the_venue_hashes(field: str, written: str) -> None:
    action = copy.deepcopy(ORDER)
    action["orders"][0][field] = written
    assert recover_signer(read_request(body(action))) != SIGNER


def test_changed_price_belongs_to_somebody_else() -> None:
    sent = body(ORDER)
    sent["action"]["orders"][0]["p"] = "60001"
    assert recover_signer(read_request(sent)) != SIGNER


def test_user_signed_actions_are_recovered() -> None:
    transfer = {"type": "usdClassTransfer", "amount": "12.5", "toPerp": True, "nonce": NONCE}
    signature = SIGN_TRANSFER(WALLET, transfer, False)
    assert recover_signer(read_request({"action": transfer, "nonce": NONCE, "signature": signature})) == SIGNER


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("usdClassTransfer", "USD_CLASS_TRANSFER_SIGN_TYPES"),
        ("sendAsset", "SEND_ASSET_SIGN_TYPES"),
        ("usdSend", "USD_SEND_SIGN_TYPES"),
        ("withdraw3", "WITHDRAW_SIGN_TYPES"),
        ("userDexAbstraction", "USER_DEX_ABSTRACTION_SIGN_TYPES"),
        ("userSetAbstraction", "USER_SET_ABSTRACTION_SIGN_TYPES"),
    ],
)
def test_user_signed_messages_are_those_of_the_official_sdk(kind: str, name: str) -> None:
    assert USER_ACTIONS[kind].types == getattr(signing, name)


def test_unnamed_agent_signs_an_empty_name() -> None:
    action = {"type": "approveAgent", "agentAddress": WALLET.address, "agentName": "", "nonce": NONCE}
    signature = SIGN_AGENT(WALLET, action, False)
    del action["agentName"]
    assert recover_signer(read_request({"action": action, "nonce": NONCE, "signature": signature})) == SIGNER


def test_numbers_that_are_no_signature_are_unrecoverable() -> None:
    sent = body(ORDER)
    sent["signature"]["v"] = 99
    with pytest.raises(UnrecoverableSignature):
        recover_signer(read_request(sent))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("action", "type"), "withdrawEverything"),
        (("action", "orders", 0, "a"), -1),
        (("action", "orders", 0, "a"), True),
        (("action", "orders", 0, "b"), 1),
        (("action", "orders", 0, "p"), 60000.5),
        (("action", "orders", 0, "p"), "NaN"),
        (("action", "orders", 0, "s"), "1e-5"),
        (("action", "orders", 0, "t"), {"limit": {"tif": "Fok"}}),
        (("action", "orders", 0, "t"), {"limit": {"tif": "Gtc"}, "trigger": {}}),
        (("action", "orders", 0, "c"), "0x01"),
        (("action", "orders"), {}),
        (("action", "grouping"), "oco"),
        (("action",), None),
        (("nonce",), "1"),
        (("signature",), {"r": "0x1"}),
        (("vaultAddress",), "0x1"),
        (("expiresAfter",), 1.5),
    ],
)
def test_body_of_another_shape_is_not_decoded(path: tuple[Any, ...], value: Any) -> None:
    sent = body(ORDER)
    target = sent
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(UndecodableBody):
        read_request(sent)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("60000.10", "60000.1"),
        ("0.000", "0"),
        ("-0", "0"),
        ("100", "100"),
        ("0.00000001", "0.00000001"),
        ("1E+3", "1000"),
    ],
)
def test_decimals_are_written_plainly(value: str, written: str) -> None:
    assert plain(Decimal(value)) == written


def test_recorded_test_chain_signatures_are_recovered() -> None:
    directory = os.environ.get("RECORDED_PAYLOADS")
    if not directory:
        pytest.skip("RECORDED_PAYLOADS is not set: the recorded signatures are not at hand")
    recorded = json.loads((Path(directory) / "hl_sdk" / "signing_vectors.json").read_text())["data"]["signatures"]
    orders = [row for row in recorded if row["action"]["type"] == "order"]
    for row in orders:
        request = read_request({"action": row["action"], "nonce": row["nonce"], "signature": row["signature"]})
        is_key = recover_signer(request) == Account.from_key(row["private_key"]).address.lower()
        assert is_key is not row["is_mainnet"]
    assert orders
