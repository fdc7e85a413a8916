"""Who speaks, in transcripts that say it as `Name: text`: names of all sorts, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest
from transcript_files import read

from listening.errors import TranscriptError


@pytest.mark.parametrize(
    ("ann", "bob"),
    [("Smith, Ann", "O'Neil, Bob"), ("+1 415-555-0100", "Bob"), ("SPEAKER_00", "SPEAKER_01")],
)
@pytest.mark.parametrize("name", ["a.vtt", "a.srt", "a.txt"])
def test_names_that_are_not_plain_words(tmp_path: Path, name: str, ann: str, bob: str) -> None:
    written = "[{}]: {}" if ann.startswith("SPEAKER") else "{}: {}"
    said = [(ann, "Hello."), (bob, "Hi."), (ann, "It rains."), (bob, "Well, Ann: yes.")]
    cues = [f"00:{i:02}.000 --> 00:{i:02}.500\n{written.format(*turn)}\n" for i, turn in enumerate(said)]
    text = "\n".join(written.format(*turn) for turn in said) if name == "a.txt" else "\n".join(cues)
    call = read(tmp_path, f"WEBVTT\n\n{text}" if name == "a.vtt" else text, name)
    assert [(u.speaker, u.text) for u in call.utterances] == said


def test_a_file_of_settings_is_told_from_names_with_a_comma(tmp_path: Path) -> None:
    text = "Smith, John: Hello.\nDoe, Jane: Hi.\nLee, Kim: Hi.\nKerr, Ed: Hi.\n"
    assert len(read(tmp_path, f"{text}Smith, John: So.\n", "a.txt").speakers) == 4
    with pytest.raises(TranscriptError, match="no transcript format"):
        read(tmp_path, text, "a.txt")


def test_talk_to_somebody_that_comes_back_is_no_name(tmp_path: Path) -> None:
    text = "Ann: Hello.\nBob: Hi.\nWell, Ann: it rains.\nAnn: So?\nBob: Hm.\nWell, Ann: it does.\n"
    assert {s.id for s in read(tmp_path, text, "a.txt").speakers} == {"Ann", "Bob"}


def test_talk_with_a_comma_and_a_colon_is_no_name(tmp_path: Path) -> None:
    call = read(tmp_path, "Ann: Hello.\nBob: Hi.\nWell, Ann: it rains.\n", "a.txt")
    assert [(u.speaker, u.text) for u in call.utterances] == [("Ann", "Hello."), ("Bob", "Hi. Well, Ann: it rains.")]


LAST_FIRST = "Smith, John: Hello, both.\nDoe, Jane: Hi.\nSmith, John: How are you?\n"


@pytest.mark.parametrize("name", ["a.vtt", "a.srt", "a.txt"])
@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        (LAST_FIRST, ["Smith, John", "Doe, Jane", "Smith, John"]),
        (
            LAST_FIRST + "O'Neil-Ruiz, Mary Ann: Fine.\n",
            ["Smith, John", "Doe, Jane", "Smith, John", "O'Neil-Ruiz, Mary Ann"],
        ),
        ("Smith, John: Hello.\nDoe, Jane: Hi.\n", ["Smith, John", "Doe, Jane"]),
        (
            "Smith, John: Hello.\nBob: Well --\nDoe, Jane: Hi.\nSmith, John: Yes.\n",
            ["Smith, John", "Bob", "Doe, Jane", "Smith, John"],
        ),
    ],
)
def test_a_last_name_before_the_first_of_who_speaks_once(
    tmp_path: Path, name: str, text: str, speakers: list[str]
) -> None:
    cues = [f"00:{i:02}.000 --> 00:{i:02}.500\n{line}\n" for i, line in enumerate(text.splitlines())]
    whole = text if name == "a.txt" else "\n".join(cues)
    call = read(tmp_path, f"WEBVTT\n\n{whole}" if name == "a.vtt" else whole, name)
    assert [u.speaker for u in call.utterances] == speakers


@pytest.mark.parametrize(
    "said",
    [
        "Well, Jane: listen.",  # said to somebody
        "Honestly, Robert: no.",
        "Monday, March: that is when.",
        "In Boston, Massachusetts: rain.",
        "Boston, Massachusetts, Denver: rain.",
        "Thank you, Robert: great.",
        "Paris, france: rain.",
    ],
)
def test_a_comma_and_a_colon_where_last_names_come_first(tmp_path: Path, said: str) -> None:
    call = read(tmp_path, f"{LAST_FIRST}{said}\nDoe, Jane: Hm.\n", "a.txt")
    assert [u.text for u in call.utterances][2:] == [f"How are you? {said}", "Hm."]


@pytest.mark.parametrize(
    "text",
    [
        f"{LAST_FIRST}Ours are in\nBoston, Massachusetts: both.\n",  # in the middle of a sentence
        "[00:01] Smith, John: Hello.\n[00:02] Bob: Hi.\n[00:03] Smith, John: Yes.\nBoston, Massachusetts: both.\n",
        "Ann: Hello.\nBob: Hi.\nAnn: Ours.\nBoston, Massachusetts: both.\nBob: And?\nDenver, Colorado: too.\n",
    ],
)
def test_places_where_last_names_come_first(tmp_path: Path, text: str) -> None:
    assert {s.id for s in read(tmp_path, text, "a.txt").speakers} <= {"Smith, John", "Doe, Jane", "Ann", "Bob"}
