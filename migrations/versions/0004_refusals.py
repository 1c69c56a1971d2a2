"""What a confirmation was refused with: a tap that comes back after a crash is told the same, and sends nothing."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """CREATE TABLE refusals(
        cause TEXT PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL,
        created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
    )


def downgrade() -> None:
    """Drop the table: what was refused moments ago may be tried once more by a tap that comes back."""
    op.execute("DROP TABLE refusals")
