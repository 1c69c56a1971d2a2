"""The tables as SQLAlchemy sees them. The migrations create them; a test holds the two together."""

from sqlalchemy import TableClause, column, table


def _table(name: str, columns: str) -> TableClause:
    return table(name, *(column(word) for word in columns.split()))


USERS = _table("users", "user_id role language username first_name created_ms seen_ms delete_requested_ms")
SETTINGS = _table("settings", "user_id key value updated_ms")
ACCOUNTS = _table("accounts", "id user_id exchange account_type name is_enabled disabled_reason fingerprint created_ms")
DATA_KEYS = _table("data_keys", "user_id kek_id wrapped created_ms")
CREDENTIALS = _table("credentials", "account_id field sealed updated_ms")
VAULT_CHECKS = _table("vault_checks", "kek_id sealed created_ms")
AUDIT = _table("audit", "id at_ms actor_id action subject data")

INBOX = _table("inbox", "bot_id update_id received_ms kind from_id payload state tries")
OUTBOX = _table("outbox", "id chat_id key intent_id body state next_ms tries message_id note created_ms")
CONFIRMATIONS = _table("confirmations", "token user_id kind payload created_ms expires_ms consumed_ms consumed_by")

PROCESSES = _table("processes", "epoch role boot_id pid started_ms ended_ms")
LEASES = _table("leases", "job epoch boot_id pid expires_mono_ms")
TRADING_STATES = _table("trading_states", "scope reason state since_ms by_user_id note")

INTENTS = _table("intents", "id account_id symbol cause request_hash kind action reply is_adopted retry_of created_ms")
LEGS = _table(
    "legs",
    "id intent_id n account_id exchange symbol kind part client_order_id order_id side size state filled_size "
    "average_price rank code message created_ms updated_ms",
)
ATTEMPTS = _table(
    "attempts",
    "leg_id no purpose epoch sender signer nonce timestamp_ms fence_ms body_sha256 claimed_ms answered_ms outcome "
    "http code note",
)
NONCES = _table("nonces", "signer last")
LEG_EVENTS = _table("leg_events", "id leg_id at_ms epoch from_state to_state evidence")

ACTIVE_POSITIONS = _table("active_positions", "account_id symbol side size data opened_ms as_of_ms")
FILLS = _table("fills", "exchange account_id fill_id leg_id origin symbol side size price kind data filled_ms seen_ms")
CLOSED_PNL = _table("closed_pnl", "account_id order_id closed_ms symbol side size pnl data")
FUNDING = _table("funding", "account_id payment_id symbol amount data paid_ms")
SYNC_MARKS = _table("sync_marks", "account_id what at_ms")
CACHE = _table("cache", "name data as_of_ms")

INVITES = _table("invites", "code_hash role created_by created_ms expires_ms used_by used_ms")
PRICE_ALERTS = _table(
    "price_alerts", "id user_id exchange account_type symbol direction price note created_ms fired_ms"
)
WEB_SESSIONS = _table("web_sessions", "token_hash user_id created_ms seen_ms expires_ms revoked_ms")
TARGET_PLANS = _table("target_plans", "id account_id cause symbol side state data version created_ms updated_ms")
CONDITIONS = _table("conditions", "key level begun_ms")
REFUSALS = _table("refusals", "cause kind code message fields created_ms")
USED_ONCE = _table("used_once", "key expires_ms")

TABLES = tuple(value for value in vars().values() if isinstance(value, TableClause))
