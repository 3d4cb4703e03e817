"""The run configuration: one validated, frozen object, the same from a TOML file, from `--set` and from `flwr run`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nextword.federation.codec import Codec
from nextword.federation.privacy_config import NOISE_REACH, DpSgdConfig, PrivacyConfig
from nextword.federation.records import MAX_MAGNITUDE
from nextword.settings import AtLeastOne, NotNegative, Positive, Section, Seed, Settings, Share, refuse_unused, setting


class CorpusConfig(Section):
    """Whose messages: read on the device alone."""

    name: Annotated[str, Field(min_length=1)] = setting("synthetic", "of the catalogue, a .jsonl(.gz) file, or hf:NAME")
    data_dir: str = setting("", "empty: $NEXTWORD_DATA, else the user's cache folder")
    user_column: str = "user"
    text_column: str = "text"
    newcomer_share: Share = 0.2
    hold_back: bool = setting(True, "people who are evaluated contribute no validation message")


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

    @model_validator(mode="after")
    def _a_checkpoint_has_its_shape(self) -> Self:
        if self.start != "scratch":
            refuse_unused(self, "model", set(type(self).model_fields) - {"start"}, "model.start=scratch")
        return self


class FederationConfig(Section):
    """Rounds and the people in them. `users-per-node` and `workers` decide where work is done, never its result."""

    rounds: AtLeastOne = 30
    users_per_round: Annotated[int, Field(ge=1, le=32_768)] = 20
    sampling: Literal["independent", "reshuffled", "cyclic", "poisson"] = "independent"
    weighting: Literal["messages", "users"] = setting(
        "users", "of updates in their mean: by messages trained on, or alike"
    )
    users_per_node: Annotated[int, Field(ge=0)] = setting(0, "0: spread evenly over the nodes there are")
    workers: Annotated[int, Field(ge=0)] = setting(0, "processes of the simulation; 0: one for each core")
    evaluate_every: Annotated[int, Field(ge=0)] = setting(5, "rounds; 0: never")
    evaluate_users: AtLeastOne = 20
    checkpoint_every: AtLeastOne = setting(1, "rounds")
    timeout_s: Positive = setting(
        1800.0, "after so long without any reply, the round goes on without those it waits for"
    )


class ClientConfig(Section):
    """Training on the device; the fields are those of `nextword.training.TrainConfig`. `prox` is FedProx's mu."""

    OWN_RATES: ClassVar[Mapping[str, float]] = {"sgd": 0.5, "adamw": 1e-3}

    epochs: AtLeastOne = 1
    batch_messages: AtLeastOne = 16
    learning_rate: NotNegative = setting(0.0, "0: the optimizer's own, 0.5 for sgd and 0.001 for adamw")
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
    learning_rate: NotNegative = setting(
        0.0, "0: the optimizer's own, 1 for fedavg and fedavgm, 0.01 for fedadam and fedyogi"
    )
    schedule: Literal["constant", "cosine"] = setting("cosine", "of the learning rate, over the rounds")
    momentum: Share = setting(0.9, "fedavgm")
    beta1: Share = setting(0.9, "fedadam, fedyogi")
    beta2: Share = setting(0.99, "fedadam, fedyogi")
    tau: Positive = setting(1e-4, "fedadam, fedyogi")

    @property
    def rate(self) -> float:
        """The learning rate, or the optimizer's own for 0."""
        return self.learning_rate or self.OWN_RATES[self.optimizer]


class PersonalConfig(Section):
    """What a device keeps for its person between rounds, and how it is trained (`personalization.methods`).

    By "fedavg" and "per-fedavg" it keeps nothing. "apfl" and "per-fedavg" take plain steps: client.optimizer "sgd", and
    by "per-fedavg" no schedule, warm-up, weight decay or pull.
    """

    method: Literal["fedavg", "fedper", "fedrep", "adapters", "ditto", "apfl", "per-fedavg"] = "fedavg"
    layers: AtLeastOne = setting(1, "fedper, fedrep: topmost blocks that are personal")
    rank: AtLeastOne = setting(8, "adapters: of the change of each matrix")
    epochs: AtLeastOne = setting(1, "over the history, of what is personal; for a newcomer too")
    learning_rate: NotNegative = setting(0.0, "of what is personal, but for apfl and per-fedavg; 0: the client's")
    pull: NotNegative = setting(0.1, "ditto: towards the shared parameters (lambda)")
    mixing: Annotated[float, Field(ge=0, le=1)] = setting(0.5, "apfl: the personal share of the mixed model (alpha)")
    inner_rate: Positive = setting(0.1, "per-fedavg: of the step that a person takes from the shared parameters")

    @property
    def keeps(self) -> bool:
        """Whether a device keeps anything between rounds."""
        return self.method not in ("fedavg", "per-fedavg") and not (self.method == "apfl" and not self.mixing)


class UpdateConfig(Section):
    """What travels: the change of the shared parameters up (`nextword.federation.codecs`), the parameters down.

    With `feedback` a device adds to its next update what was lost of the last one that counted.

    A `frozen` embedding, which is the output too, is neither trained nor sent: it stays as all devices have it from the
    start, so its rows do not tell which words a person has written (Gupta et al. 2022, "Recovering private text in
    federated learning of language models", who propose it as a defence). What else is sent still may: layers' gradients
    lie in the span of their inputs (Petrov et al. 2024, "DAGER: exact gradient inversion for large language models").
    It is no guarantee, which noise alone gives (`privacy`, `dpsgd`). By "all-but-one" only one block, or what is in no
    block, is trained and sent in each round, in turn (Wang et al. 2024, "Why go full? Elevating federated learning
    through partial network updates"). By "all-but-norms" only the scales of the normalisations are: two thousand
    numbers of five million, so that noise for privacy is little beside them (as the biases, of which this model has
    none, of Bu et al. 2024, "Differentially private bias-term fine-tuning of foundation models").

    Each goes with one cluster and any method but "per-fedavg"; "all-but-one" also without feedback and with
    privacy.method "none". dpsgd goes with all.
    """

    codec: str = setting("float32", 'as "topk:0.1+hadamard+int4"')
    feedback: bool = False
    download: Literal["float32", "int8"] = "float32"
    frozen: Literal["nothing", "embedding", "all-but-one", "all-but-norms"] = "nothing"

    @model_validator(mode="after")
    def _feedback_needs_a_codec_that_contracts(self) -> Self:
        try:
            contracts = Codec(self.codec).contracts
        except ValueError as error:
            raise ValueError(f"update.codec = {self.codec!r}: {error}") from None
        if self.feedback and not contracts:
            instead = "end with lowrank itself" if "lowrank" in self.codec else "end with hadamard+int4 or sign"
            raise ValueError(
                f"update.feedback = true: what {self.codec} loses may be longer than the update, and would grow from "
                f"round to round: set update.feedback=false, or {instead}"
            )
        return self


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
    pooling: NotNegative = setting(4.0, "users; 0: a cluster learns from its own people alone")


class NgramsConfig(Section):
    """Words and n-grams that many people use, laid over the model (`nextword.federation.ngrams`)."""

    least_users: Annotated[int, Field(ge=0)] = setting(
        0, "who must have an n-gram before it is found; 0: none are looked for"
    )
    items: AtLeastOne = setting(3000, "that a user contributes at a level, their most frequent ones")
    most: AtLeastOne = setting(50_000, "that are kept of a level")
    rows: Annotated[int, Field(ge=1, le=16)] = 3
    buckets: Annotated[int, Field(ge=2**8, le=2**24)] = setting(
        2**18, "far more than all users' items over least-users"
    )
    noise: NotNegative = setting(0.0, "multiplier of the Gaussian mechanism at each level; 0: no noise, and no epsilon")
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5

    @model_validator(mode="after")
    def _buckets_are_a_power_of_two(self) -> Self:
        if self.buckets & (self.buckets - 1):
            raise ValueError(f"ngrams.buckets = {self.buckets} must be a power of two")
        return self

    @model_validator(mode="after")
    def _noise_is_on_something(self) -> Self:
        if not self.least_users:
            refuse_unused(self, "ngrams", ("noise",), "ngrams.least-users=2")
        return self


class RunConfig(Settings):
    """Everything that decides a run. Two runs with equal configurations give equal numbers on the same machine."""

    seed: Seed = 0
    out: str = setting("", "the run folder; empty: named after corpus and seed")
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
    def _what_is_frozen_need_not_move(self) -> Self:
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
                "update.frozen = all-but-one: noise is accounted for updates of all parts: "
                "set update.frozen=nothing or privacy.method=none"
            )
        return self

    @model_validator(mode="after")
    def _what_was_lost_belongs_to_one_model(self) -> Self:
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
        if self.personal.method == "per-fedavg":
            of_others = ("schedule", "warmup_share", "weight_decay", "prox")
            refuse_unused(self.client, "client", of_others, "personal.method=fedavg")
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
        if self.federation.checkpoint_every != 1:
            raise ValueError(f"{refused}rounds must not be done again: set federation.checkpoint-every=1")
        self._need_noise_on_ngrams(refused)
        return self

    def _need_noise_on_ngrams(self, refused: str) -> None:
        if self.ngrams.least_users and not self.ngrams.noise:
            raise ValueError(
                f"{refused}n-grams without noise have no epsilon: set ngrams.noise=1 or ngrams.least-users=0"
            )
