"""What a venue's row in the registry says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exchanges.base import Credentials, Exchange, PublicMarket
from exchanges.transport import Budget, Network
from models.enums import AccountType


class Capability(StrEnum):
    """Something that not every venue can do; menus and dialogues ask for it by name."""

    HEDGE_MODE = "hedge_mode"
    """A long and a short of one market beside each other."""
    MARGIN_MODE_OF_ACCOUNT = "margin_mode_of_account"
    """Cross or isolated holds for the whole account."""
    MARGIN_MODE_OF_MARKET = "margin_mode_of_market"
    """Cross or isolated is chosen market by market."""
    PORTFOLIO_MARGIN = "portfolio_margin"
    TRAILING_STOP = "trailing_stop"
    """The venue itself trails a position's stop."""
    POSITION_PROTECTION = "position_protection"
    """Take-profit and stop-loss belong to the position; elsewhere they are orders of their own."""
    PARTIAL_PROTECTION = "partial_protection"
    BATCH_ORDERS = "batch_orders"
    CANCEL_ALL_OF_ACCOUNT = "cancel_all_of_account"
    """One request cancels everything of a settlement coin."""
    CLOSED_PNL = "closed_pnl"
    """The venue itself counts the result of a closed position."""
    KEY_PERMISSIONS = "key_permissions"
    """The venue says what a key may do."""
    KEY_EXPIRY = "key_expiry"
    AGENT_KEYS = "agent_keys"
    """Keys sign for another wallet and cannot withdraw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One value that a user enters to connect an account."""

    name: str
    """Its key in `Credentials.values`."""
    label: str
    """The catalogue's key of its name for people."""
    is_secret: bool
    pattern: str
    """What a whole value looks like."""
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a venue answers in one environment, without a trailing slash."""

    rest: str
    stream: str
    headers: tuple[tuple[str, str], ...] = ()
    """What every request there carries besides, where one address serves several environments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRules:
    """What one request to cancel may hold."""

    most: int | None = None
    """At most so many orders; None: no limit."""
    triggers_apart: bool = False
    """Whether orders that wait for a trigger need a request of their own."""


AdapterFactory = Callable[[Credentials, Endpoints, Network], Exchange]
MarketFactory = Callable[[Endpoints, Network], PublicMarket]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSpec:
    """Everything outside its own files that the project knows about a venue."""

    key: str
    title: str
    adapter: AdapterFactory
    """Makes the object of one account."""
    market: MarketFactory
    """Makes the object for what is public; one per environment."""
    account_types: tuple[AccountType, ...]
    credential_fields: tuple[CredentialField, ...]
    endpoints: Mapping[AccountType, Endpoints]
    """Of every account type but `paper`, whose address is a setting."""
    stream_path: str
    """Where the stream lies on a paper venue's address."""
    budget: Budget
    capabilities: frozenset[Capability]
    docs_url: str
    account_type_aliases: Mapping[str, AccountType]
    """Other words that users type for an account type here."""
    cancels: CancelRules = CancelRules()

    def paper_endpoints(self, url: str) -> Endpoints:
        """Return where the simulated venue answers, given the address of its HTTP side."""
        base = url.rstrip("/")
        return Endpoints(rest=base, stream=f"ws{base.removeprefix('http')}{self.stream_path}")

    def account_type(self, word: str) -> AccountType | None:
        """Return the account type that a word means here; None: this venue has no such thing."""
        known = {**{str(kind): kind for kind in self.account_types}, **self.account_type_aliases}
        return known.get(word.strip().lower())

    def can(self, capability: Capability) -> bool:
        """Whether the venue can do this."""
        return capability in self.capabilities
