"""Noise that later rounds partly take back: DP-FTRL by a banded square root, for when nobody's draw amplifies privacy.

The model after t rounds is made of the sum of t rounds' sums (the matrix A of ones on and below the diagonal), so what
counts is the noise in these prefix sums. A matrix mechanism (Denisov et al. 2022, "Improved differential privacy for
SGD via optimal private linear operators on adaptive streams", section 2) adds rows of C^-1 Z to the rounds' sums, Z
independent Gaussian: it releases C X + Z, and A X + A C^-1 Z is made of that. C is the square root of A, which is
Toeplitz with the coefficients

    c_0 = 1,   c_k = c_(k-1) (2k - 1) / (2k)   (1, 1/2, 3/8, ...; Fichtenberger et al. 2023, "Constant matters"),

cut off after a band of b (Kalinin & Lampert 2024, "Banded square root matrix factorization for differentially private
model training"). Its noise is

    y_t = z_t - sum over 0 < j < b of c_j y_(t-j),     in units of |c| = sqrt(sum over j < b of c_j^2).

What it costs. A user's data change rows of X by at most the clip norm each, in rounds that are at least b apart: their
columns of C then share no row. So C X moves by at most |c| clip norms for one round and by sqrt(k) |c| for k of them
(Choquette-Choo et al. 2023, "(Amplified) banded matrix factorization"), exactly so where the run goes on for b - 1
rounds after the last one. With Z of deviation z |c| clip norms the rounds so far are one Gaussian mechanism of
multiplier z / sqrt(k), as k rounds of independent noise of z would be. Updates may depend on what was released
(Denisov et al. 2022, theorem 2.1). So the ledger is that of independent noise, and the gain is in the error: at the
same epsilon the root of the mean squared noise in all prefix sums is, against independent noise,

    rounds  users asked again after    5      10     20     50
    100                                0.53   0.43   0.37   0.33
    400                                0.51   0.39   0.31   0.23

The claim needs that nobody is asked twice within b rounds: `sampling.cyclic` gives it by construction.

A clip norm that adapts: the mechanism above is that of sums in units of the round's clip norm, which is known before
the round, and multiplying by it comes after. The counts' noise is independent over rounds; sums and counts together are
one mechanism, of which a user's part in a round costs what `server.privacy` says. Noise is then taken back in the new
unit, so it cancels the less the more the clip norm moves.

Each row of Z is drawn for the sum that it protects (`nextword.federation.noise`), so a round that is done again after a
crash with another sum has another z_t: even who saw both would see two releases with independent noise, not one noise
twice. Rounds after it must take back the z_t that stands in the checkpoint; so the digests of the sums so far are kept.
They are hashes of sums without noise: they lie beside the secret, for the server alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nextword.federation.noise import of_round

Row = npt.NDArray[np.float64]


def square_root(band: int) -> Row:
    """The first `band` coefficients of the square root of the matrix of prefix sums."""
    k = np.arange(1, band)
    return np.cumprod(np.concatenate([[1.0], (2 * k - 1) / (2 * k)]))


def band(wanted: int, separation: int) -> int:
    """`wanted`, or for 0 as wide as may be. Raises ValueError where a user is asked again within it."""
    if wanted > separation:
        raise ValueError(
            f"privacy.band = {wanted}: a user is asked again after {separation} rounds: "
            f"set privacy.band={separation}, or 0 for as many rounds as there are between"
        )
    return wanted or separation


class CorrelatedNoise:
    """The rows y_t, drawn round by round; `digests` are those of the sums of the rounds so far.

    It holds the last b - 1 rows, 8 (b - 1) bytes a parameter. After a resume they are made again from the first round
    on, one parameter after the other, which takes as long as the noise of all rounds so far.
    """

    def __init__(self, secret: int, band: int, digests: Sequence[bytes] = ()) -> None:
        self.secret = secret
        self.digests = list(digests)
        self._coefficients = square_root(band)
        self._rows: dict[str, tuple[int, deque[Row]]] = {}  # by parameter: the last round, and its newest rows

    @property
    def band(self) -> int:
        return len(self._coefficients)

    def __call__(self, server_round: int, name: str, of: bytes, size: int) -> Row:
        """Row `server_round` (1, 2, ...) for a parameter of `size` numbers, where the sum of all has the digest `of`.

        One user's part in one round costs what it would with independent standard normal numbers. Raises ValueError
        where an earlier round is missing.
        """
        if len(self.digests) < server_round - 1:
            raise ValueError(f"noise of round {server_round}: of the rounds before only {len(self.digests)} are known")
        if self.digests[server_round - 1 : server_round] != [of]:
            self.digests[server_round - 1 :] = [of]
        done, rows = self._rows.get(name, (0, deque(maxlen=self.band - 1)))
        if done >= server_round:  # done once more
            done, rows = 0, deque(maxlen=self.band - 1)
        for earlier in range(done + 1, server_round + 1):
            row = of_round(self.secret, earlier, name, self.digests[earlier - 1], size)
            for coefficient, before in zip(self._coefficients[1:], reversed(rows), strict=False):
                row -= coefficient * before
            rows.append(row)
        self._rows[name] = server_round, rows
        return float(np.linalg.norm(self._coefficients)) * row
