"""The settings of privacy: of a user, by the server or the devices, and of a message, by training on the device.

What they may be combined with stands in their docstrings, and is checked in `nextword.federation.config`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nextword.federation.ledger import steps
from nextword.settings import NotNegative, Positive, Section, Share, refuse_unused, setting

SMALLEST_NORM, LARGEST_NORM = 1e-4, 1e5  # of a clipped update; all noise then fits the sum (`server.accumulator`)
NOISE_REACH = 8.6  # deviations, which no number of a device's noise exceeds (`federation.noise`: 53 bits)
MOST_BITS = 32  # of a number in a sum of whole numbers
LARGEST_CORRELATED = 100.0  # noise multiplier of noise correlated over rounds, whose tails are longer


class DpSgdConfig(Section):
    """Training on the device with differential privacy, the unit being a message (`personalization.private`).

    What epsilon covers is what is made of a person's updates: all that the server sends on and ends with. It is the
    same for all who took part in as many rounds, as sampling rate and steps are public and nobody's own; so nothing of
    it travels. What a device makes for its person when all rounds are done stays there, and is trained without noise.
    The number of messages travels, which neighbours have in common (`federation.ledger`); the number of
    pieces and what they cost while training do not. Evaluation (`federation.evaluate-every`) is a measurement, tells
    the bits of validation messages as they are, and is not covered. Without noise all else is left as it is.

        dpsgd.noise-multiplier above 0 and
        personal.method       any but "per-fedavg". By "fedper", "fedrep" and "adapters" what is personal has a part
                              in the update, so its training is private too: dpsgd.parts "all"
        clusters.number       1; a person's choice would be made of their messages without noise
        ngrams                none, or with ngrams.noise, which is added to what a message pays
        federation.checkpoint-every   1; else rounds done again after a crash are in the devices' accounts alone
        dpsgd.epsilon-budget  kept by each device too, by its own account, which knows nothing of n-grams
        client.clip-norm      of no meaning: messages' gradients are clipped, not a step's
        update, server, federation    any; they see noisy updates only
    """

    noise_multiplier: Annotated[float, Field(ge=0, le=1000)] = setting(
        0.0, "deviation of the noise over clip-norm; 0: off"
    )
    clip_norm: Positive = setting(1.0, "the longest a message's gradient may be")
    sampling_rate: Annotated[float, Field(gt=0, le=1)] = setting(0.1, "of each message in each step")
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    epsilon_budget: NotNegative = setting(0.0, "the run ends before the round that would exceed it; 0: no budget")
    parts: Literal["shared", "all"] = setting("all", '"shared": what stays on the device is trained without noise')
    secure: bool = setting(
        False, "noise by a secret of the device, not by the run's seed, which shows what noise hides"
    )

    @property
    def on(self) -> bool:
        return self.noise_multiplier > 0

    def steps(self, epochs: int) -> int:
        """In which a message is drawn `epochs` times on average."""
        return steps(epochs, self.sampling_rate)

    @model_validator(mode="after")
    def _a_budget_can_be_kept(self) -> Self:
        if self.epsilon_budget and not self.on:
            raise ValueError(
                f"dpsgd.epsilon-budget = {self.epsilon_budget:g}: without noise epsilon is infinite: "
                "set dpsgd.noise-multiplier=1 or dpsgd.epsilon-budget=0"
            )
        return self

    @model_validator(mode="after")
    def _without_noise_nothing_is_said_of_it(self) -> Self:
        if not self.on:
            others = set(type(self).model_fields) - {"noise_multiplier"}
            refuse_unused(self, "dpsgd", others, "dpsgd.noise-multiplier=1")
        return self


class PrivacyConfig(Section):
    """User-level differential privacy, by a trusted server or by the devices, and what it may be combined with.

    By "central" (`server.privacy`) what epsilon covers is the models that the devices are sent, the last one, and the
    clip norms; with n-grams, these too. It does not cover the server's log: mean bits, counts and bytes in
    events.jsonl and summary.json, evaluation included, are there without noise, and are for the server alone.

        method = "central" and
        federation.weighting     "users"; by messages a user would weigh up to 300 times as much
        federation.sampling      any. "poisson" amplifies privacy. For the others, whose draw is no secret, a user is
                                 accounted for every round in which they were asked, the one asked most often counting
        federation.checkpoint-every   1; else rounds done again after a crash are releases that the ledger misses
        update.codec             any; what the server decodes is clipped once more
        update.feedback          yes; the residual is added before the clipping, so a round's update stays bounded,
                                 and what the clipping takes away is not kept
        personal.method          any; what is personal does not leave the device
        clusters.number          1; groups and choices would be made of everybody's updates without noise
        ngrams                   none, or with ngrams.noise; both together are accounted at privacy.delta
        server.optimizer, update.download    any; they see noisy sums only

        method = "ftrl": noise that later rounds partly take back (`server.ftrl`), where no draw can be kept secret. At
        the same noise-multiplier it costs what "central" does without amplification, and the model has less noise
        federation.sampling      "cyclic"; by the others nothing says how soon a user is asked again
        privacy.band             0, or at most the rounds until a user is asked again, all users over users-per-round.
                                 Either way it is no wider than the run has rounds
        all else                 as for "central", quantile too. The less noise is of the sum of all updates, which
                                 server.optimizer = "fedavg" makes the model; others make of it what they do

    With `quantile` the clip norm adapts until this share of the updates is shorter. By "none" all else stays as it is.

    By "local" and "distributed" the noise is the devices' own, by secrets that stay there, and so is the clip norm: the
    server can check neither. "local" (`personalization.own_noise`): each update has noise of noise-multiplier times
    clip-norm before it is encoded, and epsilon covers the updates as the server sees them, between any two texts of a
    user's, so it is that of half the noise. "distributed"
    (`nextword.federation.skellam`): each has a share of it, in whole numbers of so many `bits`, and epsilon covers
    their sums; the server must see nothing else, which takes a secure sum. With `enough` below 1 the noise is whole
    when this share of those asked has answered; where fewer do it is less, and the ledger counts what there was.
    A device with nothing to train on sends zeros, with noise. No count of messages or pieces, no bits of training, no
    norm travels; evaluation does, as it is (`federation.evaluate-every`), and is not covered.

        method = "local" or "distributed" and
        federation.weighting, federation.checkpoint-every, clusters.number    as for "central"
        federation.sampling      any but "poisson"; by "reshuffled" and "cyclic" everybody is charged alike. Nothing is
                                 amplified towards the server, who draws the sample
        update.codec             "local": any, as it sees noise already, and the server cuts off what that makes of a
                                 number beyond 32; "distributed": "float32", it has its own
        update.feedback          no; what is lost of an update is mostly noise
        personal.method, dpsgd   any
        ngrams                   none; their noise is the server's
        privacy.quantile         0; whether an update is short would travel without noise
        privacy.clip-norm        "local": at most 32 with the noise, which is what the server takes of a number; by
                                 randomk:0.1 a tenth of that, as it multiplies by ten
        privacy.bits, rotate     "distributed": enough bits for the sum; a start with too few is refused
        privacy.epsilon-budget   "local": kept by each device too, which counts its own updates. "distributed": a round
                                 is begun if all answers would keep to the budget. Where fewer come it costs more, so
                                 the last round may exceed the budget
        privacy.accountant       of no meaning: "local" is exact, "distributed" by RDP
    """

    method: Literal["none", "central", "ftrl", "local", "distributed"] = "none"
    clip_norm: Annotated[float, Field(ge=SMALLEST_NORM, le=LARGEST_NORM)] = setting(
        1.0, "the first one, where it adapts"
    )
    noise_multiplier: Annotated[float, Field(ge=0, le=1000)] = setting(1.0, "deviation of the noise over the clip norm")
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    epsilon_budget: NotNegative = setting(0.0, "the run ends before the round that would exceed it; 0: no budget")
    accountant: Literal["prv", "rdp"] = setting("prv", "for what was sampled; without sampling the figure is exact")
    quantile: Share = setting(0.0, "0: the clip norm stays")
    quantile_rate: Positive = 0.2
    quantile_share: Annotated[float, Field(gt=0, le=0.5)] = setting(
        0.01, "of what a round costs, for finding the quantile"
    )
    band: Annotated[int, Field(ge=0)] = setting(
        0, "ftrl: rounds that noise spans, at 8 bytes a parameter each; 0: all it may"
    )
    bits: Annotated[int, Field(ge=8, le=MOST_BITS)] = setting(20, "distributed: of each number sent, and of their sum")
    rotate: bool = setting(
        True, "distributed: at random before rounding, so that no number stands out and fewer bits do"
    )
    enough: Annotated[float, Field(gt=0, le=1)] = setting(
        1.0, "distributed: of those asked, whose noise is the whole noise"
    )

    @property
    def by_devices(self) -> bool:
        """Whether the devices add the noise, so that what leaves them without any must not leave."""
        return self.method in ("local", "distributed")

    @property
    def released_multiplier(self) -> float:
        """A round's noise over the most that a user's data move what is released.

        What is hidden is whose data are there and whose are none. By "local" it is also which of any two texts a user
        has: their updates are up to two clip norms apart.
        """
        return self.noise_multiplier / 2 if self.method == "local" else self.noise_multiplier

    @property
    def adapts(self) -> bool:
        """Whether the clip norm moves."""
        return self.method != "none" and self.quantile > 0

    @model_validator(mode="after")
    def _correlated_noise_is_right(self) -> Self:
        if self.band and self.method != "ftrl":
            raise ValueError(f"privacy.band = {self.band}: set privacy.method=ftrl, or privacy.band=0")
        if self.method == "ftrl" and self.noise_multiplier > LARGEST_CORRELATED:
            raise ValueError(
                f"privacy.noise-multiplier = {self.noise_multiplier:g}: correlated noise might not fit the sum: "
                f"set privacy.noise-multiplier={LARGEST_CORRELATED:g} or privacy.method=central"
            )
        return self

    @model_validator(mode="after")
    def _what_is_of_shared_noise_is_used(self) -> Self:
        if self.method != "distributed":
            refuse_unused(self, "privacy", ("bits", "rotate", "enough"), "privacy.method=distributed")
        return self

    @model_validator(mode="after")
    def _a_budget_can_be_kept(self) -> Self:
        if self.epsilon_budget and self.method == "none":
            raise ValueError(f"privacy.epsilon-budget = {self.epsilon_budget:g}: set privacy.method=central")
        if self.epsilon_budget and not self.noise_multiplier:
            raise ValueError(
                f"privacy.epsilon-budget = {self.epsilon_budget:g}: without noise epsilon is infinite: "
                "set privacy.noise-multiplier=1 or privacy.epsilon-budget=0"
            )
        return self

    @model_validator(mode="after")
    def _without_a_method_nothing_is_said_of_one(self) -> Self:
        if self.method == "none":
            refuse_unused(self, "privacy", set(type(self).model_fields) - {"method"}, "privacy.method=central")
        return self
