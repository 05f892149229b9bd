"""Votes against: observations keep them where the source tells them.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE signal_observations ADD COLUMN dislikes bigint CHECK (dislikes >= 0)")
    op.execute(
        "COMMENT ON COLUMN signal_observations.dislikes IS "
        "'Votes against so far, which the likes are less by; null where the source does not tell them.'"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE signal_observations DROP COLUMN dislikes")
