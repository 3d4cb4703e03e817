"""What private training on the devices (`[dpsgd]`) has cost a message, seen from the server.

Nobody tells it: sampling rate, noise and steps are public and the same for all, and the server knows whom it has asked
in which round. The figure is that of the user who was asked most often; whether their updates came or counted does not
matter. Devices keep accounts of their own (`personalization.spending`), which hold what they have really released.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from nextword.federation.config import RunConfig
from nextword.federation.ledger import Gaussian, PrivacySpent, spent
from nextword.federation.ngrams import LEVELS


class MessagePrivacy:
    """Of a run; `sample` tells whom a round asks."""

    def __init__(self, config: RunConfig, sample: Callable[[int], list[int]]):
        self._config, self._sample = config, sample
        self._asked: Counter[int] = Counter()
        self._most = [0]  # after each round, how often whoever was asked most often had been

    def affordable(self, server_round: int) -> bool:
        """Whether the run may end after this round, and not before."""
        budget = self._config.dpsgd.epsilon_budget
        return not budget or self.after(server_round, ngrams=True).epsilon <= budget

    def after(self, server_round: int, *, ngrams: bool = False) -> PrivacySpent:
        """After this round, and with `ngrams` after these too, if there were any.

        The noise of n-grams hides whether a user is there: what they give is as long as a sketch may be. One message
        more may put other items into all of its places, and two such sketches are apart by the root of two times that.
        """
        while len(self._most) <= server_round:
            self._asked.update(self._sample(len(self._most)))
            self._most.append(max(self._asked.values(), default=0))
        times, dpsgd = self._most[server_round], self._config.dpsgd
        released = [Gaussian(dpsgd.noise_multiplier, dpsgd.sampling_rate, times * self._steps)]
        if ngrams and self._config.ngrams.least_users:
            released.append(Gaussian(self._config.ngrams.noise / math.sqrt(2), 1.0, LEVELS))
        return spent(released, dpsgd.delta, unit="message", rounds=times, sampling="Poisson, of messages")

    @property
    def _steps(self) -> int:
        """Of a user's round: of the shared part, and of what is personal where that is trained apart and privately."""
        config, own = self._config, self._config.personal
        joint = own.method in ("fedavg", "fedper") or (own.method == "apfl" and not own.mixing)
        epochs = (
            [config.client.epochs] if joint or config.dpsgd.parts == "shared" else [config.client.epochs, own.epochs]
        )
        return sum(config.dpsgd.steps(each) for each in epochs)
