"""The command line as a user meets it: help, failures in one sentence, exit codes, nothing on stdout but the result."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listening.cli import COMMANDS, main

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


def test_transcribe_writes_other_formats(talk: Path) -> None:
    assert json.loads(run("transcribe", talk).stdout)["utterances"][0]["speaker"] == "Dana"
    assert run("transcribe", talk, "--format", "webvtt").exit_code == 1  # a subtitle needs times, and there are none
    assert run("transcribe", talk, "--format", "no-such").exit_code == 2
