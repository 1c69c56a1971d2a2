"""The table of venues: complete, consistent, and free of anything secret."""

import re
from urllib.parse import urlsplit

import pytest

from core.ids import FORMATS
from exchanges.registry import EXCHANGES
from exchanges.spec import Capability, ExchangeSpec
from models.enums import AccountType
from sandbox import demo

SPECS = pytest.mark.parametrize("spec", EXCHANGES.values(), ids=lambda spec: spec.key)


@SPECS
def test_row_stands_under_its_own_key(spec: ExchangeSpec) -> None:
    assert EXCHANGES[spec.key] is spec
    assert re.fullmatch(r"[a-z]+", spec.key)


@SPECS
def test_every_account_type_but_paper_has_addresses_of_its_own(spec: ExchangeSpec) -> None:
    assert AccountType.PAPER in spec.account_types
    assert set(spec.endpoints) == set(spec.account_types) - {AccountType.PAPER}
    rests = [(endpoints.rest, endpoints.headers) for endpoints in spec.endpoints.values()]
    streams = [endpoints.stream for endpoints in spec.endpoints.values()]
    assert len(set(rests)) == len(rests)
    assert len(set(streams)) == len(streams)


@SPECS
def test_live_addresses_are_encrypted_and_of_one_domain(spec: ExchangeSpec) -> None:
    hosts = set()
    for endpoints in spec.endpoints.values():
        rest, stream = urlsplit(endpoints.rest), urlsplit(endpoints.stream)
        assert (rest.scheme, rest.path, stream.scheme) == ("https", "", "wss")
        assert stream.path == spec.stream_path
        hosts |= {".".join(str(part.hostname).split(".")[-2:]) for part in (rest, stream)}
    assert 1 <= len(hosts) <= 2  # a venue's testnet may have a domain of its own


@SPECS
def test_paper_addresses_follow_from_one_setting(spec: ExchangeSpec) -> None:
    endpoints = spec.paper_endpoints("http://127.0.0.1:8780/")
    assert endpoints.rest == "http://127.0.0.1:8780"
    assert endpoints.stream == f"ws://127.0.0.1:8780{spec.stream_path}"


@SPECS
def test_secrets_are_marked_and_patterns_are_sound(spec: ExchangeSpec) -> None:
    assert any(field.is_secret and field.is_required for field in spec.credential_fields)
    names = [field.name for field in spec.credential_fields]
    assert len(set(names)) == len(names)
    for field in spec.credential_fields:
        assert re.compile(field.pattern)
        assert not re.fullmatch(field.pattern, "")
        assert not re.fullmatch(field.pattern, "two words")


@SPECS
def test_margin_mode_belongs_to_the_account_or_to_the_market(spec: ExchangeSpec) -> None:
    modes = {Capability.MARGIN_MODE_OF_ACCOUNT, Capability.MARGIN_MODE_OF_MARKET}
    assert len(modes & spec.capabilities) <= 1  # none: there is nothing to choose


@SPECS
def test_words_for_account_types_mean_what_the_venue_has(spec: ExchangeSpec) -> None:
    for kind in spec.account_types:
        assert spec.account_type(str(kind)) is kind
        assert spec.account_type(f" {kind} ".upper()) is kind
    assert set(spec.account_type_aliases.values()) <= set(spec.account_types)
    assert spec.account_type("mainnet") is AccountType.REAL
    assert spec.account_type("both") is None


def test_demo_is_an_environment_of_bybit_and_the_testnet_of_hyperliquid() -> None:
    assert EXCHANGES["bybit"].account_type("demo") is AccountType.DEMO
    assert EXCHANGES["hyperliquid"].account_type("demo") is AccountType.TESTNET


@SPECS
def test_sandboxs_own_key_passes_the_dialogue(spec: ExchangeSpec) -> None:
    patterns = {field.name: field.pattern for field in spec.credential_fields}
    for name, value in demo.PAPER_KEYS[spec.key].items():
        assert re.fullmatch(patterns[name], value)


@SPECS
def test_order_ids_have_a_form_at_every_venue(spec: ExchangeSpec) -> None:
    assert spec.key in FORMATS
