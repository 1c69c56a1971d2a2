"""Our signatures are the official SDK's, bit for bit."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest
from eth_account import Account
from hyperliquid.utils import signing as sdk
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.hyperliquid_actions import to_wire
from exchanges.hyperliquid_keys import AgentKey, Wallet, parse_key
from exchanges.hyperliquid_signing import action_hash, sign_action, signed_body
from models.enums import MarginMode, OrderSide, OrderType, PositionSide, TimeInForce
from models.errors import NoCredentials
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    OrderRequest,
    Protection,
    SetLeverage,
    SetProtection,
)
from tests.exchanges.hyperliquid_kit import AGENT_KEY, BTC, MASTER, SOL, VAULT, instrument, recorded

KEY = parse_key(AGENT_KEY)
SDK_WALLET = Account.from_key(AGENT_KEY)
# the SDK's functions carry no types
sdk_sign: Callable[..., dict[str, Any]] = sdk.sign_l1_action
sdk_recover: Callable[..., str] = sdk.recover_agent_or_user_from_l1_action
sdk_hash: Callable[..., bytes] = sdk.action_hash

positive = st.decimals(min_value=Decimal("0.00001"), max_value=Decimal(10_000_000), places=5, allow_nan=False)
cloids = st.binary(min_size=16, max_size=16).map(lambda raw: "0x" + raw.hex())
markets = st.sampled_from([BTC, SOL, instrument("xyz:TSLA", asset_id=120_003, dex="xyz")])
sides = st.sampled_from(OrderSide)
LIMIT_KINDS = [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.POST_ONLY]
TRIGGERS = [kind for kind in OrderType if kind.is_trigger and kind is not OrderType.TRAILING_STOP]
protections = st.builds(
    Protection,
    take_profit=st.none() | positive,
    stop_loss=st.none() | positive,
    take_profit_limit=st.none() | positive,
    stop_loss_limit=st.none() | positive,
)
plain_orders = st.builds(
    OrderRequest,
    instrument=markets,
    side=sides,
    size=positive,
    order_type=st.sampled_from([OrderType.LIMIT, OrderType.MARKET]),
    client_order_id=cloids,
    price=positive,
    time_in_force=st.sampled_from(LIMIT_KINDS),
    reduce_only=st.booleans(),
)
trigger_orders = st.builds(
    OrderRequest,
    instrument=markets,
    side=sides,
    size=positive,
    order_type=st.sampled_from(TRIGGERS),
    client_order_id=cloids,
    price=positive,
    trigger_price=positive,
    reduce_only=st.just(True),
)
protected_orders = st.builds(
    lambda order, protection, ids: dataclasses.replace(order, protection=protection, protection_client_ids=ids),
    plain_orders,
    protections,
    st.tuples(cloids, cloids),
)
order_ids = st.integers(min_value=1, max_value=2**40).map(str)
cancels = st.builds(CancelOrder, instrument=markets, order_id=order_ids)
cloid_cancels = st.builds(CancelOrder, instrument=markets, order_id=st.none(), client_order_id=cloids)
actions: st.SearchStrategy[Action] = st.one_of(
    plain_orders,
    trigger_orders,
    protected_orders,
    st.builds(BatchOrders, orders=st.lists(plain_orders | trigger_orders, min_size=1, max_size=45).map(tuple)),
    cancels,
    cloid_cancels,
    st.builds(CancelAll, orders=st.lists(cancels, min_size=1, max_size=20).map(tuple)),
    st.builds(AmendOrder, instrument=markets, order_id=order_ids, client_order_id=cloids, replacement=plain_orders),
    st.builds(AmendOrder, instrument=markets, order_id=st.none(), client_order_id=cloids, replacement=trigger_orders),
    st.builds(
        SetLeverage,
        instrument=markets,
        leverage=st.integers(min_value=1, max_value=50).map(Decimal),
        margin_mode=st.sampled_from([MarginMode.CROSS, MarginMode.ISOLATED]),
    ),
    st.builds(
        AdjustMargin,
        instrument=markets,
        position_side=st.sampled_from(PositionSide),
        amount=st.decimals(min_value=-100_000, max_value=100_000, places=6).filter(bool),
    ),
    st.builds(
        SetProtection,
        instrument=markets,
        position_side=st.sampled_from(PositionSide),
        position_size=positive,
        protection=protections.filter(lambda p: p.take_profit is not None or p.stop_loss is not None),
        size=st.none() | positive,
        client_ids=st.tuples(cloids, cloids),
    ),
    st.builds(Noop),
)
nonces = st.integers(min_value=1_500_000_000_000, max_value=2_500_000_000_000)


def as_sdk_reads_it(action: object) -> Any:
    """Return the action as plain dicts in the same order, decoded from what is sent."""
    return msgspec.json.decode(msgspec.json.encode(action))


@given(
    action=actions, nonce=nonces, vault=st.none() | st.just(VAULT), expires=st.none() | nonces, mainnet=st.booleans()
)
@settings(max_examples=500, deadline=None)
def test_signatures_equal_the_sdks(
    action: Action, nonce: int, vault: str | None, expires: int | None, mainnet: bool
) -> None:
    wire = to_wire(action)
    ours = sign_action(KEY, wire, nonce=nonce, vault_address=vault, expires_after=expires, is_mainnet=mainnet)
    theirs = sdk_sign(SDK_WALLET, as_sdk_reads_it(wire), vault, nonce, expires, mainnet)
    assert {"r": ours.r, "s": ours.s, "v": ours.v} == theirs


@given(action=actions)
@settings(max_examples=200, deadline=None)
def test_hashed_bytes_are_those_that_are_sent(action: Action) -> None:
    wire = to_wire(action)
    assert msgspec.msgpack.encode(wire) == msgpack.packb(as_sdk_reads_it(wire))


@pytest.mark.parametrize("index", range(4))
def test_recorded_signatures_are_reproduced(index: int) -> None:
    vector = recorded("hl_sdk/signing_vectors.json")["signatures"][index]
    signature = sign_action(
        parse_key(vector["private_key"]),
        vector["action"],
        nonce=vector["nonce"],
        vault_address=vector["vault_address"],
        expires_after=vector["expires_after"],
        is_mainnet=vector["is_mainnet"],
    )
    assert {"r": signature.r, "s": signature.s, "v": signature.v} == vector["signature"]


def test_recorded_action_hash_is_reproduced() -> None:
    (vector,) = recorded("hl_sdk/signing_vectors.json")["action_hashes"]
    hashed = action_hash(vector["action"], nonce=vector["nonce"], vault_address=None, expires_after=None)
    assert "0x" + hashed.hex() == vector["action_hash"]


def test_body_recovers_to_the_agent_on_its_own_chain_only() -> None:
    body = msgspec.json.decode(
        signed_body(KEY, to_wire(Noop()), nonce=7, vault_address=VAULT, expires_after=9, is_mainnet=False)
    )
    signature = body["signature"]

    def signer(*, mainnet: bool) -> str:
        return sdk_recover(body["action"], signature, VAULT, 7, 9, mainnet).lower()

    assert body["vaultAddress"] == VAULT
    assert body["expiresAfter"] == 9
    assert signer(mainnet=False) == KEY.address
    assert signer(mainnet=True) != KEY.address


def test_key_order_is_part_of_the_hash() -> None:
    first = {"type": "cancel", "cancels": [{"a": 0, "o": 1}]}
    second = {"type": "cancel", "cancels": [{"o": 1, "a": 0}]}
    hashes = [action_hash(a, nonce=1, vault_address=None, expires_after=None) for a in (first, second)]
    assert hashes[0] != hashes[1]
    assert hashes == [sdk_hash(first, None, 1, None), sdk_hash(second, None, 1, None)]


def test_address_is_the_sdks() -> None:
    assert KEY.address == SDK_WALLET.address.lower()


def test_key_is_read_with_and_without_prefix_and_around_spaces() -> None:
    addresses = {parse_key(text).address for text in (AGENT_KEY, AGENT_KEY[2:], f" {AGENT_KEY.upper()}\n")}
    assert addresses == {KEY.address}


@pytest.mark.parametrize(
    "secret",
    ["", "0x", "0x1234", AGENT_KEY + "00", "0x" + "g" * 64, "0x" + "0" * 64, "0x" + "f" * 64, "١" * 64],
)
def test_malformed_key_is_refused_in_one_sentence_without_showing_it(secret: str) -> None:
    with pytest.raises(NoCredentials) as error:
        Wallet({"private_key": secret})
    assert error.value.fields == {}
    assert len(secret) < 4 or secret not in str(error.value)
    assert error.value.__cause__ is None
    assert "\n" not in str(error.value)


def test_malformed_address_is_refused_without_showing_it() -> None:
    with pytest.raises(NoCredentials) as error:
        Wallet({"private_key": AGENT_KEY, "account_address": AGENT_KEY})
    assert AGENT_KEY[2:] not in str(error.value)
    assert error.value.code == "bad_address"


def test_repr_shows_addresses_alone() -> None:
    wallet = Wallet({"private_key": AGENT_KEY, "account_address": MASTER, "vault_address": VAULT})
    assert AGENT_KEY[2:] not in repr(wallet) + repr(wallet.key)
    assert KEY.address in repr(wallet)


def test_master_key_is_recognised_by_its_address() -> None:
    assert Wallet({"private_key": AGENT_KEY, "account_address": KEY.address.upper().replace("X", "x")}).is_master_key
    assert not Wallet({"private_key": AGENT_KEY, "account_address": MASTER}).is_master_key
    assert isinstance(Wallet({"private_key": AGENT_KEY}).key, AgentKey)
