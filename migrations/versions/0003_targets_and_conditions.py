"""Several targets with a moving stop, and what stands until it ends: who was told of it must survive a restart."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = {
    "target_plans": """CREATE TABLE target_plans(
        id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts(id), cause TEXT NOT NULL UNIQUE,
        symbol TEXT NOT NULL, side TEXT NOT NULL CHECK(side IN('long','short')),
        state TEXT NOT NULL CHECK(state IN('waiting','armed','done')), data TEXT NOT NULL,
        version INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT""",
    "conditions": """CREATE TABLE conditions(
        key TEXT PRIMARY KEY, level INTEGER NOT NULL, begun_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
}
INDEXES = ("CREATE INDEX target_plans_active ON target_plans(id) WHERE state<>'done'",)


def upgrade() -> None:
    """Create the tables."""
    for statement in (*TABLES.values(), *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables: targets stay at the venues, their stops no longer move by themselves."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
