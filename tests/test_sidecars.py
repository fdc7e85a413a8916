"""What is kept beside a call: sidecars, manifests, and how they set roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from listening import sidecars
from listening.errors import MetadataError
from listening.sidecars import CallSetup
from listening.transcript import CallInfo, Provenance, Role, Speaker, Transcript, Utterance


def call(*speakers: Speaker, channels: tuple[int | None, ...] = (0, 1)) -> Transcript:
    speakers = speakers or (Speaker("A", "Ann Lee"), Speaker("B", "Bob"))
    utterances = tuple(Utterance("Hi", s.id, channel=c) for s, c in zip(speakers, channels, strict=True))
    return Transcript(utterances, speakers, CallInfo("stem"), Provenance("stem.wav", "recording"))


def put(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def roles(transcript: Transcript) -> list[tuple[Role, str]]:
    return [(s.role, s.source) for s in transcript.speakers]


REP_FIRST = [(Role.REP, "metadata"), (Role.CUSTOMER, "metadata")]


def test_nothing_beside(tmp_path: Path) -> None:
    assert sidecars.find(tmp_path / "a.wav") is None


def test_json_sidecar(tmp_path: Path) -> None:
    channels = {"Left": "agent", "right": "customer"}
    put(
        tmp_path / "a.json",
        {"Call ID": 17, "rep": "Ann", "customer": "Acme", "date": "2026-01-02T10:00Z", "channels": channels, "x": []},
    )
    setup = sidecars.find(tmp_path / "a.wav")
    assert setup is not None
    assert setup.info == CallInfo("17", "Ann", "Acme", date="2026-01-02T10:00:00+00:00")
    assert (setup.rep, dict(setup.channels)) == (None, {"left": "rep", "right": "customer"})


@pytest.mark.parametrize(
    "data",
    [
        {"utterances": [], "rep": "x"},
        {"segments": [], "id": 1},
        {"results": {}, "id": 1},
        {"call": {}, "measures": {}},
        {"vcon": "1", "date": "2026-01-01"},
        [1],
        {"other": 1},
        "not json",
    ],
)
def test_a_transcript_beside_a_recording_is_no_sidecar(tmp_path: Path, data: Any) -> None:
    put(tmp_path / "a.json", data)
    assert sidecars.find(tmp_path / "a.wav") is None


def test_meta_json_is_beside_anything(tmp_path: Path) -> None:
    put(tmp_path / "a.json.meta.json", {"rep_channel": "R"})
    put(tmp_path / "b.meta.json", {"rep_speaker": "Ann"})
    first, second = sidecars.find(tmp_path / "a.json"), sidecars.find(tmp_path / "b.vtt")
    assert first is not None
    assert second is not None
    assert (first.rep, first.info, second.rep) == ("right", CallInfo(""), "Ann")
    assert sidecars.apply(call(), first).info == call().info  # what is not said leaves what is known


CSV = """\ufeffFile;Call ID;Rep;Opportunity;Date;Call Type;Channels;Notes
a.wav;c1;Ann;"Deal;
two lines";2026/1/2;discovery;left=rep, right=customer;x

calls/b.wav;;;;;;;
"""


@pytest.mark.parametrize("name", ["calls.csv", "manifest.csv"])
def test_csv_manifest(tmp_path: Path, name: str) -> None:
    manifest = put(tmp_path / name, CSV)
    first, second = sidecars.read_manifest(manifest)
    assert (first.path, first.setup.info.id, first.setup.info.date) == (tmp_path / "a.wav", "c1", "2026-01-02")
    assert first.setup.info.opportunity == "Deal;\ntwo lines"
    assert dict(first.setup.channels) == {"left": "rep", "right": "customer"}
    assert second.path == tmp_path / "calls" / "b.wav"
    assert second.setup.info == CallInfo("")
    assert sidecars.find(tmp_path / "a.wav") == first.setup
    assert sidecars.find(tmp_path / "c.wav") is None


@pytest.mark.parametrize("above", ["sep=;\r\n", "\r\n", ";;\n\nSEP=;\n"])
def test_what_a_spreadsheet_puts_above_the_header(tmp_path: Path, above: str) -> None:
    manifest = put(tmp_path / "calls.csv", above + "file;rep\na.wav;Ann\nb.wav;Bo\n")
    first, second = sidecars.read_manifest(manifest)
    assert (first.setup.info.rep, second.setup.info.rep) == ("Ann", "Bo")
    assert second.number == 3 + above.count("\n")  # as the spreadsheet counts


def test_a_tilde_that_is_nobodys_home_is_part_of_the_name(tmp_path: Path) -> None:
    (row,) = sidecars.read_manifest(put(tmp_path / "calls.csv", "file\n~$notes.docx\n"))
    assert row.path == tmp_path / "~$notes.docx"


def test_json_manifest(tmp_path: Path) -> None:
    manifest = put(tmp_path / "calls.json", [{"path": "a.wav", "rep_channel": 0}, {"recording": "b", "rep": "Ann"}])
    first, second = sidecars.read_manifest(manifest)
    assert first.setup.rep == "left"
    assert sidecars.find(tmp_path / "b.mp3") == second.setup


def test_a_sidecar_goes_before_a_manifest(tmp_path: Path) -> None:
    put(tmp_path / "calls.csv", "file,rep\na.wav,Ann\n")
    put(tmp_path / "a.json", {"rep": "Bob"})
    setup = sidecars.find(tmp_path / "a.wav")
    assert setup is not None
    assert setup.info.rep == "Bob"


def test_somebody_elses_manifest_json(tmp_path: Path) -> None:
    put(tmp_path / "manifest.json", {"name": "a web app"})
    assert sidecars.find(tmp_path / "a.wav") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "file,date\na.wav,2026-01-02\nb.wav,03/04/2026\n",
            "calls.csv row 3: the date has to be written as 2026-01-31.",
        ),
        ("name,date\na.wav,2026-01-02\n", "calls.csv has no column named file, path or recording."),
        ("file,rep\na.wav,x\n,y\n", "calls.csv row 3 names no file."),
        ("file,rep\na.wav,x\na.wav,y\n", "calls.csv row 3 names the same file as row 2."),
        ("file,rep_channel\na.wav,middle\n", "calls.csv row 2: rep_channel has to be left or right."),
        (
            "file,channels\na.wav,left=boss\n",
            "calls.csv row 2: channels has to say rep, customer or other for left and right.",
        ),
    ],
)
def test_manifest_errors(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(MetadataError) as caught:
        sidecars.read_manifest(put(tmp_path / "calls.csv", text))
    assert str(caught.value) == sentence


def test_a_bad_row_harms_only_its_own_call(tmp_path: Path) -> None:
    put(tmp_path / "calls.csv", "file,date\na.wav,2026-01-02\nb.wav,soon\n")
    assert sidecars.find(tmp_path / "a.wav") is not None
    with pytest.raises(MetadataError, match=r"^calls\.csv row 3: "):
        sidecars.find(tmp_path / "b.wav")


def test_broken_files(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="does not exist"):
        sidecars.read_manifest(tmp_path / "calls.csv")
    with pytest.raises(MetadataError, match="not well-formed JSON"):
        sidecars.read_manifest(put(tmp_path / "m.json", "{"))
    put(tmp_path / "a.wav.meta.json", "[]")
    with pytest.raises(MetadataError, match="not a JSON object"):
        sidecars.find(tmp_path / "a.wav")
    put(tmp_path / "b.json", {"rep": {"name": "x"}})
    with pytest.raises(MetadataError, match=r"^b\.json: rep has to be text\.$"):
        sidecars.find(tmp_path / "b.wav")


@pytest.mark.parametrize(
    "setup",
    [
        CallSetup(CallInfo("x"), "A"),
        CallSetup(CallInfo("x"), "ann lee"),
        CallSetup(CallInfo("x"), "left"),
        CallSetup(CallInfo("x", rep="Ann Lee")),
        CallSetup(CallInfo("x"), channels={"left": "rep", "right": "customer"}),
    ],
)
def test_apply_roles(setup: CallSetup) -> None:
    assert roles(sidecars.apply(call(), setup)) == REP_FIRST


def test_apply_keeps_what_is_not_said() -> None:
    before = call().with_info(CallInfo("stem", rep="Ann", customer="Acme"))
    after = sidecars.apply(before, CallSetup(CallInfo("c9", customer="Other")))
    assert after.info == CallInfo("c9", rep="Ann", customer="Other")
    assert roles(after) == [(Role.UNKNOWN, "none")] * 2


def test_a_call_keeps_its_own_id_unless_another_is_given(tmp_path: Path) -> None:
    own = call().with_info(CallInfo("deal-77"))
    for known, wanted in (({"rep": "Ann"}, "deal-77"), ({"rep": "Ann", "call_id": "c9"}, "c9")):
        put(tmp_path / "export.json.meta.json", known)
        setup = sidecars.find(tmp_path / "export.json")
        assert setup is not None
        assert sidecars.apply(own, setup).info == CallInfo(wanted, rep="Ann")


def test_apply_on_one_channel_says_what_it_could_not_do() -> None:
    mono = call(channels=(None, None))
    after = sidecars.apply(mono, CallSetup(CallInfo("x"), "left"))
    assert roles(after) == [(Role.UNKNOWN, "none")] * 2
    assert len(after.provenance.notes) == 1
    named = sidecars.apply(mono, CallSetup(CallInfo("x", rep="Ann Lee"), channels={"left": "rep"}))
    assert roles(named) == REP_FIRST
