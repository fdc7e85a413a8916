"""Which speaker is the rep: said by a person or a label, else guessed from what the speakers say.

    label      the transcript names its speakers "Agent", "Customer", "doctor", …        source "transcript"
    guess      phrases of one side, questions asked, who speaks first                    source "guess"

A guess is a guess: its confidence is the chance, by a logistic curve set on conversations with known roles (it
errs to the low side), that the named speaker is the rep, between 0.5 (a coin) and 0.99. A role set by a flag, metadata, transcript or person is
never changed. One speaker alone stays unknown unless the words tell: then there is no other side to compare with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from listening.errors import UsageError
from listening.speakers.role_cues import CUES, FILLERS, LABELS
from listening.transcript import Role, Speaker, Transcript, Utterance

OPENING = 8  # utterances
LABEL_CONFIDENCE = 0.97
LOWEST, HIGHEST = 0.5, 0.99
CAP = 2  # a phrase counts at most so often a speaker
QUESTION_WEIGHT = 2.0  # per whole difference in the share of all questions
FIRST_WEIGHT = 0.3  # who speaks first: mostly the side that answers or places the call for a company
SLOPE = 0.8  # of the logistic curve: see the module's docstring
ALONE = 2.5  # score from which a speaker alone is taken for the rep (or, negative, for a customer)

_WORDS = re.compile(r"[a-z]+")
_ASKS = re.compile(
    r"^(?:(?:so|and|but|okay|ok|well|um|uh|now|alright|right),? )*"
    r"(?:who|what|when|where|why|how|which|do|does|did|is|are|was|were|can|could|would|will|have|has|may|any) ",
    re.IGNORECASE,
)


def guess(transcript: Transcript) -> Transcript:
    """The transcript with a role for every speaker who has none. Roles already set stay as they are.

    With more than two speakers the best one is the rep and the others are customers. When a rep is already known the
    others become customers with the rep's confidence.
    """
    transcript = _by_label(transcript)
    open_ids = [s.id for s in transcript.speakers if s.role is Role.UNKNOWN]
    if not open_ids:
        return transcript
    settled = [s for s in transcript.speakers if s.role in (Role.REP, Role.CUSTOMER)]
    reps = [s for s in settled if s.role is Role.REP]
    if reps:
        return transcript.with_roles(dict.fromkeys(open_ids, Role.CUSTOMER), reps[0].source, reps[0].confidence)
    if len(open_ids) == 1 and settled:  # everybody else is a customer
        return transcript.with_roles({open_ids[0]: Role.REP}, settled[0].source, settled[0].confidence)
    scores = _scores(transcript, open_ids)
    if len(open_ids) == 1:
        return _alone(transcript, open_ids[0], scores[0])
    ranked = sorted(range(len(open_ids)), key=lambda i: -scores[i])
    rep, second = ranked[0], ranked[1]
    roles = {s: Role.REP if i == rep else Role.CUSTOMER for i, s in enumerate(open_ids)}
    return transcript.with_roles(roles, "guess", _confidence(scores[rep] - scores[second]))


def _confidence(lead: float) -> float:
    return round(min(HIGHEST, max(LOWEST, 1 / (1 + math.exp(-SLOPE * lead)))), 2)


def _alone(transcript: Transcript, speaker: str, score: float) -> Transcript:
    if abs(score) < ALONE:
        return transcript.with_roles({speaker: Role.UNKNOWN}, "guess", LOWEST)
    role = Role.REP if score > 0 else Role.CUSTOMER
    return transcript.with_roles({speaker: role}, "guess", _confidence(abs(score)))


def _by_label(transcript: Transcript) -> Transcript:
    """Roles that the speakers' names or ids say themselves."""
    found = {
        s.id: role for s in transcript.speakers if s.role is Role.UNKNOWN and (role := _label(s)) is not Role.UNKNOWN
    }
    if not found or (len(found) > 1 and set(found.values()) == {Role.REP}):
        return transcript  # two "agents": the word means something else here
    return transcript.with_roles(found, "transcript", LABEL_CONFIDENCE)


def _label(speaker: Speaker) -> Role:
    """ "Agent 1", "SALES_REP", "Dana (Agent)", "Lee - customer", but not the name "Dr. Price"."""
    label = speaker.label.lower()
    aside = re.search(r"\(([^)]*)\)|\s[-–|/]\s(.*)$", label)
    for part in (label, aside and (aside[1] or aside[2])):
        words = [word for word in _WORDS.findall(part or "") if word not in FILLERS]
        roles = {LABELS.get(word, Role.UNKNOWN) for word in words}
        if len(roles) == 1 and Role.UNKNOWN not in roles:
            return roles.pop()
    return Role.UNKNOWN


def _scores(transcript: Transcript, speakers: Sequence[str]) -> list[float]:
    """Log odds of each speaker being the rep, before comparison with the others."""
    utterances = _in_time(transcript.utterances)
    opening = utterances[:OPENING]
    questions = [sum(_is_question(u.text) for u in utterances if u.speaker == s) for s in speakers]
    asked = sum(questions)
    scores = []
    for speaker, own in zip(speakers, questions, strict=True):
        everything = "\n".join(u.text for u in utterances if u.speaker == speaker)
        start = "\n".join(u.text for u in opening if u.speaker == speaker)
        score = sum(
            cue.weight * min(CAP, len(cue.pattern.findall(start if cue.opening else everything))) for cue in CUES
        )
        if asked:
            # few questions say little: two are added for each side
            score += QUESTION_WEIGHT * own / (asked + 4)
        if utterances and utterances[0].speaker == speaker:
            score += FIRST_WEIGHT
        scores.append(score)
    return scores


def _in_time(utterances: Sequence[Utterance]) -> list[Utterance]:
    if any(u.start is None for u in utterances):
        return list(utterances)
    return sorted(utterances, key=lambda u: u.start or 0)


def _is_question(text: str) -> bool:
    return "?" in text or bool(_ASKS.match(text.strip()))


def apply_rep(transcript: Transcript, choice: str, source: str) -> Transcript:
    """The transcript with the chosen speaker as rep, everybody else a customer.

    `choice` is a channel ("left", "right", "channel 3"), a speaker's id or name, upper or lower case, or the beginning
    of just one id or name. Raises UsageError, which lists the speakers, when nobody or more than one is meant.
    """
    wanted = " ".join(choice.casefold().split())
    matches = _matching(transcript, wanted)
    if len(matches) != 1:
        listed = ", ".join(s.id if s.name in (None, s.id) else f"{s.id} ({s.name})" for s in transcript.speakers)
        what = "fits more than one speaker" if matches else "is no speaker"
        raise UsageError(f"{choice!r} {what} of this call; the speakers are: {listed or 'none'}.")
    return transcript.with_rep(matches[0], source)


def _matching(transcript: Transcript, wanted: str) -> list[str]:
    """Ids of the speakers meant, by the first of: id, name, channel, beginning of an id or name."""
    if not wanted:
        return []
    names = {s.id: [n.casefold() for n in (s.id, s.name) if n] for s in transcript.speakers}
    for position in (0, 1):
        exact = [i for i, known in names.items() if known[position:] and known[position] == wanted]
        if exact:
            return exact
    by_channel = _on_channel(transcript, wanted)
    if by_channel:
        return by_channel
    return [i for i, known in names.items() if any(name.startswith(wanted) for name in known)]


def _on_channel(transcript: Transcript, wanted: str) -> list[str]:
    number = {"left": 0, "right": 1}.get(wanted)
    if number is None and (match := re.fullmatch(r"channel (\d+)", wanted)):
        number = int(match[1]) - 1
    if number is None:
        return []
    on = {u.speaker for u in transcript.utterances if u.channel == number}
    elsewhere = {u.speaker for u in transcript.utterances if u.channel != number}
    return sorted(on - elsewhere)


__all__ = ["apply_rep", "guess"]
