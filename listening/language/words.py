"""The words of an utterance that carry its content, for comparing what two people said.

`stems` leaves out pronouns, auxiliaries, fillers and light verbs, and cuts long lemmas, so that "installing it took
weeks" and "the installation was slow" meet in "instal".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

#: Words that say little by themselves in talk. Number words are kept: amounts are what gets restated.
_LIGHT = frozenset(
    """a an the this that these those here there i me my mine myself you your yours yourself he him his she her hers it
    its we us our ours they them their theirs who whom whose which what when where why how be am is are was were been
    being do does did done doing have has had having will would shall should can could may might must ought and or but
    if so because as than then of at by for with about against between into through during before after to from in out
    on off over under again once up down just very too also only even still yet now well oh ah um uh er erm hmm mm mhm
    yeah yes yep yup no not nor n't ok okay right sure really actually basically literally honestly like kind sort kinda
    sorta thing stuff something anything everything nothing someone somebody anyone anybody everyone everybody one get
    got gotten go going gonna gotta wanna let say tell know mean think guess suppose see look sound seem hear want need
    try make take put come give use lot bit little much many more most some any all each every other another such own
    same way maybe perhaps probably exactly absolutely totally great good nice fine cool thank thanks please sorry hello
    hi hey bye
    s re ve ll d m t""".split()
)
#: Lemmas longer than this are cut, so that "install" and "installation" are one word. Six letters still keep
#: most unrelated words apart; derivations that change earlier ("decide", "decision") are missed.
_STEM = 6


def stems(tokens: Doc | Span | Iterable[Token]) -> frozenset[str]:
    """Content words of parsed text: lower-case lemmas, cut; empty when there are none."""
    return frozenset(
        _stem(token.lemma_.lower())
        for token in tokens
        if (token.is_alpha or token.like_num)
        and token.lower_ not in _LIGHT
        and token.lemma_.lower() not in _LIGHT
        and (len(token.text) > 1 or token.like_num)
    )


def _stem(lemma: str) -> str:
    return lemma if len(lemma) <= _STEM else lemma[:_STEM]
