"""The ledger of a run: what each round has released, what all have cost together, and whether one more may be.

By Poisson sampling a round is a sampled Gaussian mechanism. By the other samplings, whose draw every device can repeat,
nothing is amplified: a user is charged for the rounds in which they were asked, and the one who was asked most often
counts for all. So it is with noise that is correlated over rounds, too (`server.ftrl`), and where devices add the noise
(`privacy.method = "local"`), each of whose updates is a release. What a round has released stands in its event, so a
run that is resumed goes on with what happened.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nextword.federation.config import RunConfig
from nextword.federation.ledger import Gaussian, PrivacySpent, spent
from nextword.federation.ngrams import LEVELS
from server.run_folder import Event

PROJECTED = (100_000, 1_000_000)  # populations
MOST_AT_ONCE = 10_000  # users of a round in a projection
_BY_THE_SERVER = "the models, the clip norms and the n-grams; not the counts, mean bits and bytes of this log"
COVERS = {
    "central": _BY_THE_SERVER,
    "ftrl": _BY_THE_SERVER,
    "local": "each update as the server sees it, and all that is made of them; not the evaluation of this log",
    "distributed": "the sums of updates, and all that is made of them; not each update as this server, which adds in "
    "the open, could see it, nor the evaluation of this log",
}


@dataclass
class Spending:
    """Of the rounds so far. `sample` says who is asked in a round."""

    config: RunConfig
    population: int
    sample: Callable[[int], Sequence[int]]
    releases: list[Event] = field(default_factory=list)
    _asked: Counter[int] = field(default_factory=Counter)

    def go_on_from(self, events: Sequence[Event]) -> None:
        """Take in what rounds have released."""
        for event in events:
            if event["event"] == "round":
                self.releases.append(event["privacy"])
                self._asked.update(self.sample(event["round"]))

    def record(self, server_round: int, clip_norm: float) -> Event:
        """Take in a round that was done with this clip norm; what stands in its event."""
        self.releases.append(self._release(server_round))
        self._asked.update(self.sample(server_round))
        self.releases[-1] |= {"clip_norm": clip_norm, **self.spent().event()}
        return self.releases[-1]

    def spent(self, *, ngrams: bool = False) -> PrivacySpent:
        """By the rounds so far, and by the search for n-grams."""
        return self._account(self.releases, ngrams=ngrams)

    def with_round(self, server_round: int) -> PrivacySpent:
        """By the end of the run, if it ends after this round."""
        return self._account([*self.releases, self._release(server_round)], ngrams=True)

    def affordable(self, server_round: int) -> bool:
        """Whether the run may end after this round, and not before."""
        budget = self.config.privacy.epsilon_budget
        return not budget or self.with_round(server_round).epsilon <= budget

    def projections(self) -> list[Event]:
        """What the same rounds would cost in larger populations (McMahan et al. 2018, section 4; Kairouz et al. 2021).

        With more users in a round the noise on the mean is the same at a larger multiplier. No such run was made: that
        its accuracy would be the same is an assumption.
        """
        if not self.releases or self.config.privacy.method == "local":  # where more users do not help anybody
            return []
        return [self._projection(population) for population in PROJECTED if population > self.population]

    def _release(self, server_round: int) -> Event:
        drawn_alone = self.config.federation.sampling == "poisson"
        at_once = min(self.config.federation.users_per_round, self.population)
        asked = Counter() if drawn_alone else Counter(self.sample(server_round))
        return {
            "noise_multiplier": self.config.privacy.released_multiplier,
            "sampling_rate": at_once / self.population if drawn_alone else 1.0,
            "cohort": at_once if drawn_alone else len(asked),
            "participations": None if drawn_alone else max((self._asked + asked).values()),
        }

    def _account(self, releases: Sequence[Event], *, ngrams: bool) -> PrivacySpent:
        settings = self.config.privacy
        mechanisms = [Gaussian(one["noise_multiplier"], one["sampling_rate"]) for one in releases]
        words = "nobody was asked"
        if releases and releases[-1]["participations"] is None:
            words = f"poisson {releases[-1]['sampling_rate']:.3g}"
        elif releases:
            most, least_noise = releases[-1]["participations"], min(one.noise_multiplier for one in mechanisms)
            mechanisms = [Gaussian(least_noise, 1.0, most)]
            words = f"{self.config.federation.sampling}, not amplified, a user in at most {most} rounds"
        if ngrams:
            mechanisms, words = self._with_ngrams(mechanisms, words)
        return spent(
            mechanisms,
            settings.delta,
            unit="user",
            rounds=len(releases),
            sampling=words,
            accountant=settings.accountant,
        )

    def _with_ngrams(self, mechanisms: Sequence[Gaussian], words: str) -> tuple[list[Gaussian], str]:
        """Also of the search for n-grams, if there is one: its noise hides a user of however many."""
        if not self.config.ngrams.least_users:
            return [*mechanisms], words
        found = Gaussian(self.config.ngrams.noise, 1.0, LEVELS)
        return [*mechanisms, found], f"{words}, and {LEVELS} levels of n-grams"

    def _projection(self, population: int) -> Event:
        settings, rounds, cohort = self.config.privacy, len(self.releases), self.releases[-1]["cohort"]
        share = min(self.config.federation.users_per_round, self.population) / self.population
        many = min(MOST_AT_ONCE, round(share * population))
        noise = settings.noise_multiplier * many / cohort
        if self.releases[-1]["participations"] is None:
            mechanism, words = Gaussian(noise, many / population, rounds), f"poisson {many / population:.3g}"
        else:
            most = math.ceil(rounds / math.ceil(population / many))
            dealt = "cyclic" if self.config.federation.sampling == "cyclic" else "reshuffled"
            mechanism, words = Gaussian(noise, 1.0, most), f"{dealt}, a user in at most {most} rounds"
        mechanisms, words = self._with_ngrams([mechanism], words)
        found = spent(
            mechanisms,
            min(settings.delta, 0.01 / population),
            unit="user",
            rounds=rounds,
            sampling=words,
            accountant=settings.accountant,
        )
        return {"projected_population": population, "cohort": many, "noise_multiplier": noise, **found.event()}
