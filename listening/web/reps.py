"""Across calls: the trends of a rep, reps side by side, the team with its spread and movement (and no ranking).

Every figure is made from the calls in the viewer's sight alone, so that a rep's page says nothing about others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from listening.reports import numbers
from listening.scoring import MEASURES, load_rubric, trends, trends_team, trends_views
from listening.scoring.trends import RepTrend
from listening.scoring.trends_data import Observations, Sums
from listening.scoring.trends_stats import Interval
from listening.scoring.trends_team import Team
from listening.store import CallFilter
from listening.store.values import KEY_MEASURES
from listening.web import pages
from listening.web.calls import store_of, viewer_at

#: What the pages show of a rep, the index first.
KEYS = ("listening_index", *KEY_MEASURES)
PERIODS = ("week", "month", "quarter")
#: Reps side by side at most: more lines than that cannot be told apart.
MOST = 4
#: Reps on one page of the team, by name; more make a page that nobody reads and that takes long to work out.
TEAM = 24


def title_of(key: str) -> str:
    return MEASURES[key].title if key in MEASURES else "Listening index"


def unit_of(key: str) -> str:
    return MEASURES[key].unit if key in MEASURES else "0–100"


def directions() -> dict[str, float]:
    """Measure -> 1 where the rubric asks for more, -1 where it asks for less; those with a range in the middle are out."""
    found = {}
    for key, aim in load_rubric().aims.items():
        if aim.target.high is None:
            found[key] = 1.0
        elif aim.target.low is None:
            found[key] = -1.0
    return found


def _seen(request: Request, reps: tuple[str, ...] | None = None) -> tuple[Observations, Mapping[str, Sums], CallFilter]:
    """The calls in sight (of some reps, when given), and the sums over reps in sight."""
    store, viewer = store_of(request), viewer_at(request)
    kind = request.query_params.get("type") or None
    where = viewer.scope(CallFilter(reps=reps, call_types=(kind,) if kind else None))
    sums = {key: every.only(viewer.reps, kind) for key, every in store.sums(KEYS).items()}
    return store.measures(where, KEYS), sums, where


def _by(request: Request) -> str:
    by = request.query_params.get("by", "month")
    return by if by in PERIODS else "month"


def interval_data(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None or not np.isfinite([interval.low, interval.high]).all():
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}


def middle_of(period: str) -> float:
    """The middle of a week, month or quarter, seconds since 1970 (UTC).

    >>> datetime.fromtimestamp(middle_of("2026-02"), timezone.utc).date().isoformat()
    '2026-02-15'
    """
    year, part = period.split("-")
    if part.startswith("W"):
        first, days = date.fromisocalendar(int(year), int(part[1:]), 1), 7
    elif part.startswith("Q"):
        first, days = date(int(year), 3 * int(part[1:]) - 2, 1), 91
    else:
        first, days = date(int(year), int(part), 1), 30
    return datetime(first.year, first.month, first.day, tzinfo=timezone.utc).timestamp() + days / 2 * 86400 - 86400 / 2


def chart(seen: Observations, trend: RepTrend) -> dict[str, Any]:
    """What a chart of one measure needs: every call, and a line with its interval for each ruler."""
    key = trend.key
    some = seen.of_rep(trend.rep)
    some = some.where(~np.isnan(some.values[key]) & ~np.isnat(some.days))
    aim = load_rubric().aims.get(key)
    calls = [
        {"id": int(call), "x": int(day.astype("datetime64[s]").astype(int)), "day": str(day), "value": float(value), "ruler": int(ruler)}
        for call, day, value, ruler in zip(some.calls, some.days, some.values[key], some.rulers, strict=True)
    ]  # fmt: skip
    points = [
        {
            "period": p.period,
            "x": middle_of(p.period),
            "ruler": p.ruler,
            "n": p.n,
            "raw": p.raw,
            "mean": interval_data(p.mean),
            "enough": p.enough,
            "after_break": p.after_break,
        }
        for p in trend.points
    ]
    return {
        "key": key,
        "title": title_of(key),
        "unit": unit_of(key),
        "n": trend.n,
        "mean": interval_data(trend.mean),
        "slope_a_month": interval_data(trend.slope),
        "consistency_sd": interval_data(trend.consistency),
        "change": interval_data(trend.change),
        "says": trend.says,
        "aim": None if aim is None else [aim.target.low, aim.target.high],
        "best": list(trend.best),
        "worst": list(trend.worst),
        "points": points,
        "calls": calls,
    }


def words(interval: Interval | None, unit: str, signed: bool = False) -> str:
    """A figure with its interval for a person, or that there are not enough calls."""
    if interval is None or not np.isfinite([interval.low, interval.high]).all():
        return trends.NOT_ENOUGH

    def said(value: float) -> str:
        text = numbers.amount(abs(value) if signed else value, unit)
        return ("−" if value < 0 else "+") + text if signed else text

    return f"{said(interval.value)} ({said(interval.low)} to {said(interval.high)})"


def one(request: Request) -> Response:
    """GET /rep?name=…, .json, .csv: one rep over time."""
    store, viewer = store_of(request), viewer_at(request)
    rep, form, by = request.query_params.get("name", ""), request.path_params.get("form"), _by(request)
    if not rep or not viewer.may_see(rep):
        raise HTTPException(404)
    seen, sums, where = _seen(request, (rep,))
    if not len(seen):
        raise HTTPException(404)
    found = trends.of_rep(seen, sums, rep, KEYS, by, directions())
    charts = [chart(seen, trend) for trend in found]
    pressure = trends_views.pressure(seen)
    attachment = trends_views.attachment(seen)
    if form == "json":
        return pages.as_json({"rep": rep, "by": by, "calls": len(seen), "measures": charts})
    if form == "csv":
        columns = ("rep", "measure", "period", "ruler", "calls", "mean", "low", "high", "raw_mean")
        rows = [
            (rep, c["key"], p["period"], p["ruler"], p["n"], *((p["mean"][k] for k in ("value", "low", "high")) if p["mean"] else (None,) * 3), p["raw"])
            for c in charts
            for p in c["points"]
        ]  # fmt: skip
        return pages.as_csv("trends", columns, rows)
    if form is not None:
        raise HTTPException(404)
    examples = {row.id: row for row in store.calls(_only(where, found), limit=200).rows}
    return pages.page(
        request,
        "rep.html",
        rep=rep,
        by=by,
        periods=PERIODS,
        calls=len(seen),
        charts=charts,
        found={trend.key: trend for trend in found},
        examples=examples,
        pressure=pressure,
        attachment=attachment,
        words=words,
        rulers=store.rulers(),
        types=store.values_of("call_type", viewer.scope(CallFilter(reps=(rep,)))),
        kind=request.query_params.get("type", ""),
    )


def _only(where: CallFilter, found: Sequence[RepTrend]) -> CallFilter:
    import dataclasses

    return dataclasses.replace(where, ids=tuple({call for t in found for call in (*t.best, *t.worst)}))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rep's interval lies on a line, in %."""

    value: float
    low: float
    high: float


def places(intervals: Mapping[str, Interval | None]) -> dict[str, Place]:
    """Intervals of several reps on one line, from the lowest to the highest end."""
    known = {rep: i for rep, i in intervals.items() if i is not None and np.isfinite([i.low, i.high]).all()}
    if not known:
        return {}
    low, high = min(i.low for i in known.values()), max(i.high for i in known.values())
    # Reps who are all but alike are drawn as alike.
    span = max(high - low, 0.1 * max(abs(low), abs(high))) or 1.0
    middle = (low + high) / 2

    def at(value: float) -> float:
        return round(50 + 94 * (value - middle) / span, 2)

    return {rep: Place(at(i.value), at(i.low), at(i.high)) for rep, i in known.items()}


def _teams(sums: Mapping[str, Sums], *compared: str) -> dict[str, Team]:
    """The team by each measure: by the ruler that these reps can best be compared by, or that most of the team can."""
    found = {}
    for key in KEYS:
        cells = sums[key]
        ruler = trends_team.common_ruler(cells, *compared) if compared else trends_team.team_ruler(cells)
        found[key] = trends_team.team(key, cells, ruler)
    return found


def _mean(team: Team, rep: str) -> Interval | None:
    """A rep's mean by the team's ruler, None when there are not enough calls by it."""
    standing = team.standings.get(rep)
    return standing.mean if standing and standing.enough else None


def team(request: Request) -> Response:
    """GET /team, .json, .csv: spread and movement of every rep in sight, by name and not by rank."""
    store, viewer, form = store_of(request), viewer_at(request), request.path_params.get("form")
    if not viewer.coach:
        if form is None and viewer.reps:
            return RedirectResponse(pages.link("/rep", {"name": viewer.reps[0]}), 303)
        raise HTTPException(404)
    known = store.values_of("rep", viewer.scope())
    offset = max(0, int(pages.number(request.query_params.get("offset")) or 0))
    seen, sums, _ = _seen(request, known if form else known[offset : offset + TEAM])
    teams = _teams(sums)
    reps = sorted({rep for rep in seen.reps if rep})
    found = trends.of_team(seen, sums, KEYS, _by(request), directions())
    moved = {rep: {t.key: t for t in found[rep]} for rep in reps}
    means = {key: {rep: _mean(teams[key], rep) for rep in reps} for key in KEYS}
    data = [
        {
            "rep": rep,
            "calls": int((seen.reps == rep).sum()),
            "measures": {
                key: {**(interval_data(means[key][rep]) or {"value": None}), "says": moved[rep][key].says}
                for key in KEYS
            },
        }
        for rep in reps
    ]
    if form == "json":
        return pages.as_json({"reps": data, "spread": {key: t.spread for key, t in teams.items()}})
    if form == "csv":
        columns = ("rep", "calls", "measure", "mean", "low", "high", "says")
        rows = [
            (d["rep"], d["calls"], key, m["value"], m.get("low"), m.get("high"), m["says"])
            for d in data
            for key, m in d["measures"].items()
        ]
        return pages.as_csv("team", columns, rows)
    if form is not None:
        raise HTTPException(404)
    return pages.page(
        request,
        "team.html",
        reps=reps,
        keys=KEYS,
        data={d["rep"]: d for d in data},
        moved=moved,
        means=means,
        teams=teams,
        places={key: places(means[key]) for key in KEYS},
        title_of=title_of,
        unit_of=unit_of,
        words=words,
        calls=len(seen),
        known=len(known),
        offset=offset,
        size=TEAM,
        link=lambda at: pages.link("/team", {**request.query_params, "offset": at or None}),
        types=store.values_of("call_type", viewer.scope()),
        kind=request.query_params.get("type", ""),
    )


def compare(request: Request) -> Response:
    """GET /compare?rep=…&rep=…, .json, .csv: reps side by side; a difference is one only when its interval says so."""
    store, viewer, form = store_of(request), viewer_at(request), request.path_params.get("form")
    if not viewer.coach:
        raise HTTPException(404)
    known = store.values_of("rep", viewer.scope())
    chosen = [rep for rep in dict.fromkeys(request.query_params.getlist("rep")) if rep in known][:MOST]
    seen, sums, _ = _seen(request, tuple(chosen))
    teams = _teams(sums, *chosen)
    means = {key: {rep: _mean(teams[key], rep) for rep in chosen} for key in KEYS}
    found = {
        rep: {t.key: t for t in trends.of_rep(seen, sums, rep, KEYS, _by(request), directions())} for rep in chosen
    }
    rows: list[dict[str, Any]] = [
        {
            "key": key,
            "title": title_of(key),
            "unit": unit_of(key),
            "reps": {rep: interval_data(means[key][rep]) for rep in chosen},
            "differences": {rep: _difference(teams[key].difference(rep, chosen[0]), chosen[0]) for rep in chosen[1:]},
        }
        for key in KEYS
    ]
    if form == "json":
        lines = {rep: chart(seen, found[rep]["listening_index"]) for rep in chosen}
        return pages.as_json({"reps": chosen, "measures": rows, "lines": lines})
    if form == "csv":
        columns = (
            "measure",
            "rep",
            "mean",
            "low",
            "high",
            "calls",
            "difference",
            "difference_low",
            "difference_high",
            "says",
        )
        flat = []
        for row in rows:
            for rep in chosen:
                own, gap = row["reps"][rep] or {}, row["differences"].get(rep) or {}
                mean = [own.get(k) for k in ("value", "low", "high", "n")]
                flat.append((row["key"], rep, *mean, *(gap.get(k) for k in ("value", "low", "high", "says"))))
        return pages.as_csv("compare", columns, flat)
    if form is not None:
        raise HTTPException(404)
    return pages.page(
        request,
        "compare.html",
        known=known,
        chosen=chosen,
        rows=rows,
        means=means,
        places={key: places(means[key]) for key in KEYS},
        words=words,
        most=MOST,
        types=store.values_of("call_type", viewer.scope()),
        kind=request.query_params.get("type", ""),
    )


def _difference(gap: Interval | None, other: str) -> dict[str, Any]:
    if gap is None:
        return {"says": trends.NOT_ENOUGH}
    says = ("higher" if gap.value > 0 else "lower") + f" than {other}" if gap.excludes_zero else "may be chance"
    return {**(interval_data(gap) or {}), "says": says, "sure": gap.excludes_zero}
