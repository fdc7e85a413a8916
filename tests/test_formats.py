"""Subtitles and text: what a person's transcript files hold, read cue by cue."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from transcript_files import lines

from listening import formats
from listening.errors import TranscriptError, UsageError
from listening.transcript import Role, Timing, Transcript

TEAMS = """WEBVTT

NOTE made by Teams

STYLE
::cue { color: red }

REGION
id:fred

6f4e-0
00:00:01.000 --> 00:00:03.250
<v Ann Lee>Hello, this is
<b>Ann</b> &amp; Co.</v>

6f4e-1
00:00:03.100 --> 00:00:05.000 align:start position:10%
<v.loud Bob>Hi.</v>

02:00.000 --> 02:01.000
<v Ann Lee>Right.</v><v Bob>Yes &lt;sure&gt;</v>
"""

ZOOM = """WEBVTT

1
00:00:16.239 --> 00:00:27.079
Ann Lee: Good morning: how are you?

2
00:00:27.080 --> 00:00:30.000
Bob: Fine, and the time is 10:30.
And here is one more thing: price.

3
00:00:30.000 --> 00:00:31.000
Thanks.
"""

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Ann: Hello</i>

there.

2
00:00:02,500 --> 00:00:04,000
Bob: {\\an8}Hi
3
00:00:04,000 -->
Bob: Well.
"""

OTTER = """Sales call

Ann Lee  0:05
Hello, Bob.

Bob  1:02:07
Hi. We met at 10:30
and talked.

Unknown Speaker  1:02:10
Mhm.

Transcribed by https://otter.ai
"""


def read(folder: Path, name: str, text: str | bytes) -> Transcript:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return formats.read(path)


def test_teams(tmp_path: Path) -> None:
    call = read(tmp_path, "call.vtt", TEAMS)
    assert lines(call) == [
        ("Ann Lee", "Hello, this is Ann & Co.", 1000, 3250),
        ("Bob", "Hi.", 3100, 5000),
        ("Ann Lee", "Right.", 120000, 121000),
        ("Bob", "Yes <sure>", 120000, 121000),
    ]
    assert {u.timing for u in call.utterances} == {Timing.CUE}
    assert (call.info.id, call.duration) == ("call", 121000)
    assert [s.role for s in call.speakers] == [Role.UNKNOWN, Role.UNKNOWN]
    assert (call.provenance.kind, call.provenance.format) == ("transcript", "webvtt")
    assert call.provenance.sha256 == hashlib.sha256(TEAMS.encode()).hexdigest()


def test_zoom(tmp_path: Path) -> None:
    assert lines(read(tmp_path, "call.vtt", ZOOM)) == [
        ("Ann Lee", "Good morning: how are you?", 16239, 27079),
        ("Bob", "Fine, and the time is 10:30. And here is one more thing: price.", 27080, 30000),
        ("unknown", "Thanks.", 30000, 31000),
    ]


def test_only_a_voice_tag_is_a_voice(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: Ask the <vendor>.\n\n00:02.000 --> 00:03.000\nBob: Yes.\n"
    assert [u.speaker for u in read(tmp_path, "a.vtt", text).utterances] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("name", "between"), [("a.vtt", "\n\n"), ("a.vtt", "\n\n2\n"), ("a.srt", "\n\n"), ("a.srt", "\n\n2\n")]
)
def test_digits_said_last_in_a_cue_stay(tmp_path: Path, name: str, between: str) -> None:
    text = f"00:01.000 --> 00:02.000\nAnn: The code is\n42{between}00:02.000 --> 00:03.000\nBob: Yes.\n"
    call = read(tmp_path, name, f"WEBVTT\n\n{text}" if name == "a.vtt" else text)
    assert [u.text for u in call.utterances] == ["The code is 42", "Yes."]


def test_two_names_in_a_cue_are_two_utterances(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: Hello.\nBob: Hi.\n\n00:02.000 --> 00:03.000\nAnn: Well.\n"
    assert [u.speaker for u in read(tmp_path, "a.vtt", text).utterances] == ["Ann", "Bob", "Ann"]


def test_a_colon_now_and_then_is_no_speaker(tmp_path: Path) -> None:
    cues = [f"00:{i:02}.000 --> 00:{i:02}.500\nwords\n" for i in range(20)]
    cues[3] = cues[3].replace("words", "Note: this matters")
    call = read(tmp_path, "a.vtt", "WEBVTT\n\n" + "\n".join(cues))
    assert [s.id for s in call.speakers] == ["unknown"]
    assert call.utterances[3].text == "Note: this matters"


def test_names_as_people_display_them(tmp_path: Path) -> None:
    rows = ["Ann Lee (she/her) | Acme: Hi", "the buyer: hm", "the buyer: yes", "The thing is: no", "O'Neil-Ruiz: ok"]
    cues = [f"00:{i:02}.000 --> 00:{i:02}.500\n{row}\n" for i, row in enumerate(rows)]
    assert [u.speaker for u in read(tmp_path, "a.vtt", "WEBVTT\n\n" + "\n".join(cues)).utterances] == [
        "Ann Lee (she/her) | Acme",
        "the buyer",
        "the buyer",
        "unknown",
        "O'Neil-Ruiz",
    ]


def test_srt(tmp_path: Path) -> None:
    call = read(tmp_path, "call.srt", SRT)
    assert lines(call) == [
        ("Ann", "Hello there.", 1000, 2500),
        ("Bob", "Hi", 2500, 4000),
        ("Bob", "Well.", 4000, None),
    ]
    assert call.duration is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    text = TEAMS.replace("Bob", "Zoë").replace("\n", newline)
    call = read(tmp_path, "call.vtt", text.encode(encoding))
    assert [u.speaker for u in call.utterances] == ["Ann Lee", "Zoë", "Ann Lee", "Zoë"]
    assert bool(call.provenance.notes) == (encoding == "latin-1")


def test_odd_times_keep_the_text(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n00:09.000 --> 00:08.000\n<v A>inverted\n\n00:05.000 --> \n<v B>no end\n\n"
        "-00:01.000 --> 00:02.000\n<v A>negative\n\n00:01.000 --> 00:02.000\n<v>nobody\n"
    )
    assert lines(read(tmp_path, "a.vtt", text)) == [
        ("A", "inverted", 9000, None),
        ("B", "no end", 5000, None),
        ("A", "negative", None, None),
        ("unknown", "nobody", 1000, 2000),
    ]


def test_otter(tmp_path: Path) -> None:
    call = read(tmp_path, "call.txt", OTTER.replace("0:05", "0:05  "))
    assert call.provenance.format == "otter"
    assert lines(call) == [
        ("Ann Lee", "Hello, Bob.", 5000, None),
        ("Bob", "Hi. We met at 10:30 and talked.", 3727000, None),
        ("Unknown Speaker", "Mhm.", 3730000, None),
    ]


@pytest.mark.parametrize("heading", ["Wed, Feb 4, 2026 2:30PM • 12:34", "Sales Call | 12:34", "Sales call ·  12:34"])
def test_otters_heading_is_nobody(tmp_path: Path, heading: str) -> None:
    call = read(tmp_path, "call.txt", OTTER.replace("Sales call", heading, 1))
    assert [s.id for s in call.speakers] == ["Ann Lee", "Bob", "Unknown Speaker"]


def test_plain_without_times(tmp_path: Path) -> None:
    call = read(tmp_path, "call.txt", "rep: Hi there: welcome.\n\ncustomer: Hello,\nit is late.\nrep: Ok\n")
    assert lines(call) == [
        ("rep", "Hi there: welcome.", None, None),
        ("customer", "Hello, it is late.", None, None),
        ("rep", "Ok", None, None),
    ]
    assert {u.timing for u in call.utterances} == {Timing.NONE}
    assert call.duration is None


@pytest.mark.parametrize(
    "text",
    [
        "[00:01:02] Ann: Hello.\n[00:01:05] Bob: Hi.\n",
        "00:01:02 Ann: Hello.\n00:01:05 Bob: Hi.\n",
        "Ann (01:02): Hello.\nBob (01:05): Hi.\n",
        "Ann [1:02]:\nHello.\n\nBob [1:05]:\nHi.\n",
        "Call of May\n\n**Ann** (01:02): Hello.\n**Bob** (01:05): Hi.\n",
    ],
)
def test_plain_with_times(tmp_path: Path, text: str) -> None:
    call = read(tmp_path, "call.txt", text)
    assert lines(call) == [("Ann", "Hello.", 62000, None), ("Bob", "Hi.", 65000, None)]
    assert {u.timing for u in call.utterances} == {Timing.CUE}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("[00:00:01] Ann: Hello\n[00:00:05] And one thing: this.\n", "Hello And one thing: this."),
        ("00:01 Ann: Hello\n00:05 - and more.\n", "Hello and more."),
        ("- (0:01) Ann: Hello\n- (0:05) and more.\n", "Hello and more."),
        ("[00:01] Ann: We meet at\n12:30 on Monday.\n", "We meet at 12:30 on Monday."),
        ("Ann: It fell by\n-5 percent.\n", "It fell by -5 percent."),
    ],
)
def test_the_time_of_a_line_that_carries_on_is_not_said(tmp_path: Path, file: str, said: str) -> None:
    time = file.partition("Ann")[0]
    call = read(tmp_path, "call.txt", f"{file}{time}Bob: Hi.\n{time}Ann: Yes.\n")
    assert [text for _, text, *_ in lines(call)] == [said, "Hi.", "Yes."]


@pytest.mark.parametrize("first", [50_602, 3_601])
def test_a_clock_on_the_wall_counts_from_the_first_word(tmp_path: Path, first: int) -> None:
    def at(second: int) -> str:
        return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"

    cues = [f"{at(first + a)}.000 --> {at(first + b)}.000\nAnn: Line {a}.\n" for a, b in ((0, 15), (20, 65))]
    call = read(tmp_path, "call.vtt", "WEBVTT\n\n" + "\n".join(cues))
    assert lines(call) == [("Ann", "Line 0.", 0, 15_000), ("Ann", "Line 20.", 20_000, 65_000)]
    assert call.duration == 65_000
    assert at(first).lstrip("0") in call.provenance.notes[0]


@pytest.mark.parametrize("second", ["01:02:05", "00:00:10"])
def test_a_silence_of_an_hour_is_no_clock_on_the_wall(tmp_path: Path, second: str) -> None:
    """Neither is a recording whose first word comes late, nor one whose second does."""
    call = read(tmp_path, "call.txt", f"00:50:00 Ann: Hello.\n{second} Bob: Hi.\n")
    assert call.utterances[0].start == 3_000_000
    assert not call.provenance.notes


def test_what_is_said_does_not_make_a_clock_on_the_wall_one_of_the_call(tmp_path: Path) -> None:
    text = "WEBVTT\n\n14:00:00.000 --> 14:00:01.000\nNOTE Times count from the start of the call.\n"
    assert read(tmp_path, "a.vtt", text).utterances[0].start == 0


def test_content_beats_the_extension(tmp_path: Path) -> None:
    assert read(tmp_path, "call.txt", TEAMS).provenance.format == "webvtt"
    assert read(tmp_path, "call.wav", TEAMS).provenance.format == "webvtt"
    assert read(tmp_path, "call.vtt", SRT).provenance.format == "srt"
    (tmp_path / "text.wav").write_text("Ann: Hello.\nBob: Hi.\n")
    assert formats.sniff(tmp_path / "text.wav") is None


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.vtt", b"", "a.vtt is empty."),
        ("a.txt", b"Dear diary, nothing happened today.", "a.txt is in no transcript format that is known here."),
        ("a.yaml.txt", b"one: 1\ntwo: 2\nthree: 3\n", "a.yaml.txt is in no transcript format that is known here."),
        ("a.json", b'{"secret": ["words"]}', "a.json is in no transcript format that is known here."),
        ("a.vtt", b"WEBVTT\n\n", "a.vtt is WebVTT without a word in it."),
        ("a.json", b'{"text": "", "segments": []}', "a.json is Whisper JSON without a word in it."),
        ("a.json", b'{"segments": [{"text": 1, "start": 0}]}', "a.json is not well-formed Whisper JSON."),
        ("a.vtt", b"RIFF\x00\x00\x01WAVE", "a.vtt is not a transcript: it is not text."),
    ],
)
def test_errors_are_one_sentence(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, name, data)
    assert str(caught.value) == sentence


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"^gone.vtt does not exist\.$"):
        formats.read(tmp_path / "gone.vtt")
    with pytest.raises(TranscriptError, match="cannot be read"):
        formats.sniff(tmp_path)


def test_unknown_writer() -> None:
    with pytest.raises(UsageError, match="webvtt"):
        formats.write(None, "docx")  # type: ignore[arg-type]


def test_every_format_has_its_own_name_and_sniffs() -> None:
    assert set(formats.FORMATS) >= {"webvtt", "srt", "otter", "plain", "native", "simple_json", "gong", "vcon"}
    assert formats.FORMATS["webvtt"].sniff(TEAMS.encode(), "x.vtt")
    assert formats.FORMATS["webvtt"].read(TEAMS, "x.vtt").info.id == "x"


def test_large_files_are_fast(tmp_path: Path) -> None:
    cues = (
        f"{i}\n{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}.000 --> 99:00:00.000\nAnn: words\n" for i in range(10_000)
    )
    text = "WEBVTT\n\n" + "\n".join(cues)
    began = time.process_time()
    assert len(read(tmp_path, "a.vtt", text).utterances) == 10_000
    assert time.process_time() - began < 1


def test_reading_loads_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "call.vtt"
    path.write_text(TEAMS)
    code = (
        "import sys; from listening import formats, sidecars; "
        f"formats.write(formats.read({str(path)!r}), 'native'); sidecars.find({str(path)!r}); "
        "heavy = {'torch', 'spacy', 'numpy', 'scipy', 'whisper', 'faster_whisper', 'onnxruntime', 'av'}; "
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
