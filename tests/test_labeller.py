"""The labeller's layout of windows, the words speakers share, and what the shipped network says of plain cases."""

from __future__ import annotations

import pytest

from listening.language import _network, _overlap, _windows, labeller
from listening.language.conversation import Conversation
from listening.transcript import CallInfo, Provenance, Role, Speaker, Transcript, Utterance

CALL = (
    ("rep", "Thanks for making the time. What made you get in touch?"),
    ("customer", "Our export breaks every Friday and my team ends up typing it all in by hand."),
    ("rep", "So it breaks every Friday and your people type it in by hand."),
    ("customer", "Exactly. And honestly we don't have the budget to change anything this year."),
    ("rep", "Mm-hmm."),
    ("customer", "I'd also have to run it past my director."),
    ("rep", "Shall we book a demo for Thursday?"),
    ("customer", "How long does it take?"),
)


def conversation(lines: tuple[tuple[str, str], ...] = CALL) -> Conversation:
    speakers = (Speaker("rep", role=Role.REP), Speaker("customer", role=Role.CUSTOMER))
    utterances = tuple(Utterance(text, who) for who, text in lines)
    return Conversation(Transcript(utterances, speakers, CallInfo("t"), Provenance("t", "transcript")))


def bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c in " '-")


@pytest.fixture(scope="module")
def judged() -> tuple[labeller.Judgement, ...]:
    return labeller.judge(conversation())


def labels(judgement: labeller.Judgement) -> set[str]:
    return {span.label for span in judgement.spans}


def test_every_utterance_is_judged_with_scores_between_0_and_1(judged: tuple[labeller.Judgement, ...]) -> None:
    assert len(judged) == len(CALL)
    for judgement, (who, text) in zip(judged, CALL, strict=True):
        assert all(0 <= p <= 1 for p in judgement.scores.values())
        assert ("restatement" in judgement.scores) == (who == "rep")
        assert ("barrier.budget" in judgement.scores) == (who == "customer")
        assert all(0 <= s.start_char < s.end_char <= len(text) for s in judgement.spans)


def test_plain_cases(judged: tuple[labeller.Judgement, ...]) -> None:
    assert "question.open" in labels(judged[0])
    assert "restatement" in labels(judged[2])
    assert judged[2].of == (1,)
    assert "barrier.budget" in labels(judged[3])
    assert "barrier.political" in labels(judged[5])
    assert "next_step.push" in labels(judged[6])
    assert "question.closed" in labels(judged[7])


def test_plain_cases_without_punctuation() -> None:
    judged = labeller.judge(conversation(tuple((who, bare(text)) for who, text in CALL)))
    assert "question.open" in labels(judged[0])
    assert "restatement" in labels(judged[2])
    assert "next_step.push" in labels(judged[6])
    assert "question.closed" in labels(judged[7])


def test_the_span_of_a_question_leaves_out_what_is_said_before_it(judged: tuple[labeller.Judgement, ...]) -> None:
    text = CALL[0][1]
    span = next(s for s in judged[0].spans if s.label == "question.open")
    assert text[span.start_char : span.end_char] == "What made you get in touch?"


def test_two_questions_are_two_spans() -> None:
    call = (
        ("customer", "We moved offices in May and it all went wrong."),
        ("rep", "What happened? And who fixed it?"),
    )
    spans = labeller.judge(conversation(call))[1].spans
    assert len([s for s in spans if s.label in ("question.open", "question.closed")]) == 2


def test_uptake_is_the_rep_s_and_higher_when_the_words_are_taken_up(judged: tuple[labeller.Judgement, ...]) -> None:
    assert judged[0].uptake is None
    assert judged[1].uptake is None
    assert judged[2].uptake is not None
    assert judged[4].uptake is not None
    assert judged[2].uptake > judged[4].uptake


def test_asks() -> None:
    call = conversation((("rep", "how long have you been there"), ("customer", "Since May.")))
    assert labeller.asks(call, 0)
    assert not labeller.asks(call, 1)


@pytest.mark.parametrize("lines", [(), (("rep", ""),), (("rep", "..."), ("rep", "?"))])
def test_talk_with_nothing_in_it(lines: tuple[tuple[str, str], ...]) -> None:
    assert len(labeller.judge(conversation(lines))) == len(lines)


def test_a_very_long_utterance_is_cut_and_put_together_again() -> None:
    text = "we had the same thing in the spring and then it stopped. " * 60
    cut = _windows.pieces([(1, text)])
    assert len(cut) > 5
    assert max(len(p.words) for p in cut) <= _windows.MAX_WORDS
    assert [w for p in cut for w in p.words] == text.split()
    made = _network.raw([(0, "Hello."), (1, text)])[1]
    assert made is not None
    assert len(made.words) == len(made.offsets) == len(text.split())


def test_every_piece_is_fresh_in_one_window() -> None:
    tokenizer = _network._tokenizer(_network.folder() / "tokenizer.json")
    cut = _windows.pieces([(i % 2, f"this is what was said as number {i} of them all") for i in range(90)])
    made = list(_windows.windows(tokenizer, cut))
    assert [n for w in made for n in w.pieces[w.fresh :]] == list(range(len(cut)))
    assert all(len(w.ids) < _windows.MAX_TOKENS for w in made)
    assert all(w.fresh > 0 for w in made[1:])


def test_words_used_again() -> None:
    assert _overlap.content("The exports were breaking") == _overlap.content("export breaks")
    assert _overlap.shared(["a", "b"], ["b"]) == 0.5
    assert _overlap.shared([], ["b"]) == 0.0
    assert len(_overlap.features("", "")) == len(_overlap.FEATURES)


def test_a_missing_network_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from listening.errors import ModelError

    monkeypatch.setattr(_network, "folder", lambda: tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        _network.raw([(1, "hello")])
