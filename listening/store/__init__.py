"""Where calls are kept: one SQLite file, or PostgreSQL by URL. Open it with `open_store`; the tables are documented
in `listening.store.tables` and, for PostgreSQL, in the database itself.

    calls ─┬─ recordings        the file a call was heard from, with its content hash
           ├─ transcripts       one an engine and model, compressed JSON
           │   └─ analyses      one a set of analyzer versions; findings, scores, totals; compressed JSON
           ├─ scorecards        one a ruler: index and components            ┐ numbers after people's corrections;
           ├─ measures          one a ruler and measure, tall and narrow      │ the machine's own follow from the
           ├─ finding_counts    how often each label was given                ┘ analyses, which no correction changes
           ├─ corrections       what people say against the machine, undone ones kept
           ├─ comments, self_scores
    rulers                      a set of versions (engine, model, analyzers, rubric) that numbers were made with
    users, sessions, audit, jobs                 for `listening serve`

Numbers made with different rulers are never mixed: each call has one current ruler, and the older ones stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listening.store.values import (
    CallFilter,
    CallRow,
    Comment,
    Job,
    Page,
    SelfScore,
    SessionRow,
    Source,
    StoredCall,
    StoredCorrection,
    User,
    Wanted,
)

if TYPE_CHECKING:
    from listening.store.store import Store

__all__ = [
    "CallFilter",
    "CallRow",
    "Comment",
    "Job",
    "Page",
    "SelfScore",
    "SessionRow",
    "Source",
    "StoredCall",
    "StoredCorrection",
    "User",
    "Wanted",
    "open_store",
]


def open_store(url: str | None = None, *, create: bool = True) -> Store:
    """Open the store at a path or postgresql:// URL (default: `settings.database()`), creating or upgrading it.

    With `create=False` a store that is not there is an error. Raises StoreError with one sentence.
    """
    from listening.store.store import Store

    return Store.open(url, create=create)
