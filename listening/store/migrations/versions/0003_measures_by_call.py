"""PostgreSQL finds the measures of a call in one place, instead of by an index a measure.

In SQLite the table is its index by measure and call, which finds them as fast.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_measures_call", "measures", ["call"], if_not_exists=True)
