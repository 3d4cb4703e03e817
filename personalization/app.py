"""The ClientApp: a node that acts for the users it hosts. Messages are decoded, answered by `device`, and encoded.

A device reads its own corpus by its own settings; the server's message only names users by ordinal and brings the
parameters and the settings of the training. An exception may quote text, so only its type is told to the server.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.constant import ErrorCode

from data.splits import Split
from nextword.federation import download, records
from nextword.federation.clipping import clipped, is_finite, norm
from nextword.federation.clusters import unpacked
from nextword.federation.codec import Codec, Update
from nextword.federation.codecs.stage import Part
from nextword.federation.config import ClientConfig, RunConfig
from nextword.federation.folders import DEVICES, run_folder, start_folder
from nextword.federation.groups import never_sent, out_of_turn
from nextword.federation.ledger import Gaussian
from nextword.federation.ngrams import Growth, Sketching
from nextword.federation.noise import Secret, Seeded, derived_key
from nextword.text import normalise, tokens
from nextword.vocabulary import Vocabulary
from personalization import device, feedback, own_noise
from personalization.methods import Local, Private, State
from personalization.ngram_counts import items
from personalization.private import DpSgd
from personalization.spending import Account
from personalization.store import DeviceStore, device_secret

RESIDUALS, SECRETS, ACCOUNTS = "residuals", "secrets", "accounts"  # of the devices' folder
OF_USERS = "accounts-of-users"  # what their updates with noise have paid; in ACCOUNTS, what messages have
_SPARE_BYTES = 2**20  # for names and scales of parameters, beside their numbers

LOG = logging.getLogger(__name__)
Handler = Callable[[Message, Context], Message]


@dataclass(frozen=True)
class Task:
    """What the server asks for: these users, from these parameters, with these settings."""

    server_round: int
    users: list[tuple[int, Split]]
    cluster: int  # that all of them are in; -1: they choose
    accepted: list[int]  # last round whose update of each user counted; 0: none
    models: list[dict[str, npt.NDArray[np.float32]]]  # shared parameters, of their cluster or of each to choose from
    client: ClientConfig
    update_norm: float  # the longest update; infinite where there is no limit
    cohort: int  # users asked in this round, where they share the noise; else 0

    @cached_property
    def received(self) -> str:
        """One hash for all that the training depends on and the server has chosen."""
        digest = hashlib.sha256(repr((self.client, len(self.models))).encode())
        for parameters in self.models:
            for name in sorted(parameters):
                digest.update(name.encode() + parameters[name].tobytes())
        return digest.hexdigest()

    def began(self, config: RunConfig, kept: State | None) -> str:
        """One hash for all that a user's training began with: what was received, what they had kept, and how it trains.

        From anything else the noise must be another.
        """
        how = (self.received, config.dpsgd, config.personal, own_noise.digest(kept or {}))
        return hashlib.sha256(repr(how).encode()).hexdigest()


def make_app(config: RunConfig | None = None) -> ClientApp:
    """A ClientApp with its settings in hand, or for None with those that Flower's context brings."""
    app = ClientApp()

    def settings(context: Context) -> RunConfig:
        return config or RunConfig.from_flat(context.run_config)

    @app.query()
    def query(message: Message, context: Context) -> Message:
        return _guarded(message, lambda: answer_query(settings(context), context))

    @app.query("ngrams")
    def ngrams(message: Message, context: Context) -> Message:
        return _guarded(message, lambda: answer_ngrams(settings(context), message, context))

    @app.train()
    def train(message: Message, context: Context) -> Message:
        return _guarded(message, lambda: answer_train(settings(context), message, context))

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        return _guarded(message, lambda: answer_evaluate(settings(context), message, context))

    return app


def answer_query(config: RunConfig, context: Context) -> RecordDict:
    """Which users live here."""
    people = device.participants(config.corpus, config.seed)
    home = _home(config, context, len(people))
    return RecordDict(
        {
            records.HOME: ConfigRecord(
                {
                    records.PARTITION: int(context.node_config["partition-id"]),
                    records.POPULATION: len(people),
                    records.FIRST: home.start,
                    records.USERS: len(home),
                    records.EVALUATED: [user for user in home if people[user].validation],
                }
            )
        }
    )


def answer_train(config: RunConfig, message: Message, context: Context) -> RecordDict:
    """One update and its numbers for each user asked for."""
    task = _decode(config, message, context)
    start = str(start_folder(config, context.run_id))
    _, vocabulary = device.load_model(start)
    store, residuals = _store(config, context), _store(config, context, RESIDUALS)
    reply = RecordDict()

    def answer(user: int, split: Split, accepted: int) -> None:
        local = _local(config, task, start, split.user)
        texts = device.contribution(split, hold_back=config.corpus.hold_back)
        kept = store.load(user, before=task.server_round or config.clusters.warm_rounds + 1)
        chosen, parameters = _cluster(task, local, vocabulary, texts, kept)
        began = task.began(config, kept)
        private = _private(config, context, task, user, began, local.rng)
        local = dataclasses.replace(local, private=private)
        trained = device.train_user(local, vocabulary, texts, parameters, kept)
        if private is not None:
            account = Account(_devices(config, context) / ACCOUNTS / f"{user}.json")
            most = config.dpsgd.epsilon_budget or math.inf
            sent = own_noise.digest(trained.delta).hex()
            account.add(task.server_round, sent, private.released, budget=most, delta=config.dpsgd.delta)
        if trained.state is not None and not is_finite(trained.state):
            LOG.warning("the training of one user went astray: what was theirs before stays")
        elif trained.state is not None and task.server_round:  # round 0 groups people, and leaves them as they are
            store.save(user, task.server_round, trained.state, checkpoint=_checkpoint(config, task))
        if config.privacy.by_devices:
            delta = own_noise.or_nothing(trained.delta, parameters)
            secret = _secret(config, context, user)
            encoded, within = own_noise.encode(config, task.server_round, user, task.cohort, delta, secret), True
            if config.privacy.method == "local":
                _pay(config, context, task, user, own_noise.digest(encoded).hex())
        else:
            change = {name: values for name, values in trained.delta.items() if name not in local.frozen}
            encoded, within = _encoded(config, task, residuals, user, accepted, change)
        update = ArrayRecord({name: Array(array) for name, array in encoded.items()})
        metrics = MetricRecord(
            {
                records.ROUND: task.server_round,
                **(own_noise.NUMBERS if config.privacy.by_devices else trained.numbers),
                records.CLUSTER: chosen,
                **({records.WITHIN: int(within)} if config.privacy.adapts else {}),
            }
        )
        reply[records.update_key(user)], reply[records.metrics_key(user)] = update, metrics

    asked = zip(task.users, task.accepted, strict=True)
    _each_alone([partial(answer, user, split, accepted) for (user, split), accepted in asked])
    return reply


def _each_alone(answers: list[Callable[[], None]]) -> None:
    """Answer for each person. Raises the first error where all have failed."""
    failures: list[Exception] = []
    for answer in answers:
        try:
            answer()
        except Exception as error:  # one person's device has failed, which must not show in what the others send
            LOG.exception("no answer of one user")
            failures.append(error)
    if failures and len(failures) == len(answers):
        raise failures[0]


def _encoded(
    config: RunConfig, task: Task, residuals: DeviceStore, user: int, accepted: int, delta: Update
) -> tuple[dict[str, Part], bool]:
    """A user's update as it travels, and whether it was no longer than the limit. What the encoding loses stays here,
    where there is feedback."""
    if not delta:
        return {}, True
    codec, key = Codec(config.update.codec), (config.seed, task.server_round, user)
    wanted = feedback.with_residual(delta, residuals.after(user, accepted)) if config.update.feedback else delta
    within = norm(wanted) <= task.update_norm
    if not config.update.feedback:
        return codec.encode(clipped(wanted, task.update_norm), key), within
    encoded, residual = feedback.encode(codec, wanted, key, task.update_norm)
    residuals.save(user, task.server_round, residual, base=accepted, checkpoint=_checkpoint(config, task))
    return encoded, within


def _checkpoint(config: RunConfig, task: Task) -> int:
    """The round of the server's last checkpoint before this round."""
    return max(0, task.server_round - 1) // config.federation.checkpoint_every * config.federation.checkpoint_every


def answer_ngrams(config: RunConfig, message: Message, context: Context) -> RecordDict:
    """The sum of the sketches of the users asked for, nothing of any one of them, and whose they are."""
    _, vocabulary = device.load_model(str(start_folder(config, context.run_id)))
    task = message.content.config_records[records.TASK]
    users = _asked(config, task, context)
    arrays = {name: array.numpy() for name, array in message.content.array_records[records.PARAMETERS].items()}
    growth = Growth.of_arrays(vocabulary, arrays)
    sketching = Sketching.of(config)
    total = np.zeros((sketching.rows, sketching.buckets), np.uint16)
    counted: list[int] = []

    def add(user: int, split: Split) -> None:
        texts = device.contribution(split, hold_back=config.corpus.hold_back)
        found = items(growth, [tokens(normalise(text)) for text in texts])
        np.add(total, sketching.sketch(found, growth.level, growth.parents, growth.symbols), out=total)
        counted.append(user)

    _each_alone([partial(add, user, split) for user, split in users])
    whose = ConfigRecord({records.USERS: counted})
    return RecordDict({records.TASK: whose, records.SKETCH: ArrayRecord({records.SKETCH: Array(total)})})


def answer_evaluate(config: RunConfig, message: Message, context: Context) -> RecordDict:
    """Only numbers, for each user asked for."""
    task = _decode(config, message, context)
    start = str(start_folder(config, context.run_id))
    model, vocabulary = device.load_model(start)
    store = _store(config, context)
    reply = RecordDict()

    def answer(user: int, split: Split) -> None:
        local = _local(config, task, start, split.user)
        kept = store.load(user, before=task.server_round + 1) if local.personal_names else None
        chosen, parameters = _cluster(task, local, vocabulary, split.train, kept)
        local.load(parameters, kept)
        measured = device.evaluate_user(model, vocabulary, split, task.client)
        reply[records.metrics_key(user)] = MetricRecord(
            {
                records.ROUND: task.server_round,
                records.NUM_MESSAGES: measured.num_messages,
                records.NUM_PIECES: measured.num_pieces,
                records.NUM_CHARACTERS: measured.num_characters,
                records.BITS: measured.bits,
                records.CLUSTER: chosen,
            }
        )

    _each_alone([partial(answer, user, split) for user, split in task.users])
    return reply


def _cluster(
    task: Task, local: Local, vocabulary: Vocabulary, texts: Sequence[str], kept: State | None
) -> tuple[int, dict[str, npt.NDArray[np.float32]]]:
    """The cluster of a user, held or by their own choice, and its shared parameters."""
    if task.cluster >= 0:
        return task.cluster, task.models[0]
    chosen = device.nearest_cluster(local, vocabulary, texts, task.models, kept)
    return chosen, task.models[chosen]


def _local(config: RunConfig, task: Task, start: str, user: str) -> Local:
    """A device in a round, without messages yet."""
    everything = device.start_weights(start)
    waiting = out_of_turn(config.update, list(task.models[0]), task.server_round)
    return Local(
        device.load_model(start)[0],
        everything,
        (),
        device.train_config(task.client),
        config.personal,
        device.generator(config.seed, task.server_round, user),
        frozen=waiting | never_sent(config.update, everything),
    )


def _private(
    config: RunConfig, context: Context, task: Task, user: int, began: str, rng: np.random.Generator
) -> Private | None:
    """How this user trains privately. A round's secret noise is that of one training from what it `began` with."""
    asked = config.dpsgd
    if not asked.on:
        return None
    settings = DpSgd(asked.noise_multiplier, asked.clip_norm, asked.sampling_rate)
    if not asked.secure:
        return Private(settings, Seeded(rng), asked.parts)
    secret = _secret(config, context, user)
    return Private(settings, Secret(derived_key(secret, task.server_round, began)), asked.parts)


def _pay(config: RunConfig, context: Context, task: Task, user: int, sent: str) -> None:
    """Write down what an update with noise costs its user. Raises ValueError where the budget does not allow it."""
    settings = config.privacy
    account = Account(_devices(config, context) / OF_USERS / f"{user}.json", "user")
    price, budget = [Gaussian(settings.released_multiplier)], settings.epsilon_budget or math.inf
    account.add(task.server_round, sent, price, budget=budget, delta=settings.delta)


def _secret(config: RunConfig, context: Context, user: int) -> bytes:
    return device_secret(_devices(config, context) / SECRETS / f"{user}.key")


def _store(config: RunConfig, context: Context, of: str = "") -> DeviceStore:
    return DeviceStore(_devices(config, context) / of)


def _devices(config: RunConfig, context: Context) -> Path:
    return run_folder(config, context.run_id) / DEVICES


def _home(config: RunConfig, context: Context, population: int) -> range:
    """The ordinals that this node hosts."""
    nodes, node = int(context.node_config["num-partitions"]), int(context.node_config["partition-id"])
    size = records.spread(population, nodes, config.federation.users_per_node)
    return range(min(node * size, population), min((node + 1) * size, population))


def _asked(config: RunConfig, task: Mapping[str, Any], context: Context) -> list[tuple[int, Split]]:
    """The users named in a task; all must live here."""
    people = device.participants(config.corpus, config.seed)
    home = _home(config, context, len(people))
    users = [int(user) for user in task[records.USERS]]
    if not all(user in home for user in users):
        raise ValueError("a user was asked for who does not live here")
    return [(user, people[user]) for user in users]


def _decode(config: RunConfig, message: Message, context: Context) -> Task:
    task: dict[str, Any] = dict(message.content.config_records[records.TASK])
    users = _asked(config, task, context)
    del task[records.USERS]
    server_round = int(task.pop(records.ROUND))
    cluster = int(task.pop(records.CLUSTER))
    accepted = [int(number) for number in task.pop(records.ACCEPTED)]
    by_server = config.privacy.method != "none" and not config.privacy.by_devices
    update_norm = float(task.pop(records.UPDATE_NORM)) if by_server else math.inf
    cohort = int(task.pop(records.COHORT)) if config.privacy.method == "distributed" else 0
    arrays = {name: array.numpy() for name, array in message.content.array_records[records.PARAMETERS].items()}
    start = device.start_weights(str(start_folder(config, context.run_id)))
    most_bytes = config.clusters.number * sum(array.nbytes for array in start.values()) + _SPARE_BYTES
    models = unpacked(download.read(arrays, config.update.download, most_bytes))
    if len(users) != len(accepted) or not -1 <= cluster < config.clusters.number or (cluster >= 0 and len(models) > 1):
        raise ValueError("users, their cluster and the models do not fit together")
    client = ClientConfig.model_validate(task)
    return Task(server_round, users, cluster, accepted, models, client, update_norm, cohort)


def _guarded(message: Message, answer: Callable[[], RecordDict]) -> Message:
    try:
        return Message(answer(), reply_to=message)
    except Exception as error:
        LOG.exception("the device could not answer")
        return Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, type(error).__name__), reply_to=message)


app = make_app()
