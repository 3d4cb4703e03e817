"""Who learns alike: people grouped by the direction of their updates (Briggs et al. 2020, "FL+HC", Algorithm 1).

After some rounds of one model everybody sends an update from it. Who people are shows in the words that they use, so
only the embedding's rows are compared, each divided by the root of its length: else a few very common pieces, in
which all are alike, would decide (Perronnin et al. 2010, "Improving the Fisher kernel for large-scale image
classification", section 3.2, takes roots for the same reason). This is done in a random projection, by counting each
number, with a random sign, into one of some thousand sums, which keeps angles nearly (Weinberger et al. 2009, "Feature
hashing for large scale multitask learning", section 2). The groups that are closest are joined until few are left:
Ward's distance between unit vectors, whose squares are 2 (1 - cosine).

The server must see each person's update for this, so it cannot be done under secure aggregation.
"""

# U users, V pieces, D width, K dimensions of the projection

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DIMENSIONS = 16384
_ROWS = 256  # of the matrix of distances that are made at once


class Projection:
    """Changes of the embedding [V, D] as short vectors; the same for all users of a run."""

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._sums = rng.integers(DIMENSIONS, size=shape).ravel()
        self._signs = rng.choice(np.array([-1, 1], np.int8), size=shape).ravel()

    def of(self, change_VD: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The vector [K] of unit length, or of zeros where nothing has changed."""
        lengths_V = np.linalg.norm(change_VD, axis=1, keepdims=True)
        rooted_VD = change_VD / np.sqrt(np.maximum(lengths_V, 1e-12))
        vector = np.bincount(self._sums, rooted_VD.ravel() * self._signs, DIMENSIONS)
        return (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)


def groups(vectors_UK: npt.NDArray[np.float32], number: int) -> npt.NDArray[np.int64]:
    """A group from 0 for each user, the largest group first; fewer groups than `number` where there are fewer users.

    What all updates have in common, which says nothing of who is alike, is taken out first.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors_UK) <= 1 or number == 1:
        return np.zeros(len(vectors_UK), np.int64)
    centred_UK = vectors_UK - vectors_UK.mean(0)
    lengths_U = np.linalg.norm(centred_UK, axis=1, keepdims=True)
    found_U = fcluster(linkage(_distances(centred_UK / np.maximum(lengths_U, 1e-12)), "ward"), number, "maxclust")
    names, sizes = np.unique(found_U, return_counts=True)
    order = {name: place for place, name in enumerate(names[np.argsort(-sizes, kind="stable")].tolist())}
    return np.array([order[name] for name in found_U.tolist()], np.int64)


def _distances(unit_UK: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Between each two unit vectors, in the order of `scipy.spatial.distance.pdist`, by products of matrices.

    That takes a tenth of the time of one pair after the other (400 users, two cores).
    """
    users = len(unit_UK)
    found, place = np.empty(users * (users - 1) // 2), 0
    for first in range(0, users, _ROWS):
        cosines = unit_UK[first : first + _ROWS] @ unit_UK[first:].T
        for row, cosines_of_one in enumerate(cosines):
            others = cosines_of_one[row + 1 :]
            found[place : place + len(others)] = np.sqrt(np.maximum(2 - 2 * others, 0))
            place += len(others)
    return found
