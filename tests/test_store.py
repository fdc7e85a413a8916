"""The store, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import fresh_url
from store_calls import analyse, make_heard, with_rubric
from stores import content

from listening.corrections import Correction, Target
from listening.errors import StoreError, UsageError
from listening.findings import Analysis
from listening.scorecard import Heard
from listening.scoring import score
from listening.scoring.rubric import DEFAULT, FOLDER, load_rubric
from listening.store import CallFilter, Source, Wanted, open_store
from listening.store.database import HEAD, MIGRATIONS
from listening.store.packing import rubric_digest
from listening.store.store import Store
from listening.transcript import Role, Transcript


def fill(store: Store) -> list[int]:
    calls = [
        make_heard("one", rep="Ann", date="2026-09-01", questions=2),
        make_heard("two", rep="Ann", date="2026-10-01", questions=6, call_type="demo"),
        make_heard("three", rep="Ben", date=None, questions=4, customer="Zoë 100%_"),
    ]
    return [store.save(h, content(h.transcript.info.id), Source(f"/calls/{h.transcript.info.id}.vtt")) for h in calls]


def test_what_is_saved_comes_back_and_saving_it_again_changes_nothing(store: Store) -> None:
    heard = make_heard()
    call = store.save(heard, content("a"), Source("/calls/a.vtt", "transcript", 10, "10-1"))
    before = store.call(call)
    assert store.save(heard, content("a"), Source("/calls/a.vtt", "transcript", 10, "10-1")) == call
    assert store.call(call) == before
    assert before.machine.transcript == heard.transcript
    assert before.machine.analysis == heard.analysis
    assert before.heard.scorecard == heard.scorecard
    assert before.row.score == heard.scorecard.index.value
    assert before.source == Source("/calls/a.vtt", "transcript", 10, "10-1")
    assert store.calls().total == 1
    assert store.seen() == {"/calls/a.vtt": (content("a"), "10-1")}


def test_other_versions_keep_their_own_numbers(store: Store, tmp_path: Path) -> None:
    heard = make_heard()
    call = store.save(heard, content("a"))
    rubric = tmp_path / "mine.toml"
    rubric.write_text((FOLDER / f"{DEFAULT}.toml").read_text().replace('version = "1"', 'version = "2"', 1))
    again = with_rubric(heard, rubric)
    with pytest.raises(StoreError, match="has to be given"):
        store.save(again, content("a"))
    assert store.save(again, content("a"), rubric=load_rubric(rubric)) == call
    kept = store.call(call)
    assert len(kept.rulers) == 2
    assert store.rubric(kept.row.ruler) == load_rubric(rubric)
    first, second = (store.measures(keys=["talk_share"], ruler=r) for r in kept.rulers)
    assert len(first) == len(second) == 1
    assert len(store.measures(keys=["talk_share"])) == 1
    newer = make_heard(analyzers="2")
    assert not store.has(content("a"), Wanted(newer.analysis.versions))
    store.save(newer, content("a"))
    assert store.has(content("a"), Wanted(newer.analysis.versions))
    assert store.has(content("a"))
    assert not store.has(content("b"))
    assert len(store.call(call).rulers) == 3


def test_a_call_takes_other_roles_and_people_stay_above_them(store: Store) -> None:
    guessed = make_heard(rep=None)
    roles = {"A": Role.REP, "B": Role.CUSTOMER}
    transcript = guessed.transcript.with_roles(roles, "guess", 0.7)
    found = analyse(transcript)
    call = store.save(Heard(transcript, found, score(found, transcript)), content("a"))
    assert store.known()[content("a")].guessed
    store.correct(call, Correction("set_call_type", text="demo"), "coach")
    settled = transcript.with_rep("B", "flag")
    ruler = store.recast(call, settled, analyse)
    kept = store.call(call)
    assert ruler == kept.row.ruler
    assert kept.machine.transcript == settled
    assert kept.machine.analysis == analyse(settled)
    assert kept.row.call_type == "demo"
    assert kept.row.measures["talk_share"] == kept.heard.scorecard.measures["talk_share"].value
    assert kept.rulers == (ruler,)
    assert not store.known()[content("a")].guessed
    with pytest.raises(StoreError, match="no call"):
        store.recast(99, settled, analyse)


def test_rescoring_reads_stored_findings(store: Store, tmp_path: Path) -> None:
    ids = fill(store)
    store.correct(ids[0], Correction("delete", finding=Target("question.open", 0, 0, 26)), "coach")
    rubric = tmp_path / "mine.toml"
    text = (FOLDER / f"{DEFAULT}.toml").read_text()
    rubric.write_text(text.replace('version = "1"', 'version = "2"', 1).replace("low = 15.0", "low = 40.0"))
    mine = load_rubric(rubric)
    before = [store.call(i).row for i in ids]
    store.rescore(ids, mine)
    after = [store.call(i) for i in ids]
    assert [a.row.measures for a in after] == [b.measures for b in before]
    assert any(a.row.score != b.score for a, b in zip(after, before, strict=True))
    assert store.fitting(Wanted(rubric=rubric_digest(mine))) == {after[0].row.ruler}
    assert after[0].heard.scorecard.index.value == after[0].row.score


def test_filters_sorts_and_pages(store: Store) -> None:
    fill(store)

    def names(where: CallFilter | None = None, **how: object) -> list[str]:
        return [row.name for row in store.calls(where, **how).rows]  # type: ignore[arg-type]

    assert names() == ["two", "one", "three"]
    assert names(sort="date", descending=False) == ["one", "two", "three"]
    assert names(sort="questions_per_hour") == ["two", "three", "one"]
    assert names(limit=1, offset=1) == ["one"]
    assert store.calls(limit=1).total == 3
    assert names(CallFilter(reps=("Ann",), since="2026-09-15")) == ["two"]
    assert names(CallFilter(until="2026-09-01")) == ["one"]
    assert names(CallFilter(call_types=("demo",))) == ["two"]
    assert names(CallFilter(reps=())) == []
    assert names(CallFilter(text="zoë 100%_")) == ["three"]
    assert names(CallFilter(text="ZOË")) == ["three"]
    assert names(CallFilter(text="zoë 100%x")) == []
    assert names(CallFilter(flags=("corrected",))) == []
    assert names(CallFilter(score_min=0.0, score_max=100.0)) == names()
    assert store.values_of("rep") == ("Ann", "Ben")
    assert [row.name for row in store.each()] == ["one", "two", "three"]
    with pytest.raises(UsageError, match="sorted"):
        store.calls(sort="nonsense")
    with pytest.raises(UsageError, match="flag"):
        store.calls(CallFilter(flags=("nonsense",)))


def test_columns_for_trends_come_in_order_of_day(store: Store) -> None:
    fill(store)
    seen = store.measures(keys=["questions_per_hour", "no_such_measure"])
    assert seen.reps.tolist() == ["Ann", "Ann", "Ben"]
    assert [str(day) for day in seen.days] == ["2026-09-01", "2026-10-01", "NaT"]
    assert seen.values["questions_per_hour"].tolist() == [12.0, 36.0, 24.0]
    assert not (seen.values["no_such_measure"] == seen.values["no_such_measure"]).any()
    assert len(store.measures(CallFilter(reps=("Ben",)))) == 1


def test_a_call_given_twice_at_once_is_kept_once(store: Store) -> None:
    one, other = make_heard("one"), make_heard("other")
    ids = store.save_all(
        [(one, content("a"), Source("/a")), (other, content("b"), None), (one, content("a"), Source("/b"))]
    )
    assert ids[0] == ids[2] != ids[1]
    assert store.seen().keys() == {"/a", "/b"}
    assert store.calls().total == 2
    assert ids[0] < ids[1]


def test_a_correction_changes_the_numbers_at_once_and_undo_brings_them_back(store: Store) -> None:
    call = store.save(make_heard(questions=3), content("a"))
    before = store.call(call)
    finding = before.heard.analysis.findings[0]
    store.correct(call, Correction("relabel", finding=Target.of(finding), label="question.closed"), "coach")
    after = store.call(call)
    assert after.row.measures["open_question_share"] == pytest.approx(2 / 3)
    assert after.heard.analysis.findings[0].origin == "person"
    assert after.machine.analysis == before.machine.analysis
    assert after.row.flags == ("corrected",)
    assert [c.before for c in after.corrections] == ["question.open"]
    assert store.counts(call) == {("question.open", "rep"): 2, ("question.closed", "rep"): 1}
    assert store.measures(keys=["open_question_share"]).values["open_question_share"][0] == pytest.approx(2 / 3)
    store.correct(call, Correction("add", label="restatement", utterance=1, start_char=0, end_char=4), "coach")
    assert store.call(call).row.measures["restatements_per_hour"] == pytest.approx(6.0)
    assert store.undo(call, "coach") is not None
    undone = store.undo(call, "boss")
    assert undone is not None
    assert undone.undone_by == "boss"
    assert store.undo(call, "coach") is None
    assert store.call(call).heard == before.heard
    assert store.call(call).row == before.row
    assert len(store.call(call).corrections) == 2


def test_speakers_and_words_are_heard_again_and_only_then(store: Store) -> None:
    call = store.save(make_heard(questions=3), content("a"))
    before = store.call(call)
    swap = Correction("swap_speakers", speaker="A", other="B")
    with pytest.raises(StoreError, match="analysed again"):
        store.correct(call, swap, "coach")
    assert store.call(call) == before
    store.correct(call, swap, "coach", analyse)
    swapped = store.call(call)
    assert {f.role for f in swapped.heard.analysis.findings} == {"customer"}
    assert swapped.heard.transcript.speaker("A").name == "Bob"
    store.set_call_type(call, "renewal", "coach")  # needs no analysis: the kept one still holds
    assert store.calls(CallFilter(call_types=("renewal",))).total == 1
    store.correct(call, Correction("fix_word", utterance=0, start_char=0, end_char=4, text="Who"), "coach", analyse)
    assert store.call(call).heard.transcript.utterances[0].text.startswith("Who do you need")
    for _ in range(3):
        store.undo(call, "coach", analyse=analyse)
    assert store.call(call).heard == before.heard


def test_a_correction_outlives_new_versions(store: Store) -> None:
    call = store.save(make_heard(questions=3), content("a"))
    store.correct(call, Correction("delete", finding=Target("question.open", 0, 0, 5)), "coach")
    store.save(make_heard(questions=3, analyzers="2"), content("a"))
    assert store.counts(call) == {("question.open", "rep"): 2}


def test_a_corrected_call_that_is_analysed_by_newer_analyzers_stands_under_their_ruler(store: Store) -> None:
    call = store.save(make_heard(questions=3), content("a"))
    first = store.call(call)

    def newer(transcript: Transcript) -> Analysis:
        return analyse(transcript, "2")

    store.correct(call, Correction("swap_speakers", speaker="A", other="B"), "coach", newer)
    kept = store.call(call)
    assert kept.versions["questions"] == "2"
    assert kept.machine.analysis.versions["questions"] == kept.heard.analysis.versions["questions"] == "2"
    assert len(kept.rulers) == 2
    assert store.has(content("a"), Wanted({"questions": "2"}))
    old = store.measures(keys=["open_question_share"], ruler=first.row.ruler)
    assert old.values["open_question_share"].tolist() == [1.0]  # what was measured before stays as it was
    store.undo(call, "coach", analyse=newer)
    assert store.call(call).row.ruler == kept.row.ruler
    assert store.call(call).row.measures == first.row.measures


def test_a_correction_that_does_not_fit_is_refused(store: Store) -> None:
    call = store.save(make_heard(), content("a"))
    for bad in (
        Correction("set_rep", speaker="nobody"),
        Correction("add", label="restatement", utterance=99, start_char=0, end_char=1),
        Correction("add", label="restatement", utterance=0, start_char=0, end_char=999),
    ):
        with pytest.raises(UsageError, match="cannot be made"):
            store.correct(call, bad, "coach", analyse)
    with pytest.raises(StoreError, match="no call 99"):
        store.correct(99, Correction("set_call_type", text="demo"), "coach")
    assert store.corrections() == ()


def test_metadata_that_comes_later_is_taken_over(store: Store) -> None:
    call = store.save(make_heard("a", rep=None, date=None), content("a"))
    store.set_call_type(call, "renewal", "coach")
    info = make_heard("a", rep="Cleo", date="2026-09-01T10:00:00", call_type="demo").transcript.info
    assert store.inform(call, info)
    row = store.call(call).row
    assert (row.rep, row.date, row.call_type) == ("Cleo", "2026-09-01", "renewal")
    assert not store.inform(call, info)


def test_comments_and_the_reps_own_scores(store: Store) -> None:
    call = store.save(make_heard(), content("a"))
    remark = store.comment(call, "coach", "listen to this", at_ms=1000)
    store.score_self(call, "Ann", {"listening_index": 80.0})
    with pytest.raises(UsageError, match="before"):
        store.score_self(call, "Ann", {"listening_index": 90.0})
    kept = store.call(call)
    assert kept.comments == (remark,)
    assert kept.self_scores[0].scores == {"listening_index": 80.0}
    assert kept.row.flags == ("commented", "self_scored")
    assert not store.delete_comment(remark.id, "somebody else")
    assert store.delete_comment(remark.id, "coach")
    assert store.call(call).row.flags == ("self_scored",)
    assert store.delete_call(call)
    assert not store.delete_call(call)
    assert store.calls().total == 0


def test_users_sessions_jobs_and_the_audit_log(store: Store) -> None:
    ann = store.add_user("ann", "rep", "hash", rep="Ann", team="east")
    with pytest.raises(UsageError, match="already"):
        store.add_user("ann", "rep", "hash")
    store.add_session("token", ann.id, "2999-01-01T00:00:00Z")
    store.add_session("old", ann.id, "2001-01-01T00:00:00Z")
    assert store.session("token") == ann
    assert store.session("old") is None
    assert store.reps_of_team("east") == ("Ann",)
    store.change_user(ann.id, disabled=True)
    assert store.session("token") is None
    store.log("ann", "opened", 1)
    assert store.audit()[0]["action"] == "opened"
    job = store.add_job("a.wav", "ann", {"speakers": 2})
    assert store.change_job(job.id, "failed", message="It is silent.").message == "It is silent."
    assert [j.id for j in store.jobs("ann")] == [job.id]


def test_the_migrations_make_the_tables_that_are_documented(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from listening.store.tables import metadata

    assert max(path.stem[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")) == HEAD
    with store.engine.connect() as connection:
        here = (None, connection.dialect.name)
        opts = {"include_object": lambda thing, *_: thing.info.get("only") in here}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_a_store_of_the_first_version_is_brought_up_and_its_calls_are_found(store: Store) -> None:
    fill(store)
    url = store.engine.url.render_as_string(hide_password=False)
    with store.engine.begin() as connection:
        connection.execute(sa.text("alter table calls drop column searched"))
        connection.execute(sa.text("update alembic_version set version_num = '0001'"))
    with open_store(url.removeprefix("sqlite:///")) as again:
        assert [row.name for row in again.calls(CallFilter(text="ZOË")).rows] == ["three"]
        assert again.calls().total == 3


def test_a_postgresql_store_of_the_second_version_finds_measures_by_call() -> None:
    url = fresh_url("second")
    with open_store(url) as store, store.engine.begin() as connection:
        connection.execute(sa.text("drop index ix_measures_call"))
        connection.execute(sa.text("update alembic_version set version_num = '0002'"))
    with open_store(url) as again:
        assert "ix_measures_call" in {index["name"] for index in sa.inspect(again.engine).get_indexes("measures")}


def test_sqlite_and_postgresql_give_equal_answers(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "a.db")) as one, open_store(fresh_url("equal")) as two:
        for store in (one, two):
            ids = fill(store)
            store.correct(ids[1], Correction("swap_speakers", speaker="A", other="B"), "coach", analyse)
        for a, b in zip(one.calls().rows, two.calls().rows, strict=True):
            assert a == type(a)(**{**{f: getattr(b, f) for f in b.__slots__}, "added": a.added})
            assert one.call(a.id).heard == two.call(b.id).heard


@pytest.mark.parametrize("key", [2**31, 10**20])
def test_a_key_too_large_for_the_database_is_nobodys(store: Store, key: int) -> None:
    assert store.find(str(key)) == ()
    assert store.calls(CallFilter(ids=(key,))).total == 0
    assert store.user(key) is None
    assert not store.delete_comment(key)
    with pytest.raises(StoreError, match="There is no call"):
        store.call(key)


def test_what_a_columns_comment_points_to_is_there() -> None:
    from listening.cli.export import DEFINITIONS
    from listening.store import tables

    columns = [column for table in tables.metadata.sorted_tables for column in table.columns]
    assert not [column.name for column in columns if ".md" in (column.comment or "")]
    assert "definitions of `listening export`" in (tables.measures.c.key.comment or "")
    assert DEFINITIONS


def test_a_call_saved_again_by_the_same_engine_is_kept_as_it_is_told_now(store: Store) -> None:
    first = make_heard()
    call = store.save(first, content("a"))
    turned = first.transcript.with_rep("B", "metadata").with_info(replace(first.transcript.info, date="2026-10-01"))
    store.correct(call, Correction("set_rep", speaker="A"), "coach", analyse)
    found = analyse(turned, "2")
    newer = Heard(turned, found, score(found, turned))
    assert store.save(newer, content("a"), analyse=lambda text: analyse(text, "2")) == call
    kept = store.call(call)
    assert kept.machine.transcript == turned
    assert (kept.row.date, kept.heard.transcript.info.date) == ("2026-10-01", "2026-10-01")
    assert kept.row.measures["talk_share"] == kept.heard.scorecard.measures["talk_share"].value
    assert kept.heard.transcript.speaker("A").role is Role.REP
    store.undo(call, "coach", analyse=analyse)
    assert store.call(call).heard.analysis == found


def test_words_that_people_spoke_about_are_not_replaced_by_others(store: Store) -> None:
    first = make_heard()
    call = store.save(first, content("a"))
    store.correct(call, Correction("fix_word", utterance=5, start_char=0, end_char=2, text="They"), "coach", analyse)
    others = replace(first.transcript, utterances=first.transcript.utterances[1:4]).with_rep("B", "metadata")
    found = analyse(others, "2")
    store.save(Heard(others, found, score(found, others)), content("a"), analyse=lambda text: analyse(text, "2"))
    kept = store.call(call)
    assert kept.machine.transcript.utterances == first.transcript.utterances
    assert kept.heard.transcript.utterances[5].text == "They lose time on reports."
    assert kept.versions["questions"] == "2"
