"""The command line as a user meets it: help, failures in one sentence, exit codes, nothing on stdout but the result."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import pytest
from batch_calls import Here, make_calls
from click.testing import CliRunner, Result

from listening.cli import COMMANDS, main
from listening.transcription import MOST_SPEAKERS

TALK = """Dana: What got you looking at this?
Lee: Our spreadsheets fall apart every month end.
Dana: So every month end it all comes apart.
Lee: Exactly, and nobody has the time.
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text(TALK)
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_matches_the_list(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output


def test_json_of_one_call_is_an_object_and_of_several_a_list(talk: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(TALK)
    one = json.loads(run("score", talk, "--rep", "Dana", "--format", "json").stdout)
    assert one["call"]["id"] == "talk"
    assert one["measures"]["talk_share"]["value"] is not None
    two = json.loads(run("score", talk, other, "--rep", "Dana", "--format", "json").stdout)
    assert [card["call"]["id"] for card in two] == ["talk", "other"]


def test_the_terminal_scorecard_fits_eighty_columns_and_has_no_colour_codes(talk: Path) -> None:
    text = run("score", talk, "--rep", "Dana").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_one_bad_call_does_not_stop_the_others(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    result = run("score", tmp_path / "empty.wav", tmp_path / "missing.wav", talk, "--rep", "Dana", "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["call"]["id"] == "talk"
    assert len(result.stderr.strip().splitlines()) == 2


def bad_files(folder: Path) -> dict[str, Path]:
    text = folder / "text.wav"
    text.write_text("secret words of a call\n" * 20)
    empty = folder / "empty.wav"
    empty.touch()
    zero = folder / "zero.wav"
    with wave.open(str(zero), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
    silence = folder / "silence.wav"
    with wave.open(str(silence), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(2 * 8000 * 20))
    broken = folder / "broken.json"
    broken.write_text('{"utterances": [{"text": "secret words of a call"')
    return {
        "text": text,
        "empty": empty,
        "zero": zero,
        "silence": silence,
        "broken": broken,
        "missing": folder / "no.wav",
    }


@pytest.mark.parametrize("kind", ["text", "empty", "zero", "silence", "broken", "missing"])
def test_what_cannot_be_heard_is_one_sentence_without_words_of_the_call(tmp_path: Path, kind: str) -> None:
    path = bad_files(tmp_path)[kind]
    result = run("score", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.strip().splitlines()
    assert sentence.endswith(".")
    assert path.name in sentence
    assert "secret" not in sentence


def test_a_speaker_who_is_not_there_is_wrong_usage(talk: Path) -> None:
    result = run("score", talk, "--rep", "Nobody")
    assert result.exit_code == 2
    assert "Dana" in result.stderr


def test_a_folder_without_calls_is_wrong_usage(tmp_path: Path) -> None:
    assert run("score", tmp_path).exit_code == 2


def test_output_writes_one_file_a_call(talk: Path, tmp_path: Path) -> None:
    result = run("score", talk, "--rep", "Dana", "--format", "csv", "-o", tmp_path / "out")
    assert result.stdout.split() == [str(tmp_path / "out" / "talk.csv")]
    assert (tmp_path / "out" / "talk.csv").read_text().startswith("call,rep,")


@pytest.mark.parametrize("command", ["score", "transcribe"])
def test_no_call_writes_over_another_or_out_of_the_folder(tmp_path: Path, command: str) -> None:
    calls = [tmp_path / "one" / "talk.txt", tmp_path / "two" / "talk.txt", tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in calls:
        path.parent.mkdir(exist_ok=True)
        path.write_text(TALK)
    (tmp_path / "a.txt.meta.json").write_text('{"call_id": "../../escaped"}')
    (tmp_path / "b.txt.meta.json").write_text('{"call_id": "2026/09/08"}')
    folder = tmp_path / "in" / "out"
    result = run(command, *calls, "--rep", "Dana", "--format", "csv", "-o", folder)
    assert result.exit_code == 0, result.output
    names = ["talk.csv", "talk_2.csv", "_.._escaped.csv", "2026_09_08.csv"]
    assert result.stdout.split() == [str(folder / name) for name in names]
    assert sorted(tmp_path.rglob("*.csv")) == sorted(folder / name for name in names)
    again = run(command, calls[0], "--rep", "Dana", "--format", "csv", "-o", folder)  # another run writes it anew
    assert again.stdout.split() == [str(folder / "talk.csv")]


@pytest.mark.parametrize("command", ["score", "transcribe", "report"])
def test_a_folder_that_cannot_be_made_is_one_sentence(talk: Path, command: str) -> None:
    result = run(command, talk, "--rep", "Dana", "-o", talk / "no" / "folder")
    assert result.exit_code == 1
    (sentence,) = result.stderr.strip().splitlines()
    assert "cannot be written: " in sentence


def test_a_report_makes_its_folder(talk: Path, tmp_path: Path) -> None:
    assert run("report", talk, "--rep", "Dana", "-o", tmp_path / "new" / "talk.html").exit_code == 0
    assert (tmp_path / "new" / "talk.html").exists()


@pytest.mark.parametrize("command", ["score", "transcribe"])
def test_a_name_that_is_not_utf8_fails_that_call_only(talk: Path, command: str) -> None:
    odd = talk.with_name(os.fsdecode(b"caf\xe9.txt"))
    odd.write_text(TALK)
    result = run(command, odd, talk, "--rep", "Dana", "--format", "csv")
    assert result.exit_code == 1
    assert ("talk," if command == "score" else "Dana,") in result.stdout
    (sentence,) = result.stderr.strip().splitlines()
    assert sentence.endswith(": Its name or folder is not UTF-8; rename it.")


def test_options_of_batch_promise_no_more_than_is_done(talk: Path, tmp_path: Path) -> None:
    result = run("batch", talk, "--watch", "--rescore", "--db", tmp_path / "calls.db")
    assert result.exit_code == 2
    assert "--rescore does not go with --watch" in result.stderr
    assert f"1<=x<={MOST_SPEAKERS}]" in run("batch", "--help").output


def test_batch_says_how_many_files_had_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listening.batch.workers.Processes", lambda _: Here())
    paths = make_calls(tmp_path / "calls", 2)
    for word, said in (("time", ""), ("money", "2 files had changed; what they held before is still in the store.")):
        for path in paths:
            path.write_text(path.read_text().replace("lose time", f"lose {word}"))
        result = run("batch", tmp_path / "calls", "--db", tmp_path / "calls.db")
        assert result.exit_code == 0
        assert said in result.stderr
        assert ("changed" in result.stderr) == bool(said)


def test_transcribe_writes_other_formats(talk: Path) -> None:
    assert json.loads(run("transcribe", talk).stdout)["utterances"][0]["speaker"] == "Dana"
    assert run("transcribe", talk, "--format", "webvtt").exit_code == 1  # a subtitle needs times, and there are none
    assert run("transcribe", talk, "--format", "no-such").exit_code == 2


@pytest.mark.parametrize("form", ["srt", "no-such"])
def test_a_format_that_is_only_read_is_refused_before_anything_is_heard(
    talk: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("listening.cli.transcribe.transcribe", lambda *_: pytest.fail("it was heard"))
    result = run("transcribe", talk, "--format", form)
    assert result.exit_code == 2
    assert f"There is no format '{form}' to write" in result.stderr
    offered = result.stderr.partition("there are: ")[2].strip().rstrip(".").split(", ")
    assert {"native", "webvtt", "textgrid", "csv"} <= set(offered)
    assert not {"srt", "plain", "zoom"} & set(offered)


def test_a_call_that_cannot_be_written_does_not_stop_the_others(talk: Path, tmp_path: Path) -> None:
    timed = tmp_path / "timed.txt"
    timed.write_text("[00:01] Dana: What got you here?\n[00:04] Lee: A friend.\n[00:06] Dana: Good.\n")
    result = run("transcribe", talk, timed, "--rep", "Dana", "--format", "webvtt")
    assert result.exit_code == 1
    assert "A friend." in result.stdout
    (sentence,) = result.stderr.strip().splitlines()
    assert sentence == "listening: talk.txt: WebVTT needs times, and this transcript has none."
