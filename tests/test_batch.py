"""Many calls: what paths stand for, and what is done once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_calls import Here, make_calls
from store_calls import make_heard

from listening.batch import Event, run, sources, watch
from listening.batch.sources import Item, Missing
from listening.formats import write
from listening.listen import Options
from listening.scoring.rubric import DEFAULT, FOLDER
from listening.store.store import Store
from listening.transcript import Provenance


@pytest.fixture
def events() -> list[Event]:
    return []


def names(found: list[Item | Missing]) -> list[str]:
    return [one.name for one in found]


def test_paths_stand_for_files_folders_patterns_manifests_and_urls(tmp_path: Path) -> None:
    make_calls(tmp_path / "calls", 3)
    (tmp_path / "calls" / "manifest.csv").write_text("file,rep\ncall 00.json,Ann\nnot there.wav,Ben\n")
    folder = str(tmp_path / "calls")
    whole = list(sources.find([folder]))
    assert names(whole) == ["call 00.json", "call 01.json", "call 02.json"]
    assert names(list(sources.find([folder + "/*1.json", folder + "/call 01.json"]))) == ["call 01.json"]
    one, missing = sources.find([folder + "/manifest.csv"])
    assert isinstance(one, Item)
    assert one.setup is not None
    assert one.setup.info.rep == "Ann"
    assert isinstance(missing, Missing)
    assert missing.sentence == "not there.wav does not exist."
    assert "row 3" in missing.name
    assert [type(x) for x in sources.find([folder + "/nothing*", folder + "/no.wav", "zz://a"])] == [Missing] * 3
    assert names(list(sources.find(["x/no.wav", "y/no.wav", "y/no.wav"]))) == ["x/no.wav", "y/no.wav"]
    (tmp_path / "list.csv").write_text("file,rep\ns3://bucket/a%20b.wav,Ann\n")
    (remote,) = sources.find([str(tmp_path / "list.csv")])
    assert isinstance(remote, Item)
    assert remote.path == "s3://bucket/a%20b.wav"


def test_a_file_that_cannot_be_opened_does_not_lose_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (locked,) = make_calls(tmp_path, 1)
    opened = Path.open

    def refuse(path: Path, *how: Any, **more: Any) -> Any:
        if path.name == locked.name:
            raise PermissionError(13, "Permission denied")
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    (sentence,) = sources.find([str(tmp_path)])
    assert isinstance(sentence, Missing)
    (tmp_path / "other.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nAnn: Hello\n")
    assert names(list(sources.find([str(tmp_path)]))) == ["other.vtt"]
    (tmp_path / "talk.wav").touch()
    assert names(list(sources.find([str(tmp_path)]))) == ["talk.wav"]


def test_a_tilde_that_is_nobodys_home_is_part_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~$notes.docx").touch()
    found = list(sources.find(["~$notes.docx", "~$gone.docx"]))
    assert found == [Item(str(tmp_path / "~$notes.docx")), Missing("~$gone.docx", "there is no such file or folder.")]


def test_calls_are_kept_once(tmp_path: Path, sqlite: Store, events: list[Event]) -> None:
    paths = make_calls(tmp_path / "calls", 4)
    (tmp_path / "calls" / "copy.json").write_bytes(paths[0].read_bytes())
    (tmp_path / "calls" / "broken.vtt").write_text("WEBVTT\n\nthis is --> no time\n")
    workers = Here()
    folder = str(tmp_path / "calls")
    first = run([folder], sqlite, lambda: workers, tell=events.append)
    assert (first.states["heard"], first.states["skipped"], first.failed) == (4, 1, 1)
    assert sqlite.calls().total == 4
    (failure,) = [e for e in events if e.state == "failed"]
    assert failure.sentence
    assert failure.sentence.endswith(".")
    done = list(workers.done)
    again = run([folder], sqlite, lambda: workers)
    assert again.states["heard"] == 0
    assert again.states["skipped"] == 5
    assert len(workers.done) == len(done) + 1  # the broken one is tried again
    os.utime(paths[1])  # the same content at another time is the same call
    assert run([str(paths[1])], sqlite, lambda: workers).states["skipped"] == 1


def test_other_versions_are_taken_up_on_request_and_nothing_is_heard_twice(
    tmp_path: Path, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls(tmp_path / "calls", 3)
    folder = str(tmp_path / "calls")
    run([folder], sqlite, Here)
    rubric = tmp_path / "mine.toml"
    rubric.write_text((FOLDER / f"{DEFAULT}.toml").read_text().replace('version = "1"', 'version = "2"', 1))
    options = Options(rubric=str(rubric))
    idle = Here()
    assert run([folder], sqlite, lambda: idle, options).states["stale"] == 3
    assert run([folder], sqlite, lambda: idle, options, rescore=True).states["rescored"] == 3
    assert run([folder], sqlite, lambda: idle, options, rescore=True).states["skipped"] == 3
    assert idle.done == []
    assert len(sqlite.call(1).rulers) == 2

    monkeypatch.setattr("listening.analyzers.LABELLER_VERSION", "another")
    monkeypatch.setattr("listening.batch.work.transcribe", lambda *_, **__: pytest.fail("heard again"))
    assert run([folder], sqlite, Here, options).states["stale"] == 3
    assert run([folder], sqlite, Here, options, rescore=True).states["reanalysed"] == 3
    assert run([folder], sqlite, Here, options, rescore=True).states["skipped"] == 3


def test_metadata_written_after_the_run_is_taken_over(tmp_path: Path, sqlite: Store) -> None:
    make_calls(tmp_path / "calls", 2)
    run([str(tmp_path / "calls")], sqlite, Here)
    manifest = tmp_path / "calls" / "manifest.csv"
    manifest.write_text("file,rep,date\ncall 00.json,Zoe,2026-05-05\n")
    run([str(manifest)], sqlite, Here)
    assert {(row.rep, row.date) for row in sqlite.calls().rows} == {("Zoe", "2026-05-05"), ("Ann", "2026-09-01")}


TALK = """Dana: What got you looking at this?
Lee: Our spreadsheets fall apart every month end.
Dana: So every month end it all comes apart.
Lee: Exactly, and nobody has the time.
"""


def said_by(store: Store) -> dict[str, tuple[str, str]]:
    """Role and source of each speaker of the only call, as its scorecard and its findings rest on them."""
    kept = store.call(store.calls().rows[0].id)
    roles = {speaker.id: speaker.role.value for speaker in kept.heard.transcript.speakers}
    said = kept.heard.transcript.utterances
    assert all(finding.role == roles[said[finding.utterance].speaker] for finding in kept.heard.analysis.findings)
    assert kept.row.flags == (("role_guessed",) if "guess" in {s.source for s in kept.heard.scorecard.speakers} else ())
    return {s.id: (s.role.value, s.source) for s in kept.heard.scorecard.speakers}


@pytest.mark.parametrize("by", ["manifest", "sidecar", "option"])
def test_a_rep_learned_after_the_run_gets_her_own_numbers(tmp_path: Path, store: Store, by: str) -> None:
    talk = tmp_path / "talk.txt"
    talk.write_text(TALK)
    run([str(talk)], store, Here)
    assert said_by(store) == {"Dana": ("rep", "guess"), "Lee": ("customer", "guess")}
    share = store.calls().rows[0].measures["talk_share"]
    options = Options()
    if by == "manifest":
        (tmp_path / "manifest.csv").write_text("file,rep,customer\ntalk.txt,Lee,Acme\n")
    elif by == "sidecar":
        (tmp_path / "talk.txt.meta.json").write_text('{"rep_speaker": "Lee"}')
    else:
        options = Options(rep="lee")
    assert run([str(talk)], store, Here, options).states["reanalysed"] == 1
    source = "flag" if by == "option" else "metadata"
    assert said_by(store) == {"Dana": ("customer", source), "Lee": ("rep", source)}
    assert store.calls().rows[0].measures["talk_share"] == pytest.approx(1 - share)
    assert run([str(talk)], store, Here, options).states["skipped"] == 1


@pytest.mark.parametrize("key", ["rep", "rep_speaker"])
def test_who_the_rep_is_can_be_put_right_in_the_manifest(tmp_path: Path, sqlite: Store, key: str) -> None:
    (tmp_path / "talk.txt").write_text(TALK)
    manifest = tmp_path / "manifest.csv"
    for named, listener, state in (("Lee", "Dana", "heard"), ("Dana", "Lee", "reanalysed"), ("Dana", "Lee", "skipped")):
        manifest.write_text(f"file,{key}\ntalk.txt,{named}\n")
        assert run([str(manifest)], sqlite, Here).states[state] == 1
        assert said_by(sqlite) == {named: ("rep", "metadata"), listener: ("customer", "metadata")}
    manifest.write_text("file,customer\ntalk.txt,Acme\n")
    run([str(manifest)], sqlite, Here)
    assert said_by(sqlite)["Dana"] == ("rep", "metadata")  # what is told no more is not forgotten


def test_a_rep_put_right_in_a_call_of_other_versions_leaves_it_current(
    tmp_path: Path, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in paths:
        path.write_text(f"{TALK}Dana: {path.stem.title()}.\n")
    run([str(tmp_path)], sqlite, Here)
    monkeypatch.setattr("listening.analyzers.LABELLER_VERSION", "another")
    (tmp_path / "manifest.csv").write_text("file,rep\none.txt,Lee\n")
    first = run([str(tmp_path)], sqlite, Here)
    assert (first.states["reanalysed"], first.states["stale"]) == (1, 1)
    second = run([str(tmp_path)], sqlite, Here)
    assert (second.states["skipped"], second.states["stale"]) == (1, 1)


def test_what_says_nothing_of_the_rep_leaves_a_guess_as_it_is(
    tmp_path: Path, sqlite: Store, events: list[Event]
) -> None:
    talk = tmp_path / "talk.txt"
    talk.write_text(TALK)
    run([str(talk)], sqlite, Here)
    (tmp_path / "manifest.csv").write_text("file,customer\ntalk.txt,Acme\n")
    assert run([str(talk)], sqlite, Here).states["skipped"] == 1
    assert sqlite.calls().rows[0].customer == "Acme"
    assert run([str(talk)], sqlite, Here, Options(rep="Zed"), tell=events.append).failed == 1
    assert events[0].sentence == "'Zed' is no speaker of this call; the speakers are: Dana, Lee."
    assert said_by(sqlite)["Dana"] == ("rep", "guess")


def test_a_name_that_is_not_utf8_fails_that_call_only(tmp_path: Path, store: Store, events: list[Event]) -> None:
    paths = make_calls(tmp_path / "calls", 3)
    run([str(paths[0])], store, Here)
    paths[0].rename(paths[0].with_name(os.fsdecode(b"caf\xe9.json")))  # known by its content
    paths[1].rename(paths[1].with_name(os.fsdecode(b"th\xe9.json")))  # new
    summary = run([str(tmp_path / "calls")], store, Here, tell=events.append)
    assert (summary.failed, summary.states["heard"]) == (2, 1)
    sentences = {event.sentence for event in events if event.state == "failed"}
    assert sentences == {"Its name or folder is not UTF-8; rename it."}


def test_files_that_changed_are_counted(tmp_path: Path, store: Store) -> None:
    paths = make_calls(tmp_path / "calls", 3)
    assert run([str(tmp_path / "calls")], store, Here).replaced == 0
    paths[0].write_text(paths[0].read_text().replace("We lose time", "We lose money"))
    os.utime(paths[1])
    summary = run([str(tmp_path / "calls")], store, Here)
    assert (summary.replaced, summary.states["heard"]) == (1, 1)
    assert store.calls().total == 4
    paths[2].write_text(paths[2].read_text().replace("We lose time", "We lose money"))
    began = time.monotonic()
    watched = watch(
        [str(paths[2])], store, Here, still_s=0, every_s=0.01,
        until=lambda: store.calls().total == 5 or time.monotonic() - began > 60,
    )  # fmt: skip
    assert watched.replaced == 1


def test_an_engine_or_model_asked_for_does_not_make_the_work_anew_for_ever(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = [make_heard("plain").transcript, make_heard("ours", engine="faster-whisper").transcript]
    for transcript in heard:
        (tmp_path / f"{transcript.info.id}.json").write_text(write(transcript, "native"))
    options = Options(engine="openai-whisper", model=str(tmp_path / "models" / "tiny"))
    assert run([str(tmp_path)], store, Here, options).states["heard"] == 2
    assert run([str(tmp_path)], store, Here, options, rescore=True).states["skipped"] == 2

    recording = tmp_path / "call.wav"
    recording.write_bytes(b"RIFF")
    by = Provenance("call.wav", "recording", "wav", "openai-whisper", "tiny")
    transcript = replace(make_heard("call").transcript, provenance=by)
    monkeypatch.setattr("listening.batch.work.transcribe", lambda *_, **__: (transcript, recording))
    assert run([str(recording)], store, Here, options).states["heard"] == 1
    assert run([str(recording)], store, Here, options).states["skipped"] == 1
    assert run([str(recording)], store, Here, Options(model="base")).states["stale"] == 1


def test_a_link_keeps_its_own_name_and_metadata(tmp_path: Path, sqlite: Store) -> None:
    (tmp_path / "in").mkdir()
    (blob,) = make_calls(tmp_path / "blobs", 1)
    (tmp_path / "in" / "monday.json").symlink_to(blob)
    (tmp_path / "in" / "calls.csv").write_text("file,call_id,rep\nmonday.json,monday,Zoe\n")
    run([str(tmp_path / "in")], sqlite, Here)
    row = sqlite.calls().rows[0]
    assert (row.name, row.rep) == ("monday", "Zoe")
    assert list(sqlite.seen()) == [str(tmp_path / "in" / "monday.json")]
    for named in ("in/*.json", "in/calls.csv"):
        (item,) = sources.find([str(tmp_path / named)])
        assert item.name == "monday.json"


def test_a_remote_folder_leaves_out_what_a_local_one_does(tmp_path: Path) -> None:
    make_calls(tmp_path / "calls", 2)
    (tmp_path / "calls" / "call 00.json.meta.json").write_text('{"rep_speaker": "A"}')
    (tmp_path / "calls" / "manifest.json").write_text('[{"file": "call 00.json", "rep": "Ann"}]')
    folder = (tmp_path / "calls").as_uri()
    assert names(list(sources.find([folder]))) == ["call 00.json", "call 01.json"]
    (tmp_path / "calls" / "calls.wav").touch()
    assert names(list(sources.find([folder]))) == names(list(sources.find([str(tmp_path / "calls")]))) == ["calls.wav"]


def test_objects_in_storage_are_heard_and_told_apart_by_their_mark(
    tmp_path: Path, sqlite: Store, events: list[Event]
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in make_calls(tmp_path / "calls", 2):
        memory.pipe(f"/bucket/{path.name}", path.read_bytes())
    workers = Here()
    assert run(["memory://bucket"], sqlite, lambda: workers).states["heard"] == 2
    assert run(["memory://bucket/*.json"], sqlite, lambda: workers).states["heard"] == 0
    assert sqlite.call(1).source is not None
    assert sqlite.call(1).source.path.startswith("memory://")  # type: ignore[union-attr]
    summary = run(["memory://bucket/gone.wav"], sqlite, lambda: workers, tell=events.append)
    assert summary.failed == 1
    assert events[-1].sentence == "gone.wav cannot be read: it does not exist."


def test_a_worker_loads_no_database() -> None:
    code = "import sys, listening.batch.work; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class EndpointConnectionError(Exception): ...


class NoCredentialsError(Exception): ...


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("key AKIA"), "it may not be read"),
        (ConnectionResetError(), "the storage does not answer"),
        (EndpointConnectionError("http://secret"), "the storage does not answer"),
        (NoCredentialsError(), "there are no credentials for the storage"),
        (OSError(5, "secret"), "the storage reports an error"),
        (KeyError("secret"), "the storage says KeyError"),
    ],
)
def test_storage_that_fails_is_one_sentence_without_addresses_or_keys(
    error: Exception, said: str, tmp_path: Path, sqlite: Store, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(MemoryFileSystem, "isdir", fail)
    (fine,) = make_calls(tmp_path / "calls", 1)
    summary = run(["memory://bucket/a.wav", str(fine)], sqlite, Here, tell=events.append)
    assert (summary.failed, summary.states["heard"]) == (1, 1)
    assert events[0].sentence == f"it cannot be read: {said}."


def test_watching_takes_files_once_they_are_still(tmp_path: Path, sqlite: Store, events: list[Event]) -> None:
    folder = tmp_path / "calls"
    paths = make_calls(folder, 2)
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[:100])
    began = time.monotonic()

    def step() -> bool:
        if time.monotonic() - began < 0.6:  # still being written
            with paths[1].open("ab") as file:
                file.write(b" ")
        elif paths[1].stat().st_size != len(whole):
            paths[1].write_bytes(whole)
        return sqlite.calls().total == 2 or time.monotonic() - began > 60

    summary = watch([str(folder)], sqlite, Here, tell=events.append, still_s=0.4, every_s=0.1, until=step)
    assert summary.states["heard"] == 2
    assert summary.failed == 0
