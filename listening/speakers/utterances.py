"""Words and speech -> utterances: whose words they are, where one stretch of talk ends and the next begins.

    speech of A   ████████ ██████            ███████      runs of speech, pauses under 0.7 s inside
    words of A     so we were  looking        well ok
    utterances    [so we were looking ]      [well ok]    times of the edges from speech, not from words

Times of utterances are acoustic; word times are the recognizer's, kept inside the speech they belong to, because a
recognizer stretches words over silences.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import pairwise

from listening.transcript import Span, Timing, Utterance, Word

PAUSE_MS = 700  # silence of the speaker that ends an utterance; longer than nearly all pauses inside a sentence
HESITATION_MS = 1_500  # a shorter pause inside a sentence does not end it, when nobody takes the floor
LONG_MS = 12_000  # after this much talk an utterance ends with the sentence
REPLY_MS = 150  # this much of somebody else's speech in a pause at a sentence's end makes it two utterances
NEAR_MS = 500  # how far a change of speaker may be moved to the end of a sentence
BURST_MS = 700  # a sound this short, alone, is a backchannel or a breath
EARLY_MS = 600  # a word that begins this near to the end of a run may belong to the next
ENDS = ".?!。？！"
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "km", "bo", "yue"})  # languages written without spaces


def assign(words: Sequence[Word], speech: Mapping[str, Sequence[Span]]) -> dict[str, tuple[Word, ...]]:
    """The words of each speaker: who speaks most during a word says it; nobody: who speaks nearest to it.

    In overlap a word stays with the speaker of the word before. Word times are rough, so a change of speaker within
    two words and half a second of the end of a sentence is moved there.
    """
    owners: list[str] = []
    for word in words:
        span = _span(word)
        shared = {who: sum((s & span).length for s in spans) for who, spans in speech.items()}
        best = max(shared.values(), default=0)
        if best > 0:
            ahead = [who for who, value in shared.items() if value >= best * 0.8]
            owners.append(owners[-1] if owners and owners[-1] in ahead else ahead[0])
        else:
            owners.append(min(speech, key=lambda who: min((_distance(s, span) for s in speech[who]), default=10**9)))
    _settle_changes(words, owners)
    return {who: tuple(w for w, owner in zip(words, owners, strict=True) if owner == who) for who in speech}


def _settle_changes(words: Sequence[Word], owners: list[str]) -> None:
    ends = [w.text[-1:] in ENDS for w in words]
    for i in range(1, len(words)):
        if owners[i] == owners[i - 1] or ends[i - 1]:
            continue
        for shift in (1, -1, 2, -2):
            at = i + shift  # the change would come before word `at`
            if not 1 <= at < len(words) or not ends[at - 1]:
                continue
            if abs((words[at].start or 0) - (words[i].start or 0)) > NEAR_MS:
                continue
            low, high = min(i, at), max(i, at)
            moved = owners[i - 1] if shift > 0 else owners[i]
            if len(set(owners[low:high])) == 1:
                owners[low:high] = [moved] * (high - low)
                break


def build(
    speaker: str,
    words: Sequence[Word],
    speech: Sequence[Span],
    others: Sequence[Span] = (),
    channel: int | None = None,
    language: str | None = None,
) -> tuple[Utterance, ...]:
    """The utterances of one speaker, from that speaker's words (in order) and speech; `others`: everybody else's."""
    if not words:
        return ()
    if not speech:
        speech = (Span(words[0].start or 0, words[-1].end or 0),)
    runs = _runs(speech)
    in_run: list[list[Word]] = [[] for _ in runs]
    for word in words:
        span = _span(word)
        nearest = min(range(len(runs)), key=lambda r: (_distance(runs[r][0], span, runs[r][-1]), r))
        in_run[nearest].append(word)
    _hand_on_early_words(in_run, runs)
    runs, in_run = _bridge(runs, in_run, others)
    in_run = [[_clamp(word, run) for word in said] for run, said in zip(runs, in_run, strict=True)]
    joiner = "" if language in UNSPACED else " "
    utterances: list[Utterance] = []
    for run, said in zip(runs, in_run, strict=True):
        start = run[0].start
        first = 0
        for i in range(1, len(said) + 1):
            cut = _cut(said, first, i, run, others, start) if i < len(said) else Span(run[-1].end, run[-1].end)
            if cut is None:
                continue
            part = tuple(said[first:i])
            text = joiner.join(w.text for w in part)
            utterances.append(Utterance(text, speaker, start, cut.start, part, channel, Timing.ACOUSTIC))
            first, start = i, cut.end
    return tuple(utterances)


def _bridge(
    runs: Sequence[list[Span]], in_run: Sequence[list[Word]], others: Sequence[Span]
) -> tuple[list[list[Span]], list[list[Word]]]:
    """Runs made one over a hesitation: a pause inside a sentence in which nobody else speaks."""
    new_runs: list[list[Span]] = []
    new_words: list[list[Word]] = []
    for run, said in zip(runs, in_run, strict=True):
        if new_runs and said and new_words[-1] and new_words[-1][-1].text[-1:] not in ENDS:
            pause = Span(new_runs[-1][-1].end, run[0].start)
            if pause.length < HESITATION_MS and sum((o & pause).length for o in others) < REPLY_MS:
                new_runs[-1] += run
                new_words[-1] += said
                continue
        new_runs.append(list(run))
        new_words.append(list(said))
    return new_runs, new_words


def _hand_on_early_words(in_run: list[list[Word]], runs: Sequence[Sequence[Span]]) -> None:
    """Moves one or two words that begin a sentence at the very end of a run to the next run.

    Recognizers put the first words after a pause up to 0.4 s early, which is before the pause.
    """
    for r in range(len(runs) - 1):
        said = in_run[r]
        if _belongs_to_next(said, in_run[r + 1], Span(runs[r][0].start, runs[r][-1].end)):
            in_run[r + 1][:0] = said
            said.clear()
            continue
        for count in (1, 2):
            if len(said) <= count or not in_run[r + 1]:
                break
            tail = said[-count:]
            begins = said[-count - 1].text[-1:] in ENDS and not any(w.text[-1:] in ENDS for w in tail)
            if begins and (tail[0].end or 0) >= runs[r][-1].end - EARLY_MS:
                in_run[r + 1][:0] = tail
                del said[-count:]
                break


def _belongs_to_next(said: Sequence[Word], following: Sequence[Word], run: Span) -> bool:
    """Whether one or two words on a short sound are the beginning of the next sentence ("Well, | we missed").

    The recognizer passed over the sound itself ("mm"), which stays as speech without words.
    """
    if not 1 <= len(said) <= 2 or not following or run.length > BURST_MS:
        return False
    return not any(w.text[-1:] in ENDS for w in said) and following[0].text[:1].islower() and said[0].text[:1].isupper()


def _runs(speech: Sequence[Span]) -> list[list[Span]]:
    """Speech grouped by the pauses that end an utterance."""
    runs: list[list[Span]] = []
    for span in speech:
        if runs and span.start - runs[-1][-1].end < PAUSE_MS:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _cut(
    said: Sequence[Word], first: int, i: int, run: Sequence[Span], others: Sequence[Span], start: int
) -> Span | None:
    """The pause between word i-1 and word i when an utterance ends there: from the end of one to the start of the next."""
    before, after = said[i - 1], said[i]
    if before.text[-1:] not in ENDS:
        return None
    pause = _pause(before, after, run)
    replied = sum((other & pause).length for other in others)
    if replied >= REPLY_MS or pause.start - start >= LONG_MS:
        return pause
    return None


def _pause(before: Word, after: Word, run: Sequence[Span]) -> Span:
    """The longest silence between the middles of two words; when there is none, the moment between them."""
    middle_before = ((before.start or 0) + (before.end or 0)) // 2
    middle_after = ((after.start or 0) + (after.end or 0)) // 2
    gaps = [Span(a.end, b.start) for a, b in pairwise(run)]
    inside = [g for g in gaps if g.end > middle_before and g.start < middle_after]
    if inside:
        return max(inside, key=lambda g: g.length)
    moment = max(before.end or 0, min(after.start or 0, ((before.end or 0) + (after.start or 0)) // 2))
    return Span(moment, moment)


def _clamp(word: Word, run: Sequence[Span]) -> Word:
    """The word with its times inside the stretch of speech it shares most with, or is nearest to."""
    span = _span(word)
    home = max(run, key=lambda s: ((s & span).length, -_distance(s, span)))
    start = min(max(span.start, home.start), home.end)
    end = min(max(span.end, start), home.end)
    if end <= start:  # it lay wholly outside: give it a sliver at the edge
        start, end = (
            (home.start, min(home.end, home.start + 50)) if span.end <= home.start else (home.end - 50, home.end)
        )
        start = max(start, home.start)
    return dataclasses.replace(word, start=start, end=end)


def _span(word: Word) -> Span:
    start = word.start or 0
    return Span(start, max(word.end if word.end is not None else start, start + 1))


def _distance(a: Span, b: Span, last: Span | None = None) -> int:
    """Milliseconds between a (or the stretch from a to `last`) and b; 0 when they touch."""
    end = last.end if last else a.end
    return max(0, b.start - end, a.start - b.end)
