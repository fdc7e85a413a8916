"""Roughening: the same talk as recognizers, fast typists and other Englishes would have it, labels kept on their words."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from data import CUSTOMER_ONLY, EVERY, MAX_WORDS, REP_ONLY, N, Utt

_PUNCT = re.compile(r"[.,?!;:\"“”…()]|(?<=\s)[-–—]+(?=\s)|[–—]|--+")
_FILLERS = ["um", "uh", "you know", "like", "I mean", "so", "well", "er", "kind of", "right so", "okay so", "and"]
_CONTRACT = {"it is": "it's", "that is": "that's", "do not": "don't", "you are": "you're", "i am": "i'm",
             "we are": "we're", "they are": "they're", "what is": "what's", "is not": "isn't", "did not": "didn't",
             "you have": "you've", "i have": "i've", "would not": "wouldn't", "cannot": "can't", "can not": "can't",
             "you would": "you'd", "i would": "i'd", "i will": "i'll", "we will": "we'll", "does not": "doesn't",
             "was not": "wasn't", "there is": "there's", "who is": "who's", "how is": "how's"}  # fmt: skip
_EXPAND = {v: k for k, v in _CONTRACT.items() if k != "can not"}
_SPELL = {"organise": "organize", "colour": "color", "favourite": "favorite", "programme": "program",
          "realise": "realize", "centre": "center", "behaviour": "behavior", "cheque": "check", "mum": "mom",
          "practise": "practice", "apologise": "apologize", "prioritise": "prioritize", "neighbour": "neighbor",
          "whilst": "while", "enquiry": "inquiry", "licence": "license", "honour": "honor", "labour": "labor",
          "recognise": "recognize", "specialise": "specialize", "summarise": "summarize"}  # fmt: skip
_SPELL |= {v: k for k, v in _SPELL.items() if v not in ("check", "while", "program")}
_SLANG = {"going to": "gonna", "want to": "wanna", "kind of": "kinda", "got to": "gotta", "sort of": "sorta"}


def strip(u: Utt, apostrophes: bool, only_marks: bool = False) -> Utt:
    words, bits, starts, carry = [], [], [], 0
    for w, b, s in zip(u.words, u.bits, u.starts, strict=True):
        new = w.replace("?", "") if only_marks else _PUNCT.sub("", w).strip("-'‘")
        if apostrophes:
            new = new.replace("'", "").replace("’", "")
        if not new:
            carry |= s
            continue
        words.append(new if only_marks else new.lower())
        bits.append(b)
        starts.append((s | carry) & b)
        carry = 0
    if not words:
        return u
    return replace(u, words=words, bits=bits, starts=starts)


def fillers(u: Utt, rate: float, rng: random.Random) -> Utt:
    words, bits, starts = [], [], []
    for i, (w, b, s) in enumerate(zip(u.words, u.bits, u.starts, strict=True)):
        if rng.random() < rate:
            before = u.bits[i - 1] if i else 0
            inherit = b & before & ~s
            for f in rng.choice(_FILLERS).split():
                words.append(f if i else f.capitalize())
                bits.append(inherit)
                starts.append(0)
        words.append(w)
        bits.append(b)
        starts.append(s)
        if rng.random() < rate / 3 and len(w) > 1 and w[-1].isalpha():  # a stammer: "we we had"
            words.append(w)
            bits.append(b)
            starts.append(0)
    return replace(u, words=words, bits=bits, starts=starts)


def reword(u: Utt, rng: random.Random) -> Utt:
    """Contractions made or undone, slang, British and American spelling, each with probability a half."""
    words, bits, starts = [], [], []
    i = 0
    while i < len(u.words):
        w, low = u.words[i], u.words[i].lower().replace("’", "'")
        core = low.rstrip(".,?!")
        tail = low[len(core) :]
        if i + 1 < len(u.words):
            nxt = u.words[i + 1].lower()
            nxt_core = nxt.rstrip(".,?!")
            pair = f"{low} {nxt_core}"
            to = _CONTRACT.get(pair) or _SLANG.get(pair)
            if to and rng.random() < 0.5 and u.bits[i] == u.bits[i + 1]:
                words.append(to + nxt[len(nxt_core) :])
                bits.append(u.bits[i])
                starts.append(u.starts[i])
                i += 2
                continue
        if core in _EXPAND and rng.random() < 0.5:
            a, b = _EXPAND[core].split(maxsplit=1) if " " in _EXPAND[core] else (_EXPAND[core], "")
            words.append(a + ("" if b else tail))
            bits.append(u.bits[i])
            starts.append(u.starts[i])
            if b:
                words.append(b + tail)
                bits.append(u.bits[i])
                starts.append(0)
        else:
            words.append(_SPELL[core] + tail if core in _SPELL and rng.random() < 0.5 else w)
            bits.append(u.bits[i])
            starts.append(u.starts[i])
        i += 1
    return replace(u, words=words, bits=bits, starts=starts)


_INDIRECT = (
    "I'd love to understand", "I'd love to hear", "help me understand", "help me see", "tell me", "tell me a bit about",
    "I'm curious", "I wonder", "I was wondering", "I'd like to know", "talk me through", "walk me through",
    "I'm interested in", "can you tell me", "could you walk me through", "I'd be curious to hear", "give me a sense of",
    "I'm trying to understand", "maybe you can tell me", "let's hear",
)  # fmt: skip
_SUBJECTS = frozenset("i you he she it we they that this there".split())
_BE = frozenset("is are was were".split())


def indirect(u: Utt, rng: random.Random) -> Utt:
    """Open questions turned into "help me see how it works": the mark goes, and the order of a statement comes."""
    words, bits, starts = list(u.words), list(u.bits), list(u.starts)
    for i in reversed([i for i, s in enumerate(starts) if s & 1]):
        end = i + 1
        while end < len(words) and bits[end] & 1 and not starts[end] & 1:
            end += 1
        asked = words[i:end]
        at = 1 if asked[0].lower().strip(",") in ("and", "so", "but", "okay", "well") else 0
        if len(asked) - at < 4 or asked[at].lower() not in ("what", "how", "why", "where") or rng.random() > 0.3:
            continue
        tail = asked[-1].rstrip("?.,!")
        rest = [*asked[at + 1 : -1], tail]
        helper = rest[0].lower()
        if helper in ("do", "does", "did"):
            rest = rest[1:]
        elif (
            helper in _BE
            and len(rest) <= 5
            and not rest[-1].lower().endswith(("like", "for", "about", "of", "to", "ing"))
        ):
            rest = [*rest[1:], helper]
        elif rest[1].lower() in _SUBJECTS and helper in (
            *_BE,
            "can",
            "could",
            "would",
            "will",
            "have",
            "has",
            "should",
        ):
            rest = [rest[1], helper, *rest[2:]]
        new = [*asked[:at], *rng.choice(_INDIRECT).split(), asked[at].lower(), *rest]
        new[-1] += rng.choice([".", ".", "", "?"])
        words[i:end] = new
        bits[i:end] = [bits[i]] * len(new)
        starts[i:end] = [starts[i]] + [0] * (len(new) - 1)
    return replace(u, words=words, bits=bits, starts=starts)


def merge(a: Utt, b: Utt) -> Utt:
    fixed: dict[int, float | None] = {}
    for k in {*a.fixed, *b.fixed}:
        x, y = a.targets()[k], b.targets()[k]
        fixed[k] = 1.0 if 1.0 in (x, y) else None if None in (x, y) else 0.0
    return Utt(a.side, a.words + b.words, a.bits + b.bits, a.starts + b.starts, a.known & b.known, fixed,
               a.uids | b.uids, a.of | b.of, None)  # fmt: skip


def split(u: Utt, rng: random.Random) -> list[Utt]:
    """Cut in two at the end of a sentence, or anywhere; only where the words are labelled."""
    if len(u.words) < 6 or not u.known or u.fixed or u.uptake is not None:
        return [u]
    ends = [i + 1 for i, w in enumerate(u.words[:-1]) if w[-1] in ".?!"]
    inner = [i for i in range(2, len(u.words) - 1) if not (u.bits[i] & u.bits[i - 1] & ~u.starts[i] & EVERY)]
    places = ends or inner
    if not places:
        return [u]
    at = rng.choice(places)
    first = replace(u, words=u.words[:at], bits=u.bits[:at], starts=u.starts[:at])
    second = replace(u, words=u.words[at:], bits=u.bits[at:], starts=[u.starts[at] | 0, *u.starts[at + 1 :]])
    second.starts[0] |= second.bits[0] & EVERY & u.bits[at - 1]
    for part in (first, second):
        if not any(b & 1 << 5 for b in part.bits):
            part.of = frozenset()
    return [first, second]


def chop(utts: list[Utt]) -> list[Utt]:
    """Long utterances into pieces as in use. What is fixed for the whole is not known for the parts."""
    out = []
    for u in utts:
        if len(u.words) <= MAX_WORDS:
            out.append(u)
            continue
        at = 0
        parts = []
        while at < len(u.words):
            rest = len(u.words) - at
            cut = rest
            if rest > MAX_WORDS:
                ends = [i + 1 for i in range(MAX_WORDS // 2, MAX_WORDS) if u.words[at + i][-1] in ".?!"]
                cut = ends[-1] if ends else MAX_WORDS
            s = slice(at, at + cut)
            part = replace(u, words=u.words[s], bits=u.bits[s], starts=u.starts[s],
                           fixed={k: (v if v == 0.0 else None) for k, v in u.fixed.items()})  # fmt: skip
            parts.append(part)
            at += cut
        if u.uptake is not None:
            for part in parts[1:]:
                part.uptake = None
        out += parts
    return out


def roughen(utts: list[Utt], rng: random.Random) -> list[Utt]:
    out = list(utts)
    if rng.random() < 0.3:  # cut and join as recognizers do
        cut: list[Utt] = []
        for u in out:
            cut += split(u, rng) if rng.random() < 0.25 else [u]
        joined: list[Utt] = []
        for u in cut:
            near = joined and joined[-1].side == u.side and joined[-1].uptake is None and u.uptake is None
            if near and rng.random() < 0.35 and len(joined[-1].words) + len(u.words) < MAX_WORDS:
                joined[-1] = merge(joined[-1], u)
            else:
                joined.append(u)
        out = joined
    if rng.random() < 0.35:
        out = [indirect(u, rng) for u in out]
    if rng.random() < 0.3:
        out = [reword(u, rng) for u in out]
    if rng.random() < 0.3:
        rate = rng.choice([0.03, 0.06, 0.1])
        out = [fillers(u, rate, rng) for u in out]
    how = rng.random()
    if how < 0.4:
        apostrophes = rng.random() < 0.25
        out = [strip(u, apostrophes) for u in out]
    elif how < 0.5:
        out = [strip(u, False, only_marks=True) for u in out]
    if rng.random() < 0.08:  # sides the other way round: what only one side can do is then not known
        one_sided = sum(1 << k for k in (REP_ONLY | CUSTOMER_ONLY | {7}))
        out = [
            replace(
                u,
                side=1 - u.side,
                known=u.known & ~one_sided,
                uptake=None,
                of=frozenset(),
                fixed={k: v for k, v in u.fixed.items() if not (k < N and one_sided >> k & 1)},
            )
            for u in out
        ]
    return out
