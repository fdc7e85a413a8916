"""Alembic's entry: migrations run on the connection that `store.database` hands over, never on their own."""

from __future__ import annotations

from alembic import context

from listening.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction is around all of it
)
context.run_migrations()
