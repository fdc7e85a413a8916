"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=True, comment="calls.id; kept when the call is deleted"),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        comment="Who opened or changed which call",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "rulers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of versions and rubric"),
        sa.Column(
            "versions", sa.JSON(), nullable=False, comment="engine, model, each analyzer, rubric: name -> version"
        ),
        sa.Column("rubric_digest", sa.Text(), nullable=False, comment="SHA-256 of the rubric's content"),
        sa.Column(
            "rubric", sa.JSON(), nullable=False, comment="the rubric itself, so that old numbers can be explained"
        ),
        sa.Column("created", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rulers"),
        sa.UniqueConstraint("digest", name="uq_rulers_digest"),
        comment="A set of versions that numbers were made with; numbers of different rulers are not compared",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="coach or rep"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2"),
        sa.Column("rep", sa.Text(), nullable=True, comment="the name her calls bear (calls.rep)"),
        sa.Column("team", sa.Text(), nullable=True, comment="coaches see the reps of their team"),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="SHA-256 of the recording or transcript"),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="the call's own id, from metadata or the file name; not unique"
        ),
        sa.Column(
            "rep",
            sa.Text(),
            nullable=True,
            comment="who was the rep: from metadata, else the name of the speaker who is the rep",
        ),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("opportunity", sa.Text(), nullable=True),
        sa.Column("call_type", sa.Text(), nullable=True),
        sa.Column("date", sa.Text(), nullable=True, comment="ISO 8601 day, or null when nobody said"),
        sa.Column("moment", sa.Text(), nullable=True, comment="ISO 8601 day or moment as given"),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("ruler", sa.Integer(), nullable=False, comment="the ruler of the current numbers"),
        sa.Column("transcript", sa.Integer(), nullable=False, comment="transcripts.id of the current numbers"),
        sa.Column("analysis", sa.Integer(), nullable=False, comment="analyses.id the current numbers rest on"),
        sa.Column("score", sa.Float(), nullable=True, comment="listening index 0..100 after corrections"),
        sa.Column("role_guessed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("corrections", sa.Integer(), server_default="0", nullable=False, comment="how many hold"),
        sa.Column("comments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("self_scores", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.id"], name="fk_calls_ruler"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("content", name="uq_calls_content"),
        comment="One row a call, with what is filtered and sorted by",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_calls_call_type_date", "calls", ["call_type", "date"], unique=False)
    op.create_index("ix_calls_customer", "calls", ["customer"], unique=False)
    op.create_index("ix_calls_date", "calls", ["date"], unique=False)
    op.create_index("ix_calls_name", "calls", ["name"], unique=False)
    op.create_index("ix_calls_opportunity", "calls", ["opportunity"], unique=False)
    op.create_index("ix_calls_rep_date", "calls", ["rep", "date"], unique=False)
    op.create_index("ix_calls_score", "calls", ["score"], unique=False)
    op.create_table(
        "rep_sums",
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("call_type", sa.Text(), nullable=False, comment="empty when the call has none"),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False, comment="sum of squared distances from the mean"),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.id"], name="fk_rep_sums_ruler"),
        sa.PrimaryKeyConstraint("rep", "call_type", "ruler", "key", name="pk_rep_sums"),
        comment="A cache for trends: emptied for a rep whenever one of her calls changes, filled when asked for",
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("user", sa.Integer(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=True, comment="moment of the call"),
        sa.Column("utterance", sa.Integer(), nullable=True, comment="place in the transcript, from 0"),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_comments_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comments_call", "comments", ["call"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False, comment="see listening/corrections.py"),
        sa.Column("before", sa.Text(), nullable=True, comment="the machine's label, where it had one"),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.Text(), nullable=True, comment="null while the correction holds"),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_corrections_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        comment="What people say against the machine; never deleted",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_call", "corrections", ["call"], unique=False)
    op.create_table(
        "finding_counts",
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="rep, customer or other"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_finding_counts_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "label", "role", name="pk_finding_counts"),
        comment="How often each label was given in a call by the current ruler, after corrections",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, running, done or failed"),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("call", sa.Integer(), nullable=True),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("updated", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_jobs_call", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        comment="Files given to the web page",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "measures",
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="as in the definitions of `listening export`; also listening_index and component.NAME",
        ),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False, comment="a measure that could not be taken has no row"),
        sa.Column("numerator", sa.Float(), nullable=True),
        sa.Column("denominator", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_measures_call", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.id"], name="fk_measures_ruler"),
        sa.PrimaryKeyConstraint("key", "call", "ruler", name="pk_measures"),
        comment="One number a row, after corrections; join with calls on call and ruler for the current ones. The key comes first so that one measure of all calls lies together; give the keys when reading one call",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("path", sa.Text(), nullable=False, comment="absolute path or URL"),
        sa.Column("content", sa.Text(), nullable=False, comment="SHA-256 of the file"),
        sa.Column("kind", sa.Text(), nullable=False, comment="recording or transcript"),
        sa.Column("size", sa.Integer(), nullable=True, comment="bytes"),
        sa.Column("tag", sa.Text(), nullable=True, comment="size and time, or ETag: changes when the file does"),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_recordings_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("path", name="uq_recordings_path"),
        comment="Files that calls were heard from; copies of one call share its content hash",
    )
    op.create_index("ix_recordings_call", "recordings", ["call"], unique=False)
    op.create_table(
        "self_scores",
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False, comment="component or listening_index -> 0..100"),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_self_scores_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "who", name="pk_self_scores"),
        comment="How reps scored their own calls before they saw the machine's score",
    )
    op.create_table(
        "transcripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("made_by", sa.Text(), nullable=False, comment="engine and model, or the transcript format"),
        sa.Column("header", sa.JSON(), nullable=False, comment="the transcript without utterances and speech"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="compressed JSON of the whole transcript"),
        sa.Column("created", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_transcripts_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_transcripts"),
        sa.UniqueConstraint("call", "made_by", name="uq_transcripts_call_made_by"),
        comment="What was said, by each engine and model that heard it",
    )
    op.create_table(
        "analyses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("transcript", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the analyzers' versions"),
        sa.Column("corrected", sa.Boolean(), nullable=False, comment="made from the transcript as people corrected it"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="compressed JSON of findings, scores, totals"),
        sa.Column("created", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_analyses_call", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["transcript"], ["transcripts.id"], name="fk_analyses_transcript", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_analyses"),
        sa.UniqueConstraint("transcript", "digest", "corrected", name="uq_analyses_transcript_digest"),
        comment="What the analyzers found",
    )
    op.create_index("ix_analyses_call", "analyses", ["call"], unique=False)
    op.create_table(
        "scorecards",
        sa.Column("call", sa.Integer(), nullable=False, comment="calls.id"),
        sa.Column("ruler", sa.Integer(), nullable=False),
        sa.Column("analysis", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True, comment="listening index 0..100"),
        sa.Column("low", sa.Float(), nullable=True, comment="of its 95 % interval"),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("components", sa.JSON(), nullable=False, comment="component -> value 0..100 or null"),
        sa.Column("machine_score", sa.Float(), nullable=True, comment="listening index before corrections"),
        sa.Column("created", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["analysis"], ["analyses.id"], name="fk_scorecards_analysis", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_scorecards_call", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ruler"], ["rulers.id"], name="fk_scorecards_ruler"),
        sa.PrimaryKeyConstraint("call", "ruler", name="pk_scorecards"),
        comment="The index and its components for each call and ruler, after corrections",
    )
