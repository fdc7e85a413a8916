"""Make the sample calls: `python sample_calls/make.py [STEM…]` speaks the scripts and writes, beside this file,

    <stem>.ogg          the call: telephone band, 8 kHz, opus
    <stem>.truth.json   its exact truth: words, speech, labels, response pauses, interruptions, backchannels
    truth.jsonl         the labels of all calls, one object an utterance, for `listening eval`
    calls.csv           the manifest

Needs the voices (`pip install -r sample_calls/requirements.txt`); listening itself never does.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import voices
from scipy.signal import butter, resample_poly, sosfilt
from script import Line, Script, read_all

HERE = Path(__file__).parent
RATE = voices.RATE
PHONE_RATE = 8000
LEAD_MS, TAIL_MS = 600, 900  # silence before the first and after the last word
SPLIT_MS = 200  # a silence this long within a line parts two stretches of speech
EARLY_MS = 200  # an overlap of at least this much is an interruption
REACTION_MS = 200  # nobody reacts to a silence sooner than this (Levinson & Torreira 2015)
BIT_RATE = 16_000  # a channel
#: Loudness of the two sides and of the line's noise, dB: no two calls are set up alike.
LEVELS = ((0.0, -5.0, -62.0), (-3.0, 0.0, -58.0), (-2.0, -7.0, -64.0), (0.0, 2.0, -60.0))


@dataclass(frozen=True)
class Placed:
    """A line in the call (ms); `speech` holds its stretches; `over` is the line that had the floor, None at first."""

    line: Line
    start: int
    end: int
    speech: tuple[tuple[int, int], ...]
    over: int | None


def place(script: Script) -> tuple[list[Placed], list[npt.NDArray[np.float32]]]:
    """Speak every line and decide when it starts."""
    voices.begin()
    placed: list[Placed] = []
    sounds = []
    floor: int | None = None
    for line in script.lines:
        sound = voices.say(script.about[line.role], line.text)
        spans = _joined(voices.loud(sound))
        if floor is None:
            start = LEAD_MS
        elif line.inside is not None:
            start = placed[floor].start + round(line.inside * (placed[floor].end - placed[floor].start))
        else:
            start = placed[floor].end + round(line.gap_s * 1000)
        start -= spans[0][0]
        speech = tuple((start + a, start + b) for a, b in spans)
        own = [p.end for p in placed if p.line.role == line.role]
        if own and speech[0][0] < max(own):
            raise ValueError(f"{script.stem}: line {len(placed)} starts before its speaker has ended")
        placed.append(Placed(line, speech[0][0], speech[-1][1], speech, floor))
        sounds.append(sound[spans[0][0] * RATE // 1000 : spans[-1][1] * RATE // 1000])
        if line.inside is None:
            floor = len(placed) - 1
    return placed, sounds


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out = [spans[0]]
    for start, end in spans[1:]:
        if start - out[-1][1] < SPLIT_MS:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def mix(script: Script, placed: list[Placed], sounds: list[npt.NDArray[np.float32]], number: int) -> npt.NDArray[Any]:
    """The call as a telephone line gives it: int16 (channels, n) at 8 kHz."""
    length = (max(p.end for p in placed) + TAIL_MS) * RATE // 1000
    channels = script.channels
    out = np.zeros((max(channels.values()) + 1, length), np.float32)
    rep_db, customer_db, noise_db = LEVELS[number % len(LEVELS)]
    for p, sound in zip(placed, sounds, strict=True):
        gain = 10 ** ((rep_db if p.line.role == "rep" else customer_db) / 20)
        at = p.start * RATE // 1000
        out[channels[p.line.role], at : at + len(sound)] += gain * sound
    out = np.asarray(resample_poly(out, PHONE_RATE, RATE, axis=1), np.float32)
    noise = np.random.default_rng(number).standard_normal(out.shape)
    noise = sosfilt(butter(2, voices.BAND_HZ, "bandpass", fs=PHONE_RATE, output="sos"), noise)
    out += noise * (10 ** (noise_db / 20) / np.std(noise))
    peak = float(np.abs(out).max())
    return np.asarray(np.round(out * (0.9 / peak if peak > 0.9 else 1.0) * 32767), np.int16)


def encode(samples: npt.NDArray[Any], path: Path) -> None:
    """Opus in Ogg, the channels coded apart (mapping family 255), the same bytes every time."""
    channels = len(samples)
    options = {"fflags": "bitexact"}
    with av.open(str(path), "w", options=options) as container:
        codec = {"mapping_family": "255", "application": "voip"} if channels > 1 else {"application": "voip"}
        stream = container.add_stream("libopus", rate=PHONE_RATE, options=codec)
        stream.codec_context.layout = "stereo" if channels > 1 else "mono"
        stream.codec_context.bit_rate = BIT_RATE * channels
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T.reshape(1, -1)), "s16", "stereo" if channels > 1 else "mono"
        )
        frame.sample_rate = PHONE_RATE
        frame.time_base = Fraction(1, PHONE_RATE)
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def truth(script: Script, placed: list[Placed], duration_ms: int) -> dict[str, Any]:
    """All that is known about the call; times in ms, indices of utterances in the order of the script."""
    speech: dict[str, list[tuple[int, int]]] = {"rep": [], "customer": []}
    for p in placed:
        speech[p.line.role] += p.speech
    talk = {role: sum(b - a for a, b in spans) for role, spans in speech.items()}
    pauses, interruptions = [], []
    for i, p in enumerate(placed):
        before = placed[p.over] if p.over is not None else None
        if before is None or before.line.role == p.line.role or p.line.inside is not None or p.line.is_backchannel:
            continue
        silent_ms = p.start - max(min(end, p.start) for start, end in before.speech if start < p.start)
        if silent_ms < REACTION_MS and before.end - p.start >= EARLY_MS and p.end > before.end:
            interruptions.append({"utterance": i, "of": p.over, "role": p.line.role, "early_ms": before.end - p.start})
        elif p.line.role == "rep":
            pauses.append({"utterance": i, "of": p.over, "ms": max(0, p.start - before.end)})
    return {
        "call": script.stem,
        "synthetic": True,
        **{key: script.about[key] for key in ("rep", "customer", "opportunity", "date", "call_type")},
        "channels": script.channels,
        "duration_ms": duration_ms,
        "talk_share": round(talk["rep"] / sum(talk.values()), 4),
        "utterances": [_utterance(script, i, p) for i, p in enumerate(placed)],
        "speech": {role: sorted(spans) for role, spans in speech.items()},
        "response_pauses": pauses,
        "interruptions": interruptions,
        "backchannels": [i for i, p in enumerate(placed) if p.line.is_backchannel],
    }


def _utterance(script: Script, index: int, p: Placed) -> dict[str, Any]:
    labels = []
    for label in p.line.labels:
        data = asdict(label)
        labels.append({"label": data.pop("name"), **data})
    return {
        "index": index,
        "speaker": script.about[p.line.role],
        "role": p.line.role,
        "start": p.start,
        "end": p.end,
        "text": p.line.text,
        "labels": labels,
    }


def gold(call: dict[str, Any]) -> list[dict[str, Any]]:
    """The shape of `listening annotate`."""
    rows = []
    for u in call["utterances"]:
        times = {"start_s": u["start"] / 1000, "end_s": u["end"] / 1000}
        rows.append({"call": call["call"], "index": u["index"], "speaker": u["speaker"], "role": u["role"]})
        rows[-1] |= {**times, "text": u["text"], "labels": u["labels"]}
    return rows


def main(stems: list[str]) -> None:
    scripts = read_all()
    for number, script in enumerate(scripts):
        if stems and script.stem not in stems:
            continue
        placed, sounds = place(script)
        samples = mix(script, placed, sounds, number)
        encode(samples, HERE / f"{script.stem}.ogg")
        known = truth(script, placed, samples.shape[1] * 1000 // PHONE_RATE)
        _write(HERE / f"{script.stem}.truth.json", _compact(known) + "\n")
        print(f"{script.stem}: {known['duration_ms'] / 1000:.0f} s, rep speaks {known['talk_share']:.0%}")
    calls = [json.loads((HERE / f"{s.stem}.truth.json").read_text("utf-8")) for s in scripts]
    _write(HERE / "truth.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for c in calls for row in gold(c)))
    with (HERE / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        columns = ("rep", "customer", "opportunity", "date", "call_type")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", "call_id", *columns, "rep_channel"))
        for s in scripts:
            sides = "" if s.about["layout"] == "mono" else ("left", "right")[s.channels["rep"]]
            table.writerow((f"{s.stem}.ogg", s.stem, *(s.about[c] for c in columns), sides))


def _compact(known: dict[str, Any]) -> str:
    """JSON with one line for every utterance and list, so that a change shows as what it is."""
    body = []
    for key, value in known.items():
        if key in ("utterances", "response_pauses", "interruptions"):
            rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in value)
            body.append(f'  "{key}": [\n{rows}\n  ]' if value else f'  "{key}": []')
        else:
            body.append(f'  "{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(body) + "\n}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
