"""Invitations, price alerts and web sessions: conveniences that can be dropped without touching an order."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = {
    "invites": """CREATE TABLE invites(
        code_hash TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN('trader','viewer')),
        created_by INTEGER NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
        used_by INTEGER, used_ms INTEGER) STRICT""",
    "price_alerts": """CREATE TABLE price_alerts(
        id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(user_id),
        exchange TEXT NOT NULL, account_type TEXT NOT NULL, symbol TEXT NOT NULL,
        direction TEXT NOT NULL CHECK(direction IN('above','below')), price TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL, fired_ms INTEGER) STRICT""",
    "web_sessions": """CREATE TABLE web_sessions(
        token_hash TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(user_id),
        created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER) STRICT""",
    "used_once": """CREATE TABLE used_once(
        key TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
}
INDEXES = (
    "CREATE INDEX price_alerts_waiting ON price_alerts(exchange,symbol) WHERE fired_ms IS NULL",
    "CREATE INDEX web_sessions_by_user ON web_sessions(user_id)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in (*TABLES.values(), *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables; invitations, alerts and sessions are lost, orders are not."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
