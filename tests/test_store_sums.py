"""Every rep's sums, kept as calls come."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_calls import make_heard
from stores import content

from listening.scoring import load_rubric
from listening.scoring.rubric import DEFAULT, FOLDER
from listening.scoring.trends_data import Sums
from listening.store.store import Store


def test_sums_are_kept_as_calls_come_and_are_those_made_anew(store: Store, tmp_path: Path) -> None:
    import sqlalchemy as sa

    from listening.store.tables import rep_sums

    rubric = tmp_path / "mine.toml"
    rubric.write_text((FOLDER / f"{DEFAULT}.toml").read_text().replace('version = "1"', 'version = "2"', 1))
    keys = ["questions_per_hour", "listening_index", "talk_share"]

    def kept() -> dict[tuple[object, ...], tuple[float, ...]]:
        found = store.sums(keys)
        assert all(map(len, found.values()))
        return {(key, *place): numbers for key, sums in found.items() for place, numbers in by_place(sums).items()}

    def anew() -> dict[tuple[object, ...], tuple[float, ...]]:
        with store.engine.begin() as connection:
            connection.execute(sa.delete(rep_sums))
        return kept()

    heard = [
        make_heard(f"c{i}", rep="Ann" if i % 3 else "Ben", questions=1 + i % 5, call_type=("demo", None)[i % 2])
        for i in range(9)
    ]
    ids = store.save_all([(h, content(h.transcript.info.id), None) for h in heard[:6]])
    assert len(ids) == len(set(ids)) == 6
    for one in heard[6:]:
        store.save(one, content(one.transcript.info.id))
    steps = [
        lambda: None,
        lambda: store.rescore(ids, load_rubric(rubric)),
        lambda: store.set_call_type(ids[0], "renewal", "coach"),
        lambda: store.save(make_heard("more", rep="Ben"), content("more")),  # his sums were forgotten just now
        lambda: store.set_rep_name(ids[1], "Cleo", "coach"),
        lambda: store.delete_call(ids[2]),
    ]
    for step in steps:
        step()
        before = kept()
        assert anew() == {place: pytest.approx(sums) for place, sums in before.items()}


def by_place(sums: Sums) -> dict[tuple[str, str, int], tuple[float, ...]]:
    columns = (sums.reps, sums.call_types, sums.rulers)
    places = [(sums.rep_names[rep], sums.type_names[kind], ruler) for rep, kind, ruler in zip(*columns, strict=True)]
    return dict(zip(places, zip(sums.n, sums.means, sums.squares, strict=True), strict=True))
