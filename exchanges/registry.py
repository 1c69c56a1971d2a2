"""Every venue in one table: menus, key dialogues, the account factory, docs and the contract suite read it."""

from exchanges.bybit import BybitExchange
from exchanges.bybit_market import BUDGET as BYBIT_BUDGET
from exchanges.bybit_market import BybitMarket
from exchanges.hyperliquid import HLExchange, make_market
from exchanges.hyperliquid_market import BUDGET as HYPERLIQUID_BUDGET
from exchanges.okx import OkxExchange
from exchanges.okx_market import BUDGET as OKX_BUDGET
from exchanges.okx_market import OkxMarket
from exchanges.spec import CancelRules, Capability, CredentialField, Endpoints, ExchangeSpec
from models.enums import AccountType

BYBIT = ExchangeSpec(
    key="bybit",
    title="Bybit",
    adapter=BybitExchange,
    market=BybitMarket,
    account_types=(AccountType.PAPER, AccountType.DEMO, AccountType.TESTNET, AccountType.REAL),
    credential_fields=(
        CredentialField(name="api_key", label="api_key", is_secret=False, pattern=r"[A-Za-z0-9_-]{10,64}"),
        CredentialField(name="api_secret", label="api_secret", is_secret=True, pattern=r"[A-Za-z0-9_-]{16,128}"),
    ),
    endpoints={
        AccountType.DEMO: Endpoints(rest="https://api-demo.bybit.com", stream="wss://stream-demo.bybit.com/v5/private"),
        AccountType.TESTNET: Endpoints(
            rest="https://api-testnet.bybit.com", stream="wss://stream-testnet.bybit.com/v5/private"
        ),
        AccountType.REAL: Endpoints(rest="https://api.bybit.com", stream="wss://stream.bybit.com/v5/private"),
    },
    stream_path="/v5/private",
    budget=BYBIT_BUDGET,
    capabilities=frozenset(
        {
            Capability.HEDGE_MODE,
            Capability.MARGIN_MODE_OF_ACCOUNT,
            Capability.PORTFOLIO_MARGIN,
            Capability.TRAILING_STOP,
            Capability.POSITION_PROTECTION,
            Capability.PARTIAL_PROTECTION,
            Capability.BATCH_ORDERS,
            Capability.CANCEL_ALL_OF_ACCOUNT,
            Capability.CLOSED_PNL,
            Capability.KEY_PERMISSIONS,
            Capability.KEY_EXPIRY,
        }
    ),
    docs_url="https://bybit-exchange.github.io/docs/v5/intro",
    account_type_aliases={"mainnet": AccountType.REAL, "live": AccountType.REAL},
)

HYPERLIQUID = ExchangeSpec(
    key="hyperliquid",
    title="HyperLiquid",
    adapter=HLExchange,
    market=make_market,
    account_types=(AccountType.PAPER, AccountType.TESTNET, AccountType.REAL),
    credential_fields=(
        CredentialField(name="private_key", label="private_key", is_secret=True, pattern=r"(0x)?[0-9a-fA-F]{64}"),
        CredentialField(
            name="account_address",
            label="account_address",
            is_secret=False,
            pattern=r"0x[0-9a-fA-F]{40}",
            is_required=False,
        ),
        CredentialField(
            name="vault_address",
            label="vault_address",
            is_secret=False,
            pattern=r"0x[0-9a-fA-F]{40}",
            is_required=False,
        ),
    ),
    endpoints={
        AccountType.TESTNET: Endpoints(
            rest="https://api.hyperliquid-testnet.xyz", stream="wss://api.hyperliquid-testnet.xyz/ws"
        ),
        AccountType.REAL: Endpoints(rest="https://api.hyperliquid.xyz", stream="wss://api.hyperliquid.xyz/ws"),
    },
    stream_path="/ws",
    budget=HYPERLIQUID_BUDGET,
    capabilities=frozenset(
        {
            Capability.MARGIN_MODE_OF_MARKET,
            Capability.PARTIAL_PROTECTION,
            Capability.BATCH_ORDERS,
            Capability.KEY_EXPIRY,
            Capability.AGENT_KEYS,
        }
    ),
    docs_url="https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api",
    account_type_aliases={"demo": AccountType.TESTNET, "mainnet": AccountType.REAL, "live": AccountType.REAL},
)

OKX = ExchangeSpec(
    key="okx",
    title="OKX",
    adapter=OkxExchange,
    market=OkxMarket,
    account_types=(AccountType.PAPER, AccountType.DEMO, AccountType.REAL),
    credential_fields=(
        CredentialField(
            name="api_key", label="api_key", is_secret=False, pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        ),
        CredentialField(name="api_secret", label="api_secret", is_secret=True, pattern=r"[0-9A-Fa-f]{32}"),
        CredentialField(name="passphrase", label="passphrase", is_secret=True, pattern=r"[!-~]{8,32}"),
    ),
    endpoints={
        AccountType.DEMO: Endpoints(
            rest="https://openapi.okx.com",
            stream="wss://wspap.okx.com:8443/ws/v5/private",
            headers=(("x-simulated-trading", "1"),),
        ),
        AccountType.REAL: Endpoints(rest="https://openapi.okx.com", stream="wss://ws.okx.com:8443/ws/v5/private"),
    },
    stream_path="/ws/v5/private",
    budget=OKX_BUDGET,
    capabilities=frozenset(
        {
            Capability.HEDGE_MODE,
            Capability.POSITION_PROTECTION,
            Capability.PARTIAL_PROTECTION,
            Capability.BATCH_ORDERS,
            Capability.CLOSED_PNL,
            Capability.KEY_PERMISSIONS,
        }
    ),
    docs_url="https://www.okx.com/docs-v5/en/",
    account_type_aliases={"mainnet": AccountType.REAL, "live": AccountType.REAL},
    cancels=CancelRules(most=10, triggers_apart=True),
)

EXCHANGES: dict[str, ExchangeSpec] = {spec.key: spec for spec in (BYBIT, HYPERLIQUID, OKX)}
