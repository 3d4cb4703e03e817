"""Who learns alike: people grouped by the direction of their updates (Briggs et al. 2020, "FL+HC", Algorithm 1).

After some rounds of one model everybody sends an update from it. Updates are compared in a random projection, by
counting each parameter's change, with a random sign, into one of some thousand sums, which keeps angles nearly
(Weinberger et al. 2009, "Feature hashing for large scale multitask learning", section 2), and the groups that are
closest are joined until few are left: Ward's distance between unit vectors, whose squares are 2 (1 - cosine).
"""

# U users, K dimensions of the projection

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from nextword.federation.codec import Update

DIMENSIONS = 4096


class Projection:
    """Updates as short vectors; the same for all users of a run."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._sums = {name: rng.integers(DIMENSIONS, size=shape).ravel() for name, shape in sorted(shapes.items())}
        self._signs = {
            name: rng.choice(np.array([-1, 1], np.int8), size=shape).ravel() for name, shape in sorted(shapes.items())
        }

    def of(self, update: Update) -> npt.NDArray[np.float64]:
        """The vector [K] of unit length, or of zeros where nothing has changed."""
        vector = np.zeros(DIMENSIONS)
        for name, sums in self._sums.items():
            vector += np.bincount(sums, update[name].ravel() * self._signs[name], DIMENSIONS)
        length = np.linalg.norm(vector)
        return vector / length if length else vector


def groups(vectors_UK: npt.NDArray[np.float64], number: int) -> npt.NDArray[np.int64]:
    """A group from 0 for each user, the largest group first; fewer groups than `number` where there are fewer users.

    What all updates have in common, which says nothing of who is alike, is taken out first.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors_UK) <= 1 or number == 1:
        return np.zeros(len(vectors_UK), np.int64)
    centred_UK = vectors_UK - vectors_UK.mean(0)
    lengths_U = np.linalg.norm(centred_UK, axis=1, keepdims=True)
    found_U = fcluster(linkage(centred_UK / np.maximum(lengths_U, 1e-12), "ward"), number, "maxclust")
    names, sizes = np.unique(found_U, return_counts=True)
    order = {name: place for place, name in enumerate(names[np.argsort(-sizes, kind="stable")].tolist())}
    return np.array([order[name] for name in found_U.tolist()], np.int64)
