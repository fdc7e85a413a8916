"""What people say against the machine, on the pages: corrections, undo, comments, own scores, agreement."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import web_calls
from web_room import Client, Room


def finding(client: Client, call: int, label: str) -> tuple[int, dict[str, Any]]:
    found = client.get(f"/calls/{call}.json").json()["findings"]
    return next((i, f) for i, f in enumerate(found) if f["label"] == label)


def shown(client: Client, call: int, label: str) -> dict[str, Any]:
    """What the page's form would send of the first finding of a label."""
    text = client.get(f"/calls/{call}").text
    chip = re.search(rf'data-f="(\d+)" data-which="([^"]+)" data-label="{re.escape(label)}"', text)
    assert chip is not None
    return {"finding": chip[1], "which": chip[2], "was": label}


def test_a_form_of_an_older_page_touches_no_other_finding(open_room: Room) -> None:
    client, store, keys = open_room
    where = f"/calls/{keys[0]}"
    before = store.call(keys[0]).heard.scorecard.findings
    fields = shown(client, keys[0], "question.open")
    place = int(fields["finding"])
    client.form(f"{where}/corrections", kind="delete", **fields)
    left = store.call(keys[0]).heard.scorecard.findings
    assert left == before[:place] + before[place + 1 :]
    later = next(i for i, f in enumerate(left) if f.label == "question.open")  # another finding of that label
    for stale in (fields, {**fields, "finding": later}, {"finding": later, "was": "question.open"}):
        for kind in ("delete", "relabel", "confirm"):
            answer: Any = client.form(f"{where}/corrections", kind=kind, label="restatement", **stale)
            assert answer.status_code == 400, (kind, stale)
            assert "older than the call" in answer.text
    assert store.call(keys[0]).heard.scorecard.findings == left
    assert len(store.corrections(keys[0])) == 1


def test_of_two_findings_on_the_same_words_the_one_that_was_meant_is_deleted(open_room: Room) -> None:
    """Their characters overlap, so that either would do as far as the label and the line go."""
    client, store, keys = open_room
    where = f"/calls/{keys[0]}"
    for start, end in ((0, 12), (3, 20)):
        client.form(f"{where}/corrections", kind="add", utterance=10, start=start, end=end, label="barrier.timing")
    text = client.get(where).text
    place, which = re.findall(r'data-f="(\d+)" data-which="(10:3-20@[^"]+)" data-label="barrier.timing"', text)[0]
    client.form(f"{where}/corrections", kind="delete", finding=place, which=which, was="barrier.timing")
    left = [f for f in store.call(keys[0]).heard.scorecard.findings if (f.label, f.utterance) == ("barrier.timing", 10)]
    assert [(f.start_char, f.end_char) for f in left] == [(0, 12)]


def test_a_persons_say_changes_the_measures_and_undo_brings_them_back(open_room: Room) -> None:
    client, store, keys = open_room
    call, where = keys[0], f"/calls/{keys[0]}"
    before = client.get(f"{where}.json").json()
    index, _ = finding(client, call, "question.closed")
    fields = shown(client, call, "question.closed")
    assert int(fields["finding"]) == index
    client.form(f"{where}/corrections", kind="relabel", label="question.open", **fields)
    after = client.get(f"{where}.json").json()
    assert after["measures"]["open_question_share"]["value"] > before["measures"]["open_question_share"]["value"]
    assert after["findings"][index]["origin"] == "person"
    assert after["corrections"][0]["machine_label"] == "question.closed"
    assert after["corrections"][0]["who"] == "you"
    assert store.call(call).row.measures["open_question_share"] == after["measures"]["open_question_share"]["value"]
    (row,) = [r for line in client.get("/corrections.jsonl").text.splitlines() if "labels" in (r := json.loads(line))]
    assert "question.open" in {label["label"] for label in row["labels"]} - set(row["machine_labels"])
    client.form(f"{where}/undo")
    undone = client.get(f"{where}.json").json()
    assert undone["measures"] == before["measures"]
    assert undone["corrections"][0]["undone_by"] == "you"
    text = client.get(where).text
    assert "machine said Closed question" in text


def test_labels_are_added_and_deleted(open_room: Room) -> None:
    client, _, keys = open_room
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/corrections", kind="add", utterance=10, start=0, end=5, label="restatement")
    assert len(client.get(f"{where}.json").json()["findings"]) == len(web_calls.heard().scorecard.findings) + 1
    client.form(f"{where}/corrections", kind="delete", **shown(client, keys[0], "next_step.push"))
    assert client.get(f"{where}.json").json()["measures"]["pushes_per_hour"]["value"] == 0


def test_mended_words_are_not_undone_from_under_what_was_said_about_them_later(open_room: Room) -> None:
    client, store, keys = open_room
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/corrections", kind="fix_word", utterance=10, start=0, end=5, text="A longer beginning")
    client.form(f"{where}/corrections", kind="add", utterance=10, start=19, end=28, label="barrier.timing")
    first, second = (k.id for k in store.call(keys[0]).corrections)
    refused = client.form(f"{where}/undo", correction=first)
    assert refused.status_code == 400  # type: ignore[attr-defined]
    assert "Undo first" in refused.text  # type: ignore[attr-defined]
    for correction in (second, first):
        client.form(f"{where}/undo", correction=correction)
    assert all(k.undone_at for k in store.call(keys[0]).corrections)


@pytest.mark.parametrize("kind", ["relabel", "delete", "confirm"])
@pytest.mark.parametrize("first", ["relabel", "add"])
def test_a_label_is_not_undone_from_under_what_was_said_about_it_later(open_room: Room, first: str, kind: str) -> None:
    client, store, keys = open_room
    where = f"/calls/{keys[0]}"
    if first == "add":
        client.form(f"{where}/corrections", kind="add", utterance=10, start=6, end=15, label="barrier.timing")
        client.form(f"{where}/corrections", kind="fix_word", utterance=10, start=0, end=4, text="Alright")
    else:
        fields = shown(client, keys[0], "question.closed")
        client.form(f"{where}/corrections", kind="relabel", label="barrier.timing", **fields)
        client.form(f"{where}/corrections", kind="set_customer", text="Northwind")
    other = shown(client, keys[0], "question.open")
    client.form(f"{where}/corrections", kind="delete", **other)
    client.form(f"{where}/corrections", kind=kind, label="restatement", **shown(client, keys[0], "barrier.timing"))
    made, _, apart, last = (k.id for k in store.call(keys[0]).corrections)
    before = store.call(keys[0]).heard.scorecard.findings
    refused: Any = client.form(f"{where}/undo", correction=made)
    assert refused.status_code == 400
    assert "Undo first" in refused.text
    assert store.call(keys[0]).heard.scorecard.findings == before
    for correction in (apart, last, made):
        answer: Any = client.form(f"{where}/undo", correction=correction)
        assert answer.status_code == 200


def test_people_and_machine_are_compared_where_somebody_went_through_the_call(open_room: Room) -> None:
    client, _, keys = open_room
    assert "Nobody has judged a label yet" in client.get("/agreement").text
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/corrections", kind="confirm", **shown(client, keys[0], "question.closed"))
    assert "confirmed</small>" in client.get(where).text
    text = client.get("/agreement").text
    assert "0 calls gone through, 1 corrected in passing" in text
    assert "In calls gone through" not in text
    client.form(f"{where}/corrections", kind="delete", **shown(client, keys[0], "next_step.push"))
    client.form(f"{where}/corrections", kind="review")
    assert "Gone through</b> by <bdi>you" in client.get(where).text
    rows = {r["label"]: r for r in client.get("/agreement.json").json()["rows"]}
    assert rows["next_step.push"]["right"] < 1 == rows["restatement"]["right"]
    assert "people say it is nothing" in client.get("/agreement").text
    assert client.get("/agreement.csv").text.startswith("label,right,low,high,confirmed")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "relabel", "finding": 9999, "was": "x", "label": "restatement"},
        {"kind": "relabel", "finding": 0, "was": "something else", "label": "restatement"},
        {"kind": "add", "utterance": 0, "start": 3, "end": 99999, "label": "restatement"},
        {"kind": "add", "utterance": 0, "start": 0, "end": 3, "label": "made.up"},
        {"kind": "nonsense"},
        {"kind": "set_rep", "speaker": "nobody"},
    ],
)
def test_a_correction_that_does_not_fit_is_refused_with_a_sentence(open_room: Room, fields: dict[str, Any]) -> None:
    client, store, keys = open_room
    answer: Any = client.form(f"/calls/{keys[0]}/corrections", **fields)
    assert answer.status_code == 400
    assert 'class="problem"' in answer.text
    assert not store.corrections(keys[0])


def test_comments_and_own_scores(open_room: Room) -> None:
    client, _, keys = open_room
    where = f"/calls/{keys[0]}"
    client.form(f"{where}/comments", text="<b>well</b> done", at_s="12.5")
    assert "&lt;b&gt;well&lt;/b&gt; done" in client.get(where).text


def test_the_machines_score_is_hidden_until_one_has_scored_oneself(open_room: Room) -> None:
    client, _, keys = open_room
    client.cookies.set("listening_self", "1")
    where = f"/calls/{keys[1]}"
    text = client.get(where).text
    assert "Listening index</p>" not in text
    assert not re.search(r"<mark|chip k-|Open question", text)
    assert "score it yourself first" in client.get("/calls").text
    client.form(f"{where}/self", on=where, listening_index=60, curious=70, note="hard call")
    text = client.get(where).text
    assert "By hand and by machine" in text
    assert "hard call" in text
    answer: Any = client.form(f"{where}/self", on=where, listening_index=101)
    assert answer.status_code == 400
