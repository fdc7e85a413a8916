"""One column to search calls by, in which upper and lower case are the same in every script."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    comment = "the five before it, case folded, a line each"
    op.add_column("calls", sa.Column("searched", sa.Text(), server_default="", nullable=False, comment=comment))
    names = ("name", "rep", "customer", "opportunity", "call_type")
    calls = sa.table("calls", sa.column("id"), sa.column("searched"), *(sa.column(name) for name in names))
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(
        sa.select(calls.c.id, *(calls.c[name] for name in names))
        .where(calls.c.id > last)
        .order_by(calls.c.id)
        .limit(AT_ONCE)
    ).all():
        folded = [{"one": call, "folded": "\n".join(text or "" for text in said).casefold()} for call, *said in rows]
        change = sa.update(calls).where(calls.c.id == sa.bindparam("one")).values(searched=sa.bindparam("folded"))
        connection.execute(change, folded)
        last = rows[-1].id
