"""The tables, with a comment on every column that is not plain. Moments are ISO 8601 text in UTC, days ISO 8601 text.

Compressed JSON is zlib-compressed UTF-8: `zlib.decompress(column)` gives a transcript in the published schema, or an
analysis in the form of `Analysis.to_dict`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _call(**keywords: bool) -> Column[int]:
    reference = ForeignKey("calls.id", ondelete="CASCADE")
    return Column("call", Integer, reference, nullable=False, comment="calls.id", **keywords)  # type: ignore[arg-type]


rulers = Table(
    "rulers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of versions and rubric"),
    Column("versions", JSON, nullable=False, comment="engine, model, each analyzer, rubric: name -> version"),
    Column("rubric_digest", Text, nullable=False, comment="SHA-256 of the rubric's content"),
    Column("rubric", JSON, nullable=False, comment="the rubric itself, so that old numbers can be explained"),
    Column("created", Text, nullable=False),
    comment="A set of versions that numbers were made with; numbers of different rulers are not compared",
)

calls = Table(
    "calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content", Text, nullable=False, unique=True, comment="SHA-256 of the recording or transcript"),
    Column("name", Text, nullable=False, comment="the call's own id, from metadata or the file name; not unique"),
    Column("rep", Text, comment="who was the rep: from metadata, else the name of the speaker who is the rep"),
    Column("customer", Text),
    Column("opportunity", Text),
    Column("call_type", Text),
    Column("searched", Text, nullable=False, server_default="", comment="the five before it, case folded, a line each"),
    Column("date", Text, comment="ISO 8601 day, or null when nobody said"),
    Column("moment", Text, comment="ISO 8601 day or moment as given"),
    Column("duration_ms", Integer),
    Column("ruler", Integer, ForeignKey("rulers.id"), nullable=False, comment="the ruler of the current numbers"),
    Column("transcript", Integer, nullable=False, comment="transcripts.id of the current numbers"),
    Column("analysis", Integer, nullable=False, comment="analyses.id the current numbers rest on"),
    Column("score", Float, comment="listening index 0..100 after corrections"),
    Column("role_guessed", Boolean, nullable=False, server_default=false()),
    Column("corrections", Integer, nullable=False, server_default="0", comment="how many hold"),
    Column("comments", Integer, nullable=False, server_default="0"),
    Column("self_scores", Integer, nullable=False, server_default="0"),
    Column("added", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Index("ix_calls_rep_date", "rep", "date"),
    Index("ix_calls_date", "date"),
    Index("ix_calls_score", "score"),
    Index("ix_calls_customer", "customer"),
    Index("ix_calls_opportunity", "opportunity"),
    Index("ix_calls_call_type_date", "call_type", "date"),
    Index("ix_calls_name", "name"),
    comment="One row a call, with what is filtered and sorted by",
    sqlite_autoincrement=True,
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", Integer, primary_key=True),
    _call(),
    Column("path", Text, nullable=False, unique=True, comment="absolute path or URL"),
    Column("content", Text, nullable=False, comment="SHA-256 of the file"),
    Column("kind", Text, nullable=False, comment="recording or transcript"),
    Column("size", Integer, comment="bytes"),
    Column("tag", Text, comment="size and time, or ETag: changes when the file does"),
    Column("seen", Text, nullable=False),
    Index("ix_recordings_call", "call"),
    comment="Files that calls were heard from; copies of one call share its content hash",
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("id", Integer, primary_key=True),
    _call(),
    Column("made_by", Text, nullable=False, comment="engine and model, or the transcript format"),
    Column("header", JSON, nullable=False, comment="the transcript without utterances and speech"),
    Column("body", LargeBinary, nullable=False, comment="compressed JSON of the whole transcript"),
    Column("created", Text, nullable=False),
    UniqueConstraint("call", "made_by", name="uq_transcripts_call_made_by"),
    comment="What was said, by each engine and model that heard it",
)

analyses = Table(
    "analyses",
    metadata,
    Column("id", Integer, primary_key=True),
    _call(),
    Column("transcript", Integer, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the analyzers' versions"),
    Column("corrected", Boolean, nullable=False, comment="made from the transcript as people corrected it"),
    Column("body", LargeBinary, nullable=False, comment="compressed JSON of findings, scores, totals"),
    Column("created", Text, nullable=False),
    UniqueConstraint("transcript", "digest", "corrected", name="uq_analyses_transcript_digest"),
    Index("ix_analyses_call", "call"),
    comment="What the analyzers found",
)

scorecards = Table(
    "scorecards",
    metadata,
    _call(primary_key=True),
    Column("ruler", Integer, ForeignKey("rulers.id"), primary_key=True),
    Column("analysis", Integer, ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
    Column("score", Float, comment="listening index 0..100"),
    Column("low", Float, comment="of its 95 % interval"),
    Column("high", Float),
    Column("components", JSON, nullable=False, comment="component -> value 0..100 or null"),
    Column("machine_score", Float, comment="listening index before corrections"),
    Column("created", Text, nullable=False),
    comment="The index and its components for each call and ruler, after corrections",
)

measures = Table(
    "measures",
    metadata,
    Column(
        "key",
        Text,
        primary_key=True,
        comment="as in the definitions of `listening export`; also listening_index and component.NAME",
    ),
    _call(primary_key=True),
    Column("ruler", Integer, ForeignKey("rulers.id"), primary_key=True),
    Column("value", Float, nullable=False, comment="a measure that could not be taken has no row"),
    Column("numerator", Float),
    Column("denominator", Float),
    Index("ix_measures_call", "call", info={"only": "postgresql"}),  # see migration 0003
    comment="One number a row, after corrections; join with calls on call and ruler for the current ones. The key comes "
    "first so that one measure of all calls lies together; give the keys when reading one call",
    sqlite_with_rowid=False,
)

finding_counts = Table(
    "finding_counts",
    metadata,
    _call(primary_key=True),
    Column("label", Text, primary_key=True),
    Column("role", Text, primary_key=True, comment="rep, customer or other"),
    Column("n", Integer, nullable=False),
    comment="How often each label was given in a call by the current ruler, after corrections",
    sqlite_with_rowid=False,
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    _call(),
    Column("kind", Text, nullable=False),
    Column("data", JSON, nullable=False, comment="see listening/corrections.py"),
    Column("before", Text, comment="the machine's label, where it had one"),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", Text, comment="null while the correction holds"),
    Index("ix_corrections_call", "call"),
    comment="What people say against the machine; never deleted",
    sqlite_autoincrement=True,
)

comments = Table(
    "comments",
    metadata,
    Column("id", Integer, primary_key=True),
    _call(),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_ms", Integer, comment="moment of the call"),
    Column("utterance", Integer, comment="place in the transcript, from 0"),
    Index("ix_comments_call", "call"),
    sqlite_autoincrement=True,
)

self_scores = Table(
    "self_scores",
    metadata,
    _call(primary_key=True),
    Column("who", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("scores", JSON, nullable=False, comment="component or listening_index -> 0..100"),
    Column("note", Text, nullable=False, server_default=""),
    comment="How reps scored their own calls before they saw the machine's score",
)

rep_sums = Table(
    "rep_sums",
    metadata,
    Column("rep", Text, primary_key=True),
    Column("call_type", Text, primary_key=True, comment="empty when the call has none"),
    Column("ruler", Integer, ForeignKey("rulers.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("mean", Float, nullable=False),
    Column("squares", Float, nullable=False, comment="sum of squared distances from the mean"),
    comment="A cache for trends: emptied for a rep whenever one of her calls changes, filled when asked for",
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, comment="coach or rep"),
    Column("password_hash", Text, nullable=False, comment="argon2"),
    Column("rep", Text, comment="the name her calls bear (calls.rep)"),
    Column("team", Text, comment="coaches see the reps of their team"),
    Column("created", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the cookie"),
    Column("user", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created", Text, nullable=False),
    Column("expires", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("call", Integer, comment="calls.id; kept when the call is deleted"),
    Column("detail", Text),
    Index("ix_audit_at", "at"),
    comment="Who opened or changed which call",
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, running, done or failed"),
    Column("message", Text),
    Column("call", Integer, ForeignKey("calls.id", ondelete="SET NULL")),
    Column("who", Text),
    Column("options", JSON, nullable=False),
    Column("created", Text, nullable=False),
    Column("updated", Text, nullable=False),
    comment="Files given to the web page",
    sqlite_autoincrement=True,
)
