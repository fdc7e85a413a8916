"""Groups of similar voices: spectral clustering of embeddings.

Each window keeps its nearest neighbours (cosine), the graph is made symmetric and normalised by degree, and k-means
groups the leading eigenvectors (Ng, Jordan & Weiss 2002; pruning after Park et al. 2020). Average-linkage clustering
collapses on two similar voices; this does not. Everything is deterministic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

NEIGHBOURS = (0.02, 0.05, 0.1, 0.2, 0.4)  # share of all windows a window keeps; which one is best differs by call
_FEWEST_NEIGHBOURS = 6
_TRIES = 10


def spectral(voices: Floats, groups: int, share: float) -> Labels:
    """(n, d) embeddings of length 1 -> n labels below `groups`; `share` of the windows are neighbours of each."""
    n = len(voices)
    if n <= groups:
        return np.arange(n)
    affinity = np.maximum(voices @ voices.T, 0).astype(np.float64)
    keep = min(n, max(_FEWEST_NEIGHBOURS, int(np.ceil(n * share))))
    nearest = np.argpartition(-affinity, keep - 1, axis=1)[:, :keep]
    kept = np.zeros_like(affinity)
    np.put_along_axis(kept, nearest, np.take_along_axis(affinity, nearest, axis=1), axis=1)
    kept = (kept + kept.T) / 2
    np.fill_diagonal(kept, 0)
    root = np.sqrt(kept.sum(axis=1) + 1e-9)
    _, vectors = eigh(kept / root[:, None] / root[None], subset_by_index=[n - groups, n - 1])
    return kmeans(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), groups)


def kmeans(points: NDArray[np.float64], groups: int, seed: int = 0) -> Labels:
    """k-means with k-means++ starts; the best of ten."""
    random = np.random.default_rng(seed)
    best: tuple[float, Labels] | None = None
    for _ in range(_TRIES):
        centres = points[random.integers(len(points))][None]
        while len(centres) < groups:
            far = _distances(points, centres).min(axis=1)
            chance = far / far.sum() if far.sum() > 0 else None
            centres = np.vstack([centres, points[random.choice(len(points), p=chance)]])
        for _ in range(100):
            labels = _distances(points, centres).argmin(axis=1)
            moved = np.array(
                [points[labels == g].mean(axis=0) if (labels == g).any() else centres[g] for g in range(groups)]
            )
            if np.allclose(moved, centres):
                break
            centres = moved
        cost = float(_distances(points, centres).min(axis=1).sum())
        if best is None or cost < best[0] - 1e-12:
            best = cost, labels
    assert best is not None
    return best[1]


def _distances(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(((points[:, None] - centres[None]) ** 2).sum(axis=2))
