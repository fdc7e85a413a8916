"""What trends are computed from, as columns: calls with their measures, and the sums of a whole team's calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observations:
    """Measures of many calls; every array has one entry a call, sorted by day (undated calls last).

    calls        store keys
    reps, call_types, opportunities   text, "" when nobody said (numpy object arrays)
    days         datetime64[D], NaT when undated
    rulers       which versions made the numbers; not to be mixed
    durations_s  seconds, NaN when unknown
    values       measure key -> value, NaN where it could not be measured
    """

    calls: Ints
    reps: NDArray[np.object_]
    call_types: NDArray[np.object_]
    opportunities: NDArray[np.object_]
    days: NDArray[np.datetime64]
    rulers: Ints
    durations_s: Floats
    values: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.calls)

    def where(self, mask: Mask | Ints, keys: Iterable[str] | None = None) -> Observations:
        """Only the calls for which the mask holds, or at these places; only these measures (default: all)."""
        return Observations(
            self.calls[mask],
            self.reps[mask],
            self.call_types[mask],
            self.opportunities[mask],
            self.days[mask],
            self.rulers[mask],
            self.durations_s[mask],
            {key: self.values[key][mask] for key in (self.values if keys is None else keys)},
        )

    def of_rep(self, rep: str) -> Observations:
        return self.where(self.reps == rep)


@dataclass(frozen=True, slots=True)
class Sums:
    """One measure of a whole team, summed up: every array has one entry a rep, call type and ruler, in any order.

    rep_names, type_names   sorted; "" is nobody, and no type
    reps, call_types        places in them
    rulers                  which versions made the numbers
    n, means, squares       how many calls, their mean, and their squared distances from it
    """

    rep_names: tuple[str, ...]
    type_names: tuple[str, ...]
    reps: Ints
    call_types: Ints
    rulers: Ints
    n: Ints
    means: Floats
    squares: Floats

    @classmethod
    def of(
        cls,
        reps: Sequence[str] = (),
        call_types: Sequence[str] = (),
        rulers: Sequence[int] = (),
        n: Sequence[int] = (),
        means: Sequence[float] = (),
        squares: Sequence[float] = (),
    ) -> Sums:
        """From columns of equal length, reps and call types by name."""
        rep_names, type_names = tuple(sorted(set(reps))), tuple(sorted(set(call_types)))
        return cls(
            rep_names,
            type_names,
            places(reps, rep_names),
            places(call_types, type_names),
            np.array(rulers, dtype=np.int64),
            np.array(n, dtype=np.int64),
            np.array(means, dtype=np.float64),
            np.array(squares, dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.n)

    def where(self, mask: Mask | Ints) -> Sums:
        """Only the entries for which the mask holds, or at these places."""
        return Sums(
            self.rep_names,
            self.type_names,
            self.reps[mask],
            self.call_types[mask],
            self.rulers[mask],
            self.n[mask],
            self.means[mask],
            self.squares[mask],
        )

    def only(self, reps: Collection[str] | None = None, call_type: str | None = None) -> Sums:
        """Only those of these reps, and of this call type (None: of all)."""
        rep_fits = np.array([reps is None or rep in reps for rep in self.rep_names], dtype=np.bool_)
        type_fits = np.array([call_type in (None, kind) for kind in self.type_names], dtype=np.bool_)
        return self.where(rep_fits[self.reps] & type_fits[self.call_types])


def places(texts: Sequence[str], names: Iterable[str]) -> Ints:
    """Where each text is among the names."""
    place = {name: i for i, name in enumerate(names)}
    return np.fromiter(map(place.__getitem__, texts), np.int64, len(texts))
