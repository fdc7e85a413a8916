"""The process view: calls, conversations, "no"s and what each was worth, from a file of outcomes.

It says what came of the work, not how well anybody listened: it is kept apart from the listening scores on purpose.

    outcomes.csv    columns call (the call's name) or opportunity, result, amount (optional), date (optional)
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from listening.errors import MetadataError

WON = frozenset("won win yes signed bought sold closed-won".split())
NO = frozenset("no lost loss declined rejected closed-lost".split())
#: A call shorter than this is an attempt, not a conversation, s.
CONVERSATION_S = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row of the outcomes file. `result` is won, no or open."""

    call: str | None
    opportunity: str | None
    result: str
    amount: float


@dataclass(frozen=True, slots=True)
class Made:
    """A call as the process view sees it."""

    name: str
    rep: str | None
    opportunity: str | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Process:
    """What some calls came to. Worths are money won a call, a conversation and a "no"; None where there is none."""

    rep: str
    calls: int
    conversations: int
    won: int
    no: int
    open: int
    amount: float
    worth_of_call: float | None
    worth_of_conversation: float | None
    worth_of_no: float | None


def read_outcomes(path: Path) -> tuple[Outcome, ...]:
    """The outcomes of a CSV file. Raises MetadataError with the row that cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MetadataError(f"The outcomes file {path.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MetadataError(f"The outcomes file {path.name} is not UTF-8 text.") from None
    header = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=max(",;\t", key=header.count))
    found = []
    for row in reader:
        values = {str(k).strip().lower(): (v or "").strip() for k, v in row.items() if k and isinstance(v, str)}
        if "result" not in values or not {"call", "opportunity"} & values.keys():
            raise MetadataError(f"{path.name} needs the columns result, and call or opportunity.")
        if not any(values.values()):
            continue
        call, opportunity = values.get("call") or None, values.get("opportunity") or None
        if call is None and opportunity is None:
            raise MetadataError(f"{path.name} row {reader.line_num} names no call and no opportunity.")
        amount = _amount(values.get("amount", ""), f"{path.name} row {reader.line_num}")
        found.append(Outcome(call, opportunity, _result(values["result"]), amount))
    return tuple(found)


def _result(said: str) -> str:
    word = re.sub(r"[\s_]+", "-", said.lower())
    return "won" if word in WON else "no" if word in NO else "open"


def _amount(said: str, where: str) -> float:
    """A sum of money: 14400, 14,400.00, €14.400,00 or EUR 14400, but not 14.4k. An empty one is nothing."""
    if not said:
        return 0.0
    digits = re.sub(r"[\s'’]|^[^\W\d_]{2,3}\b\.?|\b[^\W\d_]{2,3}\.?$|[^\w.,()-]", "", said)
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d{1,2})?|-?\d+,\d{1,2}", digits):
        digits = digits.replace(".", "").replace(",", ".")
    try:
        return float(digits.replace(",", ""))
    except ValueError:
        raise MetadataError(f"{where}: the amount is not a number.") from None


def process(calls: Iterable[Made], outcomes: Iterable[Outcome]) -> tuple[Process, ...]:
    """What each rep's calls came to, by name, and those of all together first (rep "").

    An outcome counts once: for the rep who had the call, else who had the most calls with the opportunity.
    """
    made = list(calls)
    by_rep: dict[str, list[Made]] = {}
    for call in made:
        by_rep.setdefault(call.rep or "", []).append(call)
    owner = _owners(made)
    results: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        keys = (("call", outcome.call), ("opportunity", outcome.opportunity))
        if key := next((key for key in keys if key in owner), None):
            results.setdefault(owner[key], []).append(outcome)
    everything = [outcome for some in results.values() for outcome in some]
    rows = [_process("", made, everything)]
    rows += [_process(rep, by_rep[rep], results.get(rep, [])) for rep in sorted(by_rep) if rep]
    return tuple(rows)


def _owners(made: Iterable[Made]) -> Mapping[tuple[str, str | None], str]:
    counts: dict[tuple[str, str | None], dict[str, int]] = {}
    for call in made:
        for key in (("call", call.name), ("opportunity", call.opportunity)):
            if key[1] is not None:
                reps = counts.setdefault(key, {})
                reps[call.rep or ""] = reps.get(call.rep or "", 0) + 1
    return {key: max(sorted(reps), key=lambda rep: reps[rep]) for key, reps in counts.items()}


def _process(rep: str, calls: list[Made], outcomes: list[Outcome]) -> Process:
    conversations = sum((call.duration_s or 0.0) >= CONVERSATION_S for call in calls)
    count = {result: sum(o.result == result for o in outcomes) for result in ("won", "no", "open")}
    amount = sum(o.amount for o in outcomes if o.result == "won")

    def worth(n: int) -> float | None:
        return amount / n if n else None

    return Process(
        rep,
        len(calls),
        conversations,
        count["won"],
        count["no"],
        count["open"],
        amount,
        worth(len(calls)),
        worth(conversations),
        worth(count["no"]),
    )
