"""Training data: every source read into dialogues of words with labels. Shared data is read where it lies
(../shared/data) and never copied.
"""

from __future__ import annotations

import json
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
import markup  # noqa: E402

from listening.language._windows import MAX_WORDS  # noqa: E402

WRITTEN_HELD_BACK = (
    "helping_03", "sales_02", "varied_03", "hard_06", "talk_06", "barriers_09", "pushes_09", "calls_04", "sales_10",
)  # fmt: skip
#: Meant to be held back, but part of one run had read them: neither trained on nor measured.
SET_ASIDE = ("barriers_06", "pushes_06")
SHARED = HERE.parents[2] / "shared" / "data"
LABELS = {
    "qo": "question.open", "qc": "question.closed", "qt": "question.tag", "qr": "question.rhetorical",
    "qb": "question.backchannel", "rs": "restatement", "p": "next_step.push", "m": "next_step.mutual",
    "bb": "barrier.budget", "bp": "barrier.political", "bt": "barrier.timing", "bo": "barrier.other",
    "kp": "cue.problem", "kh": "cue.hope", "kf": "cue.feeling", "bc": "backchannel",
}  # fmt: skip
TAGS = list(LABELS)
N = len(TAGS)
FOLLOW, CLOSE = N, N + 1  # token labels beyond the tags
ASKS, REQUEST = N, N + 1  # utterance labels beyond the tags
UTTERANCE_LABELS = [*LABELS.values(), "asks", "request"]
REP_ONLY, CUSTOMER_ONLY = {5, 6}, {8, 9, 10, 11, 12, 13, 14}
QUESTIONS = range(5)
P4G_PUSH = {"proposition-of-donation", "ask-donation-amount", "ask-donate-more", "confirm-donation"}


@dataclass
class Utt:
    """Words with, for each, the set of labels it carries (bits) and the labels that start at it (bits).

    `known`: labels (bits) for which the words are labelled. `fixed`: utterance label -> 0/1, or None for "not known",
    over what the words say. `uids`/`of` tie a restatement to what it restates through merging and splitting.
    """

    side: int
    words: list[str]
    bits: list[int]
    starts: list[int]
    known: int = 0
    fixed: dict[int, float | None] = field(default_factory=dict)
    uids: frozenset[int] = frozenset()
    of: frozenset[int] = frozenset()
    uptake: float | None = None
    raw: str = ""

    def targets(self) -> list[float | None]:
        any_bits = 0
        for b in self.bits:
            any_bits |= b
        out: list[float | None] = []
        for k in range(N):
            applies = not ((k in REP_ONLY and self.side == 0) or (k in CUSTOMER_ONLY and self.side == 1))
            if k in self.fixed:
                out.append(self.fixed[k])
            elif self.known >> k & 1 and applies:
                out.append(float(any_bits >> k & 1))
            else:
                out.append(None)
        if ASKS in self.fixed:
            out.append(self.fixed[ASKS])
        elif self.known & 3 == 3:
            out.append(1.0 if any_bits & 3 else None if any_bits & 28 else 0.0)
        else:
            out.append(None)
        out.append(self.fixed.get(REQUEST))
        return out


@dataclass
class Talk:
    source: str
    id: str
    setting: str
    utts: list[Utt]


def bitset(tags: str) -> int:
    return sum(1 << TAGS.index(t) for t in tags.split())


EVERY = (1 << N) - 1
BARRIERS = bitset("bb bp bt bo")
ATTRIBUTES = 1 << FOLLOW | 1 << CLOSE


def _utt(side: int, text: str, spans: list[tuple[str, int, int, tuple[int, ...]]], uid: int, known: int) -> Utt:
    found = [(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    bits, starts = [0] * len(found), [0] * len(found)
    of: set[int] = set()
    for tag, a, b, back in spans:
        base = tag.rstrip("+$")
        bit = 1 << TAGS.index(base)
        extra = ("+" in tag) << FOLLOW | ("$" in tag) << CLOSE
        inside = [i for i, (_, s, e) in enumerate(found) if min(e, b) - max(s, a) > 0.4 * (e - s)]
        if not inside:  # a span inside one word
            inside = [i for i, (_, s, e) in enumerate(found) if s < b and e > a][:1]
        for i in inside:
            bits[i] |= bit | extra
        if inside:
            starts[inside[0]] |= bit
        of.update(back)
    return Utt(side, [w for w, _, _ in found], bits, starts, known, {}, frozenset([uid]), frozenset(of), None, text)


def written() -> list[Talk]:
    talks = []
    for path in sorted((HERE / "written").glob("*.txt")):
        try:
            dialogues = markup.read(path)
        except ValueError as problem:
            print("left out:", problem, file=sys.stderr)
            continue
        for d in dialogues:
            talks.append(_from_markup(d, f"written/{path.stem}"))
    return talks


def gold() -> list[Talk]:
    return [_from_markup(d, "gold") for d in markup.read(HERE / "gold" / "sales_gold.txt")]


def _from_markup(d: markup.Dialogue, source: str) -> Talk:
    known = BARRIERS if source.startswith("written/reasons") else EVERY | ATTRIBUTES
    utts = [
        _utt(u.speaker == "R", u.text, [(s.tag, s.start, s.end, s.of) for s in u.spans], i, known)
        for i, u in enumerate(d.utterances)
    ]
    return Talk(source, d.id, d.setting, utts)


def read_jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _labels(name: str) -> tuple[dict, dict]:
    by: dict = {}
    header: dict = {}
    path = HERE / "labels" / f"{name}.jsonl"
    for row in read_jsonl(path) if path.exists() else []:
        if "tag" not in row:
            header.update(row)
            continue
        by.setdefault((row.get("id"), row["index"]), []).append(
            (row["tag"], row["start"], row["end"], tuple(row.get("of", ())))
        )
    return by, header


def primock(shared: Path = SHARED) -> list[Talk]:
    by, _ = _labels("primock57")
    known = bitset("qo qc qt qr qb rs p m bc") | 1 << FOLLOW
    talks = []
    for d in read_jsonl(shared / "primock57.jsonl"):
        order = d["utterances"]
        utts = [
            _utt(u["speaker"] == "doctor", u["text"], by.get((d["id"], i), []), i, known) for i, u in enumerate(order)
        ]
        talks.append(Talk("primock57", d["id"], "doctor", utts))
    return talks


def p4g(shared: Path = SHARED) -> list[Talk]:
    by, header = _labels("persuasion_for_good")
    hand = set(header.get("labelled_ids", ()))
    known = bitset("qo qc qt qr qb rs p m bb bt bp bo bc")
    talks = []
    for d in read_jsonl(shared / "persuasion_for_good.jsonl"):
        utts = []
        for i, u in enumerate(d["utterances"]):
            side = int(u["speaker"] == "persuader")
            labels = set(u["labels"])
            spans = by.get((d["id"], i), [])
            utt = _utt(side, u["text"], spans, i, known if d["id"] in hand else 0)
            inquiry = any(x.endswith("-inquiry") and "-to-" not in x for x in labels)
            asking = inquiry or any(x.startswith("ask-") for x in labels)
            if side:
                own, ours = bool(labels & P4G_PUSH), any(s[0] == "p" for s in spans)
                unclear = (ours or "foot-in-the-door" in labels) and not own
                utt.fixed[6] = 1.0 if own else None if unclear else 0.0
            if d["id"] not in hand:
                utt.fixed[ASKS] = 1.0 if asking or "?" in u["text"] else 0.0
            utts.append(utt)
        talk = Talk("p4g", d["id"], "persuasion", utts)
        talks.append(talk)
    return talks


def uptake(shared: Path = SHARED) -> list[Talk]:
    by, header = _labels("uptake")
    ranges = header.get("labelled", [])
    rows = read_jsonl(shared / "uptake.jsonl")
    order = sorted(range(len(rows)), key=lambda i: rows[i]["uptake_z"])
    rank = {}
    for place, i in enumerate(order):
        rank[rows[i]["uptake_z"]] = (place + 0.5) / len(rows)
    known = bitset("qo qc qt qr qb rs p bc")
    talks = []
    for i, row in enumerate(rows):
        hand = any(a <= i <= b for a, b in ranges)
        spans = [(t, a, b, back or (0,)) for t, a, b, back in by.get((None, i), [])] if hand else []
        student = _utt(0, row["student"], [], 0, 0)
        teacher = _utt(1, row["teacher"], spans, 1, known if hand else 0)
        teacher.uptake = rank[row["uptake_z"]]
        talks.append(Talk("uptake", str(i), "classroom", [student, teacher]))
    return talks


def email(shared: Path = SHARED) -> list[Talk]:
    talks = []
    for i, row in enumerate(read_jsonl(shared / "email_intent.jsonl")):
        utt = _utt(1, " ".join(row["text"].split()[:MAX_WORDS]), [], 0, 0)
        value = float(row["request_or_propose"])
        utt.fixed.update({REQUEST: value, 6: value})
        talks.append(Talk(f"email-{row['split']}", str(i), "email", [utt]))
    return talks


def casino(shared: Path = SHARED) -> list[Talk]:
    talks = []
    for i, d in enumerate(read_jsonl(shared / "casino.jsonl")):
        if not any(u["labels"] for u in d["utterances"]):
            continue
        utts = []
        for k, u in enumerate(d["utterances"]):
            utt = _utt(int(u["speaker"] == "mturk_agent_1"), u["text"], [], k, 0)
            utt.fixed[ASKS] = 1.0 if "elicit-pref" in u["labels"] or "?" in u["text"] else 0.0
            utts.append(utt)
        talks.append(Talk(f"casino-{d['split']}", str(i), "negotiation", utts))
    return talks


# ---------------------------------------------------------------- splits


def held_back(talks: list[Talk], splits: dict) -> tuple[list[Talk], list[Talk]]:
    """(train, held back) by the written-down splits."""
    train, held = [], []
    for t in talks:
        if t.source in splits["set_aside"]:
            continue
        out = (
            t.source in splits["written_files"]
            or t.id in splits["primock57"]
            or t.id in splits["p4g"]
            or (t.source == "uptake" and int(t.id) in splits["_uptake"])
            or t.source in ("email-test", "casino-test", "casino-valid")
        )
        (held if out else train).append(t)
    return train, held


def splits() -> dict:
    """Reads splits.json. Lists of ids; uptake: every fifth pair (index % 5 == 2)."""
    data = json.loads((HERE / "splits.json").read_text())
    data["_uptake"] = set(data["uptake"])
    return data


def make_splits() -> dict:
    """The rule by which splits.json was made (20 %, by dialogue, seed 7)."""
    rng = random.Random(7)

    def fifth(ids: list[str]) -> list[str]:
        ids = sorted(ids)
        rng.shuffle(ids)
        return sorted(ids[: len(ids) // 5])

    _, header = _labels("persuasion_for_good")
    hand = header["labelled_ids"]
    rest = [t.id for t in p4g() if t.id not in set(hand)]
    return {
        "written_files": [f"written/{n}" for n in WRITTEN_HELD_BACK],
        "set_aside": [f"written/{n}" for n in SET_ASIDE],
        "primock57": fifth([t.id for t in primock()]),
        "p4g": fifth(hand) + fifth(rest),
        "uptake": [i for i in range(1397) if i % 5 == 2],
    }


if __name__ == "__main__":
    if "--splits" in sys.argv:
        (HERE / "splits.json").write_text(json.dumps(make_splits(), indent=1) + "\n")
    s = splits()
    for name, talks in (("written", written()), ("primock", primock()), ("p4g", p4g()), ("uptake", uptake()),
                        ("email", email()), ("casino", casino())):  # fmt: skip
        train, held = held_back(talks, s)
        print(name, len(train), len(held), sum(len(u.words) for t in train for u in t.utts), "training words")
