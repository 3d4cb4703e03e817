"""The run configuration: one validated, frozen object, the same from a TOML file, from `--set` and from `flwr run`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nextword.federation.codec import Codec
from nextword.federation.ledger import steps
from nextword.federation.records import MAX_MAGNITUDE
from nextword.settings import AtLeastOne, NotNegative, Positive, Section, Seed, Settings, Share

SMALLEST_NORM, LARGEST_NORM = 1e-4, 1e5  # of a clipped update; all noise then fits the sum (`server.accumulator`)
NOISE_REACH = 8.6  # deviations, which no number of a device's noise exceeds (`federation.noise`: 53 bits)
MOST_BITS = 32  # of a number in a sum of whole numbers
LARGEST_CORRELATED = 100.0  # noise multiplier of noise correlated over rounds, whose tails are longer


class CorpusConfig(Section):
    """Whose messages: read on the device alone."""

    name: str = "synthetic"  # of the catalogue, a .jsonl(.gz) file, or hf:NAME
    data_dir: str = ""  # empty: $NEXTWORD_DATA, else the user's cache folder
    user_column: str = "user"
    text_column: str = "text"
    newcomer_share: Share = 0.2
    hold_back: bool = True  # people who are evaluated contribute no validation message


class ModelSection(Section):
    """The model to start from: "bundled", a checkpoint's folder, or "scratch" with the shape that follows."""

    start: str = "scratch"
    width: AtLeastOne = 256
    layers: AtLeastOne = 4
    heads: AtLeastOne = 4
    hidden: AtLeastOne = 640
    vocabulary_size: Annotated[int, Field(ge=300, le=60_000)] = 8000

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.width % (2 * self.heads):
            raise ValueError(f"model.width = {self.width} must be a multiple of twice model.heads = {self.heads}")
        return self


class FederationConfig(Section):
    """Rounds and the people in them. `users-per-node` and `workers` decide where work is done, never its result."""

    rounds: AtLeastOne = 30
    users_per_round: Annotated[int, Field(ge=1, le=32_768)] = 20
    sampling: Literal["independent", "reshuffled", "cyclic", "poisson"] = "independent"
    weighting: Literal["messages", "users"] = "users"  # of updates in their mean: by messages trained on, or alike
    users_per_node: Annotated[int, Field(ge=0)] = 0  # 0: spread evenly over the nodes there are
    workers: Annotated[int, Field(ge=0)] = 0  # processes of the simulation; 0: one for each core
    evaluate_every: Annotated[int, Field(ge=0)] = 5  # rounds; 0: never
    evaluate_users: AtLeastOne = 20
    checkpoint_every: AtLeastOne = 1  # rounds
    timeout_s: Positive = 1800.0  # after so long without any reply, the round goes on without the missing users


class ClientConfig(Section):
    """Training on the device; the fields are those of `nextword.training.TrainConfig`. `prox` is FedProx's mu."""

    OWN_RATES: ClassVar[Mapping[str, float]] = {"sgd": 0.5, "adamw": 1e-3}

    epochs: AtLeastOne = 1
    batch_messages: AtLeastOne = 16
    learning_rate: NotNegative = 0.0  # 0: the optimizer's own, 0.5 for sgd and 0.001 for adamw
    optimizer: Literal["sgd", "adamw"] = "sgd"
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_share: Share = 0.0
    weight_decay: NotNegative = 0.0
    clip_norm: Positive = 1.0
    dropout: Share = 0.0
    prox: NotNegative = 0.0
    max_pieces: Annotated[int, Field(ge=2, le=4096)] = 64

    @property
    def rate(self) -> float:
        """The learning rate, or the optimizer's own for 0."""
        return self.learning_rate or self.OWN_RATES[self.optimizer]


class ServerConfig(Section):
    """The server's optimizer, which takes the mean update as its gradient (Reddi et al. 2021)."""

    OWN_RATES: ClassVar[Mapping[str, float]] = {"fedavg": 1.0, "fedavgm": 1.0, "fedadam": 0.01, "fedyogi": 0.01}

    optimizer: Literal["fedavg", "fedavgm", "fedadam", "fedyogi"] = "fedadam"
    learning_rate: NotNegative = 0.0  # 0: the optimizer's own, 1 for fedavg and fedavgm, 0.01 for fedadam and fedyogi
    schedule: Literal["constant", "cosine"] = "cosine"  # of the learning rate, over the rounds
    momentum: Share = 0.9  # fedavgm
    beta1: Share = 0.9  # fedadam, fedyogi
    beta2: Share = 0.99  # fedadam, fedyogi
    tau: Positive = 1e-4  # fedadam, fedyogi

    @property
    def rate(self) -> float:
        """The learning rate, or the optimizer's own for 0."""
        return self.learning_rate or self.OWN_RATES[self.optimizer]


class PersonalConfig(Section):
    """What a device keeps for its person between rounds, and how it is trained (`personalization.methods`).

    By "fedavg" and "per-fedavg" it keeps nothing.
    """

    method: Literal["fedavg", "fedper", "fedrep", "adapters", "ditto", "apfl", "per-fedavg"] = "fedavg"
    layers: AtLeastOne = 1  # fedper, fedrep: topmost blocks that are personal
    rank: AtLeastOne = 8  # adapters: of the change of each matrix
    epochs: AtLeastOne = 1  # over the history, of what is personal; for a newcomer too
    learning_rate: NotNegative = 0.0  # of what is personal, but for apfl and per-fedavg; 0: the client's
    pull: NotNegative = 0.1  # ditto: towards the shared parameters (lambda)
    mixing: Annotated[float, Field(ge=0, le=1)] = 0.5  # apfl: the personal share of the mixed model (alpha)
    inner_rate: Positive = 0.1  # per-fedavg: of the step that a person takes from the shared parameters


class UpdateConfig(Section):
    """What travels: the change of the shared parameters up (`nextword.federation.codecs`), the parameters down.

    With `feedback` a device adds to its next update what was lost of the last one that counted.

    A `frozen` embedding, which is the output too, is neither trained nor sent: it stays as all devices have it from the
    start, so its rows do not tell which words a person has written (Gupta et al. 2022, "Recovering private text in
    federated learning of language models", who propose it as a defence). What else is sent still may: layers' gradients
    lie in the span of their inputs (Petrov et al. 2024, "DAGER: exact gradient inversion for large language models").
    It is no guarantee, which noise alone gives (`privacy`, `dpsgd`). By "all-but-one" only one block, or what is in no
    block, is trained and sent in each round, in turn (Wang et al. 2024, "Why go full? Elevating federated learning
    through partial network updates").
    """

    codec: str = "float32"  # as "topk:0.1+hadamard+int4"
    feedback: bool = False
    download: Literal["float32", "int8"] = "float32"
    frozen: Literal["nothing", "embedding", "all-but-one"] = "nothing"

    @model_validator(mode="after")
    def _feedback_needs_a_codec_that_contracts(self) -> Self:
        try:
            contracts = Codec(self.codec).contracts
        except ValueError as error:
            raise ValueError(f"update.codec = {self.codec!r}: {error}") from None
        if self.feedback and not contracts:
            raise ValueError(
                f"update.feedback = true: what {self.codec} loses may be longer than the update, and would grow from "
                "round to round: set update.feedback=false, or end with hadamard+int4 or sign"
            )
        return self


class DpSgdConfig(Section):
    """Training on the device with differential privacy, the unit being a message (`personalization.private`).

    What epsilon covers is what is made of a person's updates: all that the server sends on and ends with. It is the
    same for all who took part in as many rounds, as sampling rate and steps are public and nobody's own; so nothing of
    it travels. The number of messages does, which neighbours have in common (`federation.ledger`); the number of
    pieces and what they cost while training do not. Evaluation (`federation.evaluate-every`) is a measurement, tells
    the bits of validation messages as they are, and is not covered.

        dpsgd.noise-multiplier above 0 and
        personal.method       any but "per-fedavg". By "fedper", "fedrep" and "adapters" what is personal has a part
                              in the update, so its training is private too: dpsgd.parts "all"
        clusters.number       1; a person's choice would be made of their messages without noise
        ngrams                none, or with ngrams.noise, which is added to what a message pays
        federation.checkpoint-every   1, or rounds that are done again after a crash are in the devices' accounts alone
        client.clip-norm      of no meaning: messages' gradients are clipped, not a step's
        update, server, federation    any; they see noisy updates only
    """

    noise_multiplier: Annotated[float, Field(ge=0, le=1000)] = 0.0  # deviation of the noise over clip-norm; 0: off
    clip_norm: Positive = 1.0  # the longest a message's gradient may be
    sampling_rate: Annotated[float, Field(gt=0, le=1)] = 0.1  # of each message in each step
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    parts: Literal["shared", "all"] = "all"  # "shared": what stays on the device is trained without noise
    secure: bool = False  # noise by a secret of the device, not by the run's seed, which shows what noise hides

    @property
    def on(self) -> bool:
        return self.noise_multiplier > 0

    def steps(self, epochs: int) -> int:
        """In which a message is drawn `epochs` times on average."""
        return steps(epochs, self.sampling_rate)


class ClustersConfig(Section):
    """Several shared models, each for people who are alike; a person's device picks its own.

    After `warm_rounds` of one model people are grouped by their updates (`server.clustering`). Each group goes on from
    that model, and learns from everybody too, as if `pooling` more of its people had sent the mean of all updates
    (`server.pooling`). With "ifca" devices then choose for themselves once `settle_rounds` are over, by what their
    history costs (Ghosh et al. 2020, Algorithm 1); with "updates" they stay in their group, and choose in the end.
    """

    number: Annotated[int, Field(ge=1, le=64)] = 1
    method: Literal["ifca", "updates"] = "ifca"
    warm_rounds: AtLeastOne = 10
    settle_rounds: Annotated[int, Field(ge=0)] = 5
    pooling: NotNegative = 4.0  # users; 0: a cluster learns from its own people alone


class NgramsConfig(Section):
    """Words and n-grams that many people use, laid over the model (`nextword.federation.ngrams`)."""

    least_users: Annotated[int, Field(ge=0)] = 0  # who must have an n-gram before it is found; 0: none are looked for
    items: AtLeastOne = 3000  # that a user contributes at a level, their most frequent ones
    most: AtLeastOne = 50_000  # that are kept of a level
    rows: Annotated[int, Field(ge=1, le=16)] = 3
    buckets: Annotated[int, Field(ge=2**8, le=2**24)] = 2**18  # far more than all users' items over least-users
    noise: NotNegative = 0.0  # multiplier of the Gaussian mechanism at each level; 0: no noise, and no epsilon
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5

    @model_validator(mode="after")
    def _buckets_are_a_power_of_two(self) -> Self:
        if self.buckets & (self.buckets - 1):
            raise ValueError(f"ngrams.buckets = {self.buckets} must be a power of two")
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
        privacy.band             0, or at most the rounds until a user is asked again, all users over users-per-round
        all else                 as for "central", quantile too. The less noise is of the sum of all updates, which
                                 server.optimizer = "fedavg" makes the model; others make of it what they do

    With `quantile` the clip norm adapts until this share of the updates is shorter.

    By "local" and "distributed" the noise is the devices' own, by secrets that stay there, and so is the clip norm: the
    server can check neither. "local" (`personalization.own_noise`): each update has noise of noise-multiplier times
    clip-norm before it is encoded, and epsilon covers the updates as the server sees them. "distributed"
    (`nextword.federation.skellam`): each has a share of it, in whole numbers of so many `bits`, and epsilon covers
    their sums; the server must see nothing else, which takes a secure sum. With `enough` below 1 the noise is whole
    when this share of those asked has answered; where fewer do it is less, and the ledger counts what there was.
    A device with nothing to train on sends zeros, with noise. No count of messages or pieces, no bits of training, no
    norm travels; evaluation does, as it is (`federation.evaluate-every`), and is not covered.

        method = "local" or "distributed" and
        federation.weighting, federation.checkpoint-every, clusters.number    as for "central"
        federation.sampling      any but "poisson"; by "reshuffled" and "cyclic" everybody is charged alike. Nothing is
                                 amplified towards the server, who draws the sample
        update.codec             "local": any, as it sees noise already; "distributed": "float32", it has its own
        update.feedback          no; what is lost of an update is mostly noise
        personal.method, dpsgd   any
        ngrams                   none; their noise is the server's
        privacy.quantile         0; whether an update is short would travel without noise
        privacy.clip-norm        "local": at most 32 with the noise, which is what the server takes of a number; by
                                 randomk:0.1 a tenth of that, as it multiplies by ten
        privacy.bits, rotate     "distributed": enough bits for the sum; a start with too few is refused
        privacy.epsilon-budget   "distributed": a round is begun if all answers would keep to the budget. Where fewer
                                 come it costs more, so the last round may exceed the budget
        privacy.accountant       of no meaning: "local" is exact, "distributed" by RDP
    """

    method: Literal["none", "central", "ftrl", "local", "distributed"] = "none"
    clip_norm: Annotated[float, Field(ge=SMALLEST_NORM, le=LARGEST_NORM)] = 1.0  # the first one, where it adapts
    noise_multiplier: Annotated[float, Field(ge=0, le=1000)] = 1.0  # deviation of the noise over the clip norm
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    epsilon_budget: NotNegative = 0.0  # the run ends before the round that would exceed it; 0: no budget
    accountant: Literal["prv", "rdp"] = "prv"  # for what was sampled; without sampling the figure is exact
    quantile: Share = 0.0  # 0: the clip norm stays
    quantile_rate: Positive = 0.2
    quantile_share: Annotated[float, Field(gt=0, le=0.5)] = 0.01  # of what a round costs, for finding the quantile
    band: Annotated[int, Field(ge=0)] = 0  # ftrl: rounds that noise spans, at 8 bytes a parameter each; 0: all it may
    bits: Annotated[int, Field(ge=8, le=MOST_BITS)] = 20  # distributed: of each number sent, and of their sum
    rotate: bool = True  # distributed: at random before rounding, so that no number stands out and fewer bits do
    enough: Annotated[float, Field(gt=0, le=1)] = 1.0  # distributed: of those asked, whose noise is the whole noise

    @property
    def by_devices(self) -> bool:
        """Whether the devices add the noise, so that what leaves them without any must not leave."""
        return self.method in ("local", "distributed")

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
        for name in ("bits", "rotate", "enough"):
            value, default = getattr(self, name), type(self).model_fields[name].default
            if value != default and self.method != "distributed":
                told, instead = str(value).lower(), str(default).lower()
                raise ValueError(
                    f"privacy.{name} = {told}: set privacy.method=distributed, or privacy.{name}={instead}"
                )
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


class RunConfig(Settings):
    """Everything that decides a run. Two runs with equal configurations give equal numbers on the same machine."""

    seed: Seed = 0
    out: str = ""  # the run folder; empty: named after corpus and seed
    corpus: CorpusConfig = CorpusConfig()
    model: ModelSection = ModelSection()
    federation: FederationConfig = FederationConfig()
    client: ClientConfig = ClientConfig()
    server: ServerConfig = ServerConfig()
    update: UpdateConfig = UpdateConfig()
    personal: PersonalConfig = PersonalConfig()
    dpsgd: DpSgdConfig = DpSgdConfig()
    clusters: ClustersConfig = ClustersConfig()
    ngrams: NgramsConfig = NgramsConfig()
    privacy: PrivacyConfig = PrivacyConfig()

    @model_validator(mode="after")
    def _rounds_are_left_for_the_clusters(self) -> Self:
        if self.clusters.number > 1 and self.clusters.warm_rounds >= self.federation.rounds:
            raise ValueError(
                f"clusters.warm-rounds = {self.clusters.warm_rounds} must be fewer than federation.rounds = "
                f"{self.federation.rounds}: set clusters.warm-rounds={max(1, self.federation.rounds // 3)}"
            )
        return self

    @model_validator(mode="after")
    def _what_was_lost_belongs_to_one_model(self) -> Self:
        frozen = self.update.frozen
        if frozen != "nothing" and self.clusters.number > 1:
            raise ValueError(
                f"update.frozen = {frozen}: people are grouped by what they do to the embedding: "
                "set update.frozen=nothing or clusters.number=1"
            )
        if frozen != "nothing" and self.personal.method == "per-fedavg":
            raise ValueError(
                f"update.frozen = {frozen}: per-fedavg steps in all parameters: "
                "set update.frozen=nothing or personal.method=fedavg"
            )
        if frozen == "all-but-one" and self.update.feedback:
            raise ValueError(
                "update.frozen = all-but-one: what was lost of one part cannot be sent with the next: "
                "set update.frozen=nothing or update.feedback=false"
            )
        if frozen == "all-but-one" and self.privacy.method != "none":
            raise ValueError(
                "update.frozen = all-but-one: noise would move what nobody has trained: "
                "set update.frozen=nothing or privacy.method=none"
            )
        if self.update.feedback and self.clusters.number > 1:
            raise ValueError(
                "update.feedback = true: what a person's update lost in one cluster must not enter another: "
                "set update.feedback=false or clusters.number=1"
            )
        return self

    @model_validator(mode="after")
    def _plain_steps_where_the_method_takes_them(self) -> Self:
        if self.personal.method in ("apfl", "per-fedavg") and self.client.optimizer != "sgd":
            raise ValueError(f"personal.method = {self.personal.method} takes plain steps: set client.optimizer=sgd")
        return self

    @model_validator(mode="after")
    def _what_is_private_can_be_accounted(self) -> Self:
        if self.privacy.method == "none":
            return self
        federation, refused = self.federation, f"privacy.method = {self.privacy.method}: "
        if federation.weighting != "users":
            raise ValueError(f"{refused}a user must not weigh more than another: set federation.weighting=users")
        if federation.checkpoint_every != 1:
            raise ValueError(f"{refused}rounds must not be done again: set federation.checkpoint-every=1")
        if self.clusters.number > 1:
            raise ValueError(f"{refused}clusters are made of everybody's updates without noise: set clusters.number=1")
        if self.privacy.method == "ftrl" and federation.sampling != "cyclic":
            instead = ", or privacy.method=central" if federation.sampling == "poisson" else ""
            raise ValueError(
                f"{refused}by federation.sampling = {federation.sampling} a user may be asked in two rounds running: "
                f"set federation.sampling=cyclic{instead}"
            )
        self._need_noise_on_ngrams(refused)
        return self

    @model_validator(mode="after")
    def _devices_can_hide_what_they_send(self) -> Self:
        privacy, refused = self.privacy, f"privacy.method = {self.privacy.method}: "
        if not privacy.by_devices:
            return self
        if self.federation.sampling == "poisson":
            raise ValueError(f"{refused}the server knows whom it asks: set federation.sampling=reshuffled")
        if self.update.feedback:
            raise ValueError(f"{refused}what is lost of an update is mostly noise: set update.feedback=false")
        if self.ngrams.least_users:
            raise ValueError(f"{refused}the noise on n-grams is the server's: set ngrams.least-users=0")
        if privacy.quantile:
            raise ValueError(f"{refused}whether an update is short would have no noise: set privacy.quantile=0")
        if privacy.method == "distributed" and self.update.codec != "float32":
            raise ValueError(f"{refused}whole numbers have a code of their own: set update.codec=float32")
        most = MAX_MAGNITUDE / (1 + NOISE_REACH * privacy.noise_multiplier) / Codec(self.update.codec).stretch
        if privacy.method == "local" and privacy.noise_multiplier and privacy.clip_norm > most:
            raise ValueError(
                f"{refused}noise of {privacy.noise_multiplier:g} times {privacy.clip_norm:g} exceeds what a number may "
                f"change by: set privacy.clip-norm={math.floor(most * 1000) / 1000:g}"
            )
        return self

    @model_validator(mode="after")
    def _what_is_trained_privately_can_be_accounted(self) -> Self:
        if not self.dpsgd.on:
            return self
        method, refused = self.personal.method, f"dpsgd.noise-multiplier = {self.dpsgd.noise_multiplier:g}: "
        if method == "per-fedavg":
            raise ValueError(f"{refused}per-fedavg looks at messages twice in a step: set personal.method=fedavg")
        if method in ("fedper", "fedrep", "adapters") and self.dpsgd.parts != "all":
            raise ValueError(f"{refused}by {method} what is personal enters the update: set dpsgd.parts=all")
        if self.clusters.number > 1:
            raise ValueError(f"{refused}clusters are chosen by messages without noise: set clusters.number=1")
        self._need_noise_on_ngrams(refused)
        return self

    def _need_noise_on_ngrams(self, refused: str) -> None:
        if self.ngrams.least_users and not self.ngrams.noise:
            raise ValueError(
                f"{refused}n-grams without noise have no epsilon: set ngrams.noise=1 or ngrams.least-users=0"
            )
