"""The ledger of a run whose devices share the noise: each round costs what the noise that really came is worth.

The figure is for who sees the sums alone (`nextword.federation.skellam`). Nothing is amplified: a user pays for each
round in which they were asked, whether they answered or not, and that of the user who has paid most is told; it is
composed order by order, so at least that of any user. A round that nobody answered has released nothing. What a round
may cost is judged before it as if all will answer; where fewer do it costs more, and the run stops the sooner.

A round that is done again after a crash brings the same numbers of the same devices, so the same sum, and is paid once.
That holds where the same devices answer: the difference of two sums of one round is what somebody sent, with their
share of the noise alone. So of a round that is begun again a secure sum must not tell the first try's sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nextword.federation.ledger import ORDERS, Curve, PrivacySpent, curve_epsilon
from nextword.federation.skellam import Scheme
from nextword.federation.skellam_cost import Skellam, curve
from server.run_folder import Event
from server.spending import Spending


@dataclass
class SharedNoiseSpending(Spending):
    """Of the rounds so far. `scheme` is that of a round that asks so many; `answered` says how many did in the last."""

    scheme: Callable[[int], Scheme] = field(kw_only=True)
    answered: Callable[[], int] = field(kw_only=True)
    _curves: dict[int, Curve] = field(default_factory=dict)  # of each user who was asked

    def go_on_from(self, events: Sequence[Event]) -> None:
        """Take in what rounds have released."""
        for event in events:
            if event["event"] == "round":
                self._take(event["round"], event["privacy"])

    def record(self, server_round: int, clip_norm: float) -> Event:
        """Take in a round that was done; what stands in its event."""
        self._take(server_round, self._released(server_round, self.answered()))
        self.releases[-1] |= {"clip_norm": clip_norm, **self.spent().event()}
        return self.releases[-1]

    def spent(self, *, ngrams: bool = False) -> PrivacySpent:
        """By the rounds so far; there are no n-grams."""
        return self._told(self._curves.values(), len(self.releases), self._most(()))

    def with_round(self, server_round: int) -> PrivacySpent:
        """By the end of the run, if it ends after this round and everybody answers in it."""
        asked = self.sample(server_round)
        cost = _cost(self._released(server_round, len(asked)))
        curves = self._curves | {user: self._curves.get(user, 0) + cost for user in asked}
        return self._told(curves.values(), len(self.releases) + 1, self._most(asked))

    def projections(self) -> list[Event]:
        """None: with more users the grid would be another, and so the noise."""
        return []

    def _released(self, server_round: int, answered: int) -> Event:
        asked = self.sample(server_round)
        scheme = self.scheme(len(asked))
        released = Skellam.of(scheme, answered)
        return {
            "noise_multiplier": released.noise_multiplier,  # of what was there, over the longest that a user adds
            "sampling_rate": 1.0,
            "cohort": len(asked),
            "answered": answered,
            "participations": self._most(asked),
            "bits": scheme.bits,
            "scale": scheme.scale,
            "sum_variance": released.variance,  # in steps of the grid, as the norms
            "l1": released.l1,
            "l2": released.l2,
        }

    def _take(self, server_round: int, released: Event) -> None:
        asked, cost = self.sample(server_round), _cost(released)
        for user in asked:
            self._curves[user] = self._curves.get(user, 0) + cost
        self._asked.update(asked)
        self.releases.append(released)

    def _most(self, asked: Sequence[int]) -> int:
        return max((self._asked + type(self._asked)(asked)).values(), default=0)

    def _told(self, curves: Iterable[Curve], rounds: int, most: int) -> PrivacySpent:
        delta, dearest = self.config.privacy.delta, np.max([np.zeros(len(ORDERS)), *curves], axis=0)
        sampling = (
            f"{self.config.federation.sampling}, not amplified, a user in at most {most} rounds, of the sums alone"
        )
        return PrivacySpent(curve_epsilon(dearest, delta), delta, "user", "rdp", rounds, sampling)


def _cost(released: Event) -> Curve:
    if not released["answered"]:
        return np.zeros(len(ORDERS))
    return curve(Skellam(released["sum_variance"], released["l1"], released["l2"]))
