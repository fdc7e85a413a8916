"""Two (or more) voices on one channel told apart: who spoke when, overlaps included.

    speech ──> windows ──> embeddings ──> several spectral clusterings ──> the one that agrees best ──┐
    samples ─> segmentation of 10 s chunks (local voices, overlap) ───────────────────────────────────┴─> refine

Clustering knows voices over the whole call but blurs turns shorter than its windows; segmentation hears a turn change
within 17 ms but only within its 10 s. So each chunk's local voices are mapped to the call's speakers by the evidence
of the embeddings, both are added, the windows are relabelled from the sum, and this repeats until nothing changes.
A chunk's local voice that mixes two speakers by the embeddings' account counts for little. A second speaker is added
where segmentation hears more than one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listening.progress import Progress, silent
from listening.speakers.clustering import NEIGHBOURS, Labels, spectral
from listening.speakers.embedding import embed, windows
from listening.speakers.segmentation import FRAME_MS, LOCAL, Chunk, frame_count, segment
from listening.transcript import Span, Speech

Array = NDArray[np.float64]

MOST_CLUSTERED = 1200  # windows (15 minutes of speech); more are thinned, and all are relabelled later
MOST_SPEAKERS = 8
ROUNDS = 8
# Set by hand on AR49, its remixes and synthetic two-voice calls. An embedding weight of 0.75 gave the same mean error.
EMBEDDING_WEIGHT = 0.5  # of a frame's embedding evidence against a clear local voice of segmentation
EVIDENCE_WEIGHT = 4.0  # of a second of embedding evidence when local voices are mapped
SAME_PENALTY = 3.0  # for a second of two local voices mapped to one speaker
CLAMP = 6.0  # log odds; one window is never surer
OVERLAP = 0.5  # chance of more than one voice from which a second speaker is added
SMOOTH_FRAMES = 15
SHORTEST_OVERLAP_MS = 60
# One voice cut in two: the halves are alike, and segmentation never heard a second voice. Measured: a channel of AR49
# by itself 0.89 and 0.2 % (the other channel, with bleed, 0.85 and 4.6 %: not recognised); two voices 0.26-0.87 and 4-20 %.
ONE_VOICE_COSINE = 0.85
ONE_VOICE_SECOND = 0.01


def diarize(
    samples: NDArray[Any], speech: tuple[Span, ...], speakers: int = 2, progress: Progress = silent
) -> tuple[Speech, ...]:
    """Who speaks in each stretch of speech. `samples`: mono, 16 kHz, float32 in -1..1 (or int16).

    Speaker ids are "A", "B", … in the order in which they are first heard; there are at most `speakers` of them, fewer
    when there is too little speech, and one where two were expected and everything points to a single voice. Result in
    order of start; stretches of different speakers may overlap; times lie within `speech`. Raises ValueError for a
    number of speakers outside 1..8, ModelError or EngineError when a network cannot be had.
    """
    if not 1 <= speakers <= MOST_SPEAKERS:
        raise ValueError(f"speakers must be between 1 and {MOST_SPEAKERS}")
    length = len(samples) * 1000 // 16_000
    speech = _within(speech, length)
    if speakers == 1 or len(speech) == 0:
        return tuple(Speech("A", span.start, span.end) for span in speech)
    spans = windows(speech)
    voices = embed(samples, spans, progress)
    chunks = segment(samples, progress)
    call = _Call(spans, voices, chunks, frame_count(len(samples)), min(speakers, len(spans)))
    if call.speakers == 1 or (speakers == 2 and call.is_one_voice()):
        return tuple(Speech("A", span.start, span.end) for span in speech)
    score, several = call.decide()
    return _named(_stretches(speech, score, several))


def _within(speech: Sequence[Span], length: int) -> tuple[Span, ...]:
    inside = (span & Span(0, length) for span in speech)
    return tuple(sorted((span for span in inside if span), key=lambda span: span.start))


@dataclass(frozen=True, slots=True)
class _Call:
    """What is known of a call: windows and their embeddings, chunks, frames of 10 ms, speakers sought."""

    spans: tuple[Span, ...]
    voices: NDArray[np.float32]
    chunks: tuple[Chunk, ...]
    frames: int
    speakers: int

    def decide(self) -> tuple[Array, Array]:
        """(frames, speakers) scores, and (frames,) chance of more than one voice."""
        labels = self.best_start()
        score, several = self.fuse(labels)
        for _ in range(ROUNDS):
            again = self.relabel(score)
            if len(np.unique(again)) < self.speakers or (again == labels).all():
                break
            labels = again
            score, several = self.fuse(labels)
        return score, several

    def is_one_voice(self) -> bool:
        """Whether two halves are so alike, and a second voice is so absent from every chunk, that there is only one."""
        heard = np.sort([_alone(chunk).sum(axis=0) for chunk in self.chunks], axis=1)
        if heard[:, -2].sum() >= ONE_VOICE_SECOND * max(float(heard.sum()), 1e-9):
            return False
        labels = self.best_start()
        if len(np.unique(labels)) < 2:
            return True
        first, second = _centres(self.voices, labels, 2)
        return float(first @ second) >= ONE_VOICE_COSINE

    def best_start(self) -> Labels:
        """Of several clusterings the one whose labels change where the chunks' local voices change."""
        thin = np.linspace(0, len(self.voices) - 1, min(len(self.voices), MOST_CLUSTERED)).astype(int)
        best: tuple[float, Labels] | None = None
        for share in NEIGHBOURS:
            labels = spectral(self.voices[thin], self.speakers, share)
            if len(thin) < len(self.voices):
                labels = (self.voices @ _centres(self.voices[thin], labels, self.speakers).T).argmax(axis=1)
            agreement = self.agreement(labels)
            if best is None or agreement > best[0]:
                best = agreement, labels
        assert best is not None
        return best[1]

    def agreement(self, labels: Labels) -> float:
        """0 (labels ignore the local voices) to 1, over all chunks in which two voices are heard alone."""
        evidence, known = self.by_frame(np.eye(self.speakers)[labels])
        agreed = total = 0.0
        for chunk in self.chunks:
            alone = _alone(chunk) * known[chunk.frames, None]
            seconds = alone.sum(axis=0) * FRAME_MS / 1000
            first, second = np.argsort(-seconds, kind="stable")[:2]
            if seconds[second] < 0.4:
                continue
            share = alone.T @ evidence[chunk.frames] * FRAME_MS / 1000 / np.maximum(seconds, 1e-9)[:, None]
            agreed += seconds[second] * np.abs(share[first] - share[second]).sum() / 2
            total += seconds[second]
        return agreed / total if total else 0.0

    def by_frame(self, values: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(windows, k) values spread over (frames, k): each frame from the windows around it, nearest middle most."""
        total = np.zeros((self.frames, values.shape[1]))
        weight = np.zeros(self.frames)
        for span, value in zip(self.spans, values, strict=True):
            first, last = (
                span.start // FRAME_MS,
                min(self.frames, max(span.end // FRAME_MS, span.start // FRAME_MS + 1)),
            )
            middle, half = (span.start + span.end) / 2 / FRAME_MS, max(span.length / 2 / FRAME_MS, 0.5)
            near = np.clip(1 - np.abs(np.arange(first, last) + 0.5 - middle) / half, 0, 1) ** 2 + 1e-3
            total[first:last] += near[:, None] * value
            weight[first:last] += near
        return total / np.maximum(weight, 1e-9)[:, None], weight > 0

    def chances(self, labels: Labels) -> tuple[Array, NDArray[np.bool_]]:
        """Chance of each speaker in every frame by the embeddings alone.

        Linear discriminant on the similarity to each speaker's mean embedding, one variance for all.
        """
        alike = self.voices @ _centres(self.voices, labels, self.speakers).T.astype(np.float64)
        means = np.stack([alike[labels == g].mean(axis=0) for g in range(self.speakers)])
        within = alike - means[labels]
        odds = np.zeros_like(alike)
        for a, b in itertools.combinations(range(self.speakers), 2):
            pair = (labels == a) | (labels == b)
            spread = float(np.mean((within[pair, a] - within[pair, b]) ** 2)) + 1e-3**2
            gap = (means[a, a] - means[a, b]) - (means[b, a] - means[b, b])
            middle = ((means[a, a] - means[a, b]) + (means[b, a] - means[b, b])) / 2
            pairwise = np.clip((alike[:, a] - alike[:, b] - middle) * gap / spread, -CLAMP, CLAMP)
            odds[:, a] += pairwise / self.speakers
            odds[:, b] -= pairwise / self.speakers
        frames, known = self.by_frame(odds)
        chance = np.exp(frames - frames.max(axis=1, keepdims=True))
        return chance / chance.sum(axis=1, keepdims=True), known

    def fuse(self, labels: Labels) -> tuple[Array, Array]:
        """Embedding evidence plus the chunks' local voices, each mapped to a speaker."""
        chance, known = self.chances(labels)
        local = np.zeros((self.frames, self.speakers))
        several, weight = np.zeros(self.frames), np.zeros(self.frames)
        ranked = np.sort(chance, axis=1)
        lead = ranked[:, -1] - ranked[:, -2]
        for chunk in self.chunks:
            at = chunk.frames
            alone = _alone(chunk) * known[at, None]
            evidence = alone.T @ chance[at] * FRAME_MS / 1000
            mapping = _mapping(evidence, chunk.active.sum(axis=0) * FRAME_MS / 1000)
            ordered = np.sort(evidence, axis=1)
            possible = alone.T @ lead[at] * FRAME_MS / 1000
            pure = (ordered[:, -1] - ordered[:, -2]) / np.maximum(possible, 1e-6)
            for voice, speaker in enumerate(mapping):
                local[at, speaker] += chunk.trust * chunk.active[:, voice] * min(1.0, pure[voice])
            several[at] += chunk.trust * chunk.several
            weight[at] += chunk.trust
        weight = np.maximum(weight, 1e-9)
        return local / weight[:, None] + EMBEDDING_WEIGHT * chance, several / weight

    def relabel(self, score: Array) -> Labels:
        """The speaker with the highest score over each window."""
        sums = np.vstack([np.zeros(self.speakers), np.cumsum(score, axis=0)])
        starts = np.array([s.start // FRAME_MS for s in self.spans])
        ends = np.minimum(self.frames, np.maximum(starts + 1, [s.end // FRAME_MS for s in self.spans]))
        return np.asarray((sums[ends] - sums[starts]).argmax(axis=1), np.int64)


def _centres(voices: NDArray[np.float32], labels: Labels, speakers: int) -> NDArray[np.float32]:
    centres = np.stack([voices[labels == g].mean(axis=0) for g in range(speakers)])
    return np.asarray(centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9), np.float32)


def _alone(chunk: Chunk) -> NDArray[np.float32]:
    """How far each local voice is the only one."""
    return np.asarray(np.maximum(0, 2 * chunk.active - chunk.active.sum(axis=1, keepdims=True)))


def _mapping(evidence: Array, seconds: NDArray[np.float32]) -> tuple[int, ...]:
    """The speaker of each local voice: most evidence, different speakers for different voices where possible."""

    def worth(mapping: tuple[int, ...]) -> float:
        found = EVIDENCE_WEIGHT * sum(float(evidence[voice, speaker]) for voice, speaker in enumerate(mapping))
        same = (p for p in itertools.combinations(range(LOCAL), 2) if mapping[p[0]] == mapping[p[1]])
        return found - SAME_PENALTY * sum(float(min(seconds[a], seconds[b])) for a, b in same)

    return max(itertools.product(range(evidence.shape[1]), repeat=LOCAL), key=worth)


def _stretches(speech: Sequence[Span], score: Array, several: Array) -> list[Speech]:
    """Frames to stretches, in each stretch of speech; `speaker` is the column's number."""
    kernel = np.ones(SMOOTH_FRAMES) / SMOOTH_FRAMES
    smooth = np.stack([np.convolve(column, kernel, "same")[: len(score)] for column in score.T], axis=1)
    order = np.argsort(-smooth, axis=1, kind="stable")
    found: list[Speech] = []
    for span in speech:
        first, last = span.start // FRAME_MS, min(len(score), -(-span.end // FRAME_MS))
        both = _long_enough(several[first:last] > OVERLAP)
        for speaker in range(score.shape[1]):
            active = (order[first:last, 0] == speaker) | (both & (order[first:last, 1] == speaker))
            for a, b in _runs(active):
                stretch = Span((first + a) * FRAME_MS, (first + b) * FRAME_MS) & span
                if stretch:
                    found.append(Speech(str(speaker), stretch.start, stretch.end))
    return sorted(found, key=lambda s: (s.start, s.end, s.speaker))


def _long_enough(both: NDArray[np.bool_]) -> NDArray[np.bool_]:
    kept = np.zeros_like(both)
    for a, b in _runs(both):
        kept[a:b] = (b - a) * FRAME_MS >= SHORTEST_OVERLAP_MS
    return kept


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _named(stretches: Sequence[Speech]) -> tuple[Speech, ...]:
    """Speaker numbers to letters in order of first speech."""
    letters: dict[str, str] = {}
    for stretch in stretches:
        letters.setdefault(stretch.speaker, chr(ord("A") + len(letters)))
    return tuple(Speech(letters[s.speaker], s.start, s.end) for s in stretches)
