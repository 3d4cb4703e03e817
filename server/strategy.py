"""The strategy: who takes part in a round, what they are sent, what is accepted of the replies, the next parameters.

Users are sampled, not nodes, and each user's weighted update enters an exact sum. So the result of a round does not
depend on how users are spread over nodes, nor on the order of replies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.common.constant import SUPERLINK_NODE_ID
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Strategy

from nextword.federation import download, records
from nextword.federation.clusters import packed, unpacked
from nextword.federation.codec import Codec, Shapes, Update
from nextword.federation.config import RunConfig
from nextword.federation.groups import out_of_turn
from nextword.federation.records import MAX_MAGNITUDE
from server import numbers, optimizers
from server.accumulator import Accumulator
from server.clustering import Projection, groups
from server.optimizers import ServerOptimizer
from server.pooling import pooled
from server.privacy import CentralPrivacy
from server.sampling import SAMPLINGS, independent

MAX_USERS_PER_MESSAGE = 8
FEWEST_MESSAGES = 32  # of a round, where there are as many users
MAX_REPLY_BYTES = 2**26  # of the updates in one reply
_EMBEDDING = "embedding.weight"  # always shared
_TRAIN, _EVALUATE = 1, 2  # streams of random numbers
_CHOOSES = -1  # the cluster of who is held in none

Moments = dict[str, Update]  # of the server's optimizers, by moment


@dataclass(frozen=True)
class Homes:
    """Which node hosts each user, and who has validation messages."""

    node_of: dict[int, int]
    evaluated: tuple[int, ...]

    @property
    def population(self) -> int:
        return len(self.node_of)


@dataclass
class Tally:
    """What came back in a round, beside the parameters."""

    server_round: int = 0
    asked: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    metrics: dict[int, dict[str, float]] = field(default_factory=dict)
    rejected: list[tuple[int | None, str]] = field(default_factory=list)  # None: of nobody who was asked
    failed: dict[int, str] = field(default_factory=dict)  # nodes' reasons
    exchanges: int = 0  # Flower messages that ask for work
    upload_bytes: int = 0
    download_bytes: int = 0


class FederatedTraining(Strategy):
    """Weighted averaging of users' updates, and a server optimizer.

    An update made in more steps is longer. So with `weighting = "users"`, where all updates weigh alike, each message
    counts alike, as it does where the text is pooled. By messages (McMahan et al. 2017) a user with ten times the text
    counts a hundred times: the objective inconsistency of Wang et al. 2020.

    With several clusters each has its own parameters and optimizer, packed together (`federation.clusters`), and learns
    mostly from its people and a little from everybody (`server.pooling`); `labels` are the clusters that users were put
    in, by which they train while `held`, else their devices choose.

    `accepted` holds the last round whose update of a user counted, which their device is told for its error feedback.

    With `privacy` updates are clipped, and their mean is a noisy one over the users expected.

    `upload_bytes` and `download_bytes` count the arrays as if every user had a device of their own, whether an update
    was accepted or not. Flower's message around them adds 0.2 kB to an update and 3 kB to a model.
    """

    def __init__(
        self,
        config: RunConfig,
        homes: Homes,
        moments: Moments | None = None,
        labels: Mapping[int, int] | None = None,
        accepted: Mapping[int, int] | None = None,
        privacy: CentralPrivacy | None = None,
    ) -> None:
        self.config = config
        self.homes = homes
        self.labels = dict(labels or {})
        self.accepted = dict(accepted or {})
        self.privacy = privacy
        self.held = True
        self.tally = Tally()
        self._models: list[Update] = [{}]
        self._optimizers = _optimizers(config, max(self.labels.values(), default=0) + 1, moments or {})

    @property
    def moments(self) -> Moments:
        """The optimizers' state, packed."""
        found = sorted({moment for optimizer in self._optimizers for moment in optimizer.state})
        several = len(self._optimizers) > 1
        return {
            moment: {
                f"{cluster}/{name}" if several else name: value
                for cluster, optimizer in enumerate(self._optimizers)
                for name, value in optimizer.state.get(moment, {}).items()
            }
            for moment in found
        }

    def split(self, arrays: ArrayRecord, labels: Mapping[int, int]) -> ArrayRecord:
        """From one model to one for each label, all of them alike, as are their optimizers' states."""
        self.labels = dict(labels)
        number = max(labels.values(), default=0) + 1
        state = self._optimizers[0].state
        self._optimizers = _optimizers(self.config, number, {})
        for optimizer in self._optimizers:
            optimizer.state = {moment: dict(values) for moment, values in state.items()}
        return to_arrays(packed([to_update(arrays)] * number))

    def summary(self) -> None:
        """Flower prints a strategy's settings by this; the run folder's config.toml holds ours."""

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Messages to the nodes of this round's sample, made one at a time."""
        self._models = unpacked(to_update(arrays))
        return self._messages(MessageType.TRAIN, server_round, self.sample(server_round))

    def sample(self, server_round: int) -> list[int]:
        """Who is asked in a round. The draw that amplifies privacy is made from the run's secret."""
        federation = self.config.federation
        seed = self.privacy.secret if self.privacy and self._drawn_alone else self.config.seed
        draw = SAMPLINGS[federation.sampling]
        return draw(range(self.homes.population), federation.users_per_round, server_round, (seed, _TRAIN))

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """The next parameters, None where no usable update came, and the mean training bits per piece, if any."""
        shapes = self._trained(server_round)
        everyone, *own = [Accumulator(shapes) for _ in range(1 + len(self._models))]
        by_messages = self.config.federation.weighting == "messages"

        def add(user: int, update: Update, metrics: Mapping[str, float]) -> None:
            weight = int(metrics[records.NUM_MESSAGES]) if by_messages else 1
            admitted = self.privacy.admit(update) if self.privacy else update
            everyone.add(admitted, weight)
            if len(own) > 1:
                own[int(metrics[records.CLUSTER])].add(admitted, weight)
            self.accepted[user] = server_round

        self._collect_updates(server_round, replies, add)
        if (mean := self._mean(everyone, server_round)) is None:
            return None, None
        pooling = self.config.clusters.pooling
        steps = [pooled(one.mean(), mean, one.count, pooling) for one in own] if len(own) > 1 else [mean]
        for cluster, step in enumerate(steps):
            if step is not None:
                self._models[cluster] = self._optimizers[cluster].step(self._models[cluster], step, server_round)
        rows = [self.tally.metrics[user] for user in sorted(self.tally.metrics)]
        pieces = math.fsum(row[records.NUM_PIECES] for row in rows)
        bits = math.fsum(row[records.NUM_PIECES] * row[records.BITS_PER_PIECE] for row in rows)
        mean_bits = MetricRecord({records.BITS_PER_PIECE: bits / pieces}) if pieces else None
        return to_arrays(packed(self._models)), mean_bits

    def _mean(self, total: Accumulator, server_round: int) -> Update | None:
        if self.privacy is None:
            return total.mean()
        asked = self.config.federation.users_per_round if self._drawn_alone else len(self.tally.asked)
        # Who has nothing to train on is nothing in the count as in the sum, so a user moves it by a half at most.
        answers = (row for row in self.tally.metrics.values() if row[records.NUM_MESSAGES])
        within = math.fsum(row.get(records.WITHIN, 0.5) - 0.5 for row in answers)
        return self.privacy.mean(total, min(asked, self.homes.population), within, server_round)

    @property
    def _drawn_alone(self) -> bool:
        return self.config.federation.sampling == "poisson"

    def configure_split(self, arrays: ArrayRecord) -> Iterable[Message]:
        """Messages that ask everybody for an update from the one model."""
        self._models = unpacked(to_update(arrays))
        return self._messages(MessageType.TRAIN, 0, list(range(self.homes.population)))

    def aggregate_split(self, replies: Iterable[Message]) -> dict[int, int]:
        """The groups of those who learn alike; who sent no update is in the largest, 0."""
        projection = Projection(self._shapes[_EMBEDDING], self.config.seed)
        vectors: dict[int, npt.NDArray[np.float32]] = {}

        def add(user: int, update: Update, metrics: Mapping[str, float]) -> None:
            vectors[user] = projection.of(update[_EMBEDDING])

        self._collect_updates(0, replies, add)
        users = sorted(vectors)
        found = groups(np.array([vectors[user] for user in users]), self.config.clusters.number)
        return dict.fromkeys(range(self.homes.population), 0) | dict(zip(users, found.tolist(), strict=True))

    @property
    def _shapes(self) -> Shapes:
        return {name: array.shape for name, array in self._models[0].items()}

    def _trained(self, server_round: int) -> Shapes:
        """Of the parameters that devices train and send in this round."""
        frozen = out_of_turn(self.config.update, self._shapes, server_round)
        return {name: shape for name, shape in self._shapes.items() if name not in frozen}

    def _collect_updates(
        self, server_round: int, replies: Iterable[Message], add: Callable[[int, Update, Mapping[str, float]], None]
    ) -> None:
        """Decode and check each update, and `add` it with its metrics."""
        shapes, codec = self._trained(server_round), Codec(self.config.update.codec)

        def accept(user: int, content: RecordDict) -> dict[str, float]:
            metrics = self._train_numbers(user, content)
            if len(self._models) > 1 and self.held and metrics[records.CLUSTER] != self.labels.get(user, 0):
                raise ValueError(f"an update for cluster {metrics[records.CLUSTER]:g}, in which the user is not held")
            if metrics[records.NUM_MESSAGES]:
                record = content.array_records[records.update_key(user)]
                size = sum(len(array.data) for array in record.values())
                self.tally.upload_bytes += size
                if size > 2 * sum(4 * math.prod(shape) + 1024 for shape in shapes.values()):
                    raise ValueError(f"an update of {size} bytes")
                parts = {name: array.numpy() for name, array in record.items()}
                update = codec.decode(parts, shapes, (self.config.seed, server_round, user))
                # What a codec with few levels makes of noise may be too large.
                if self.config.privacy.method == "local":
                    update = {name: array.clip(-MAX_MAGNITUDE, MAX_MAGNITUDE) for name, array in update.items()}
                add(user, update, metrics)
            return metrics

        self._collect(replies, accept)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Messages to the nodes of a sample of those who have validation messages, the same in every round."""
        self._models = unpacked(to_update(arrays))
        limit = self.config.federation.evaluate_users
        users = independent(self.homes.evaluated, limit, 0, (self.config.seed, _EVALUATE))
        return self._messages(MessageType.EVALUATE, server_round, users)

    def configure_choice(self, server_round: int, arrays: ArrayRecord) -> Iterable[Message]:
        """Messages that ask everybody for the cluster that they choose, or while `held` are in."""
        self._models = unpacked(to_update(arrays))
        return self._messages(MessageType.EVALUATE, server_round, list(range(self.homes.population)))

    def aggregate_choice(self, replies: Iterable[Message]) -> dict[int, int]:
        """The cluster of each user who answered."""
        self._collect(replies, self._evaluate_numbers)
        return {user: int(row[records.CLUSTER]) for user, row in sorted(self.tally.metrics.items())}

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        """Bits per character and per piece: means over users."""
        self._collect(replies, self._evaluate_numbers)
        rows = [self.tally.metrics[user] for user in sorted(self.tally.metrics)]
        rows = [row for row in rows if row[records.NUM_PIECES] and row[records.NUM_CHARACTERS]]
        if not rows:
            return None
        return MetricRecord(
            {
                "bits-per-character": math.fsum(r[records.BITS] / r[records.NUM_CHARACTERS] for r in rows) / len(rows),
                "bits-per-piece": math.fsum(r[records.BITS] / r[records.NUM_PIECES] for r in rows) / len(rows),
                "users": len(rows),
                "messages": int(sum(row[records.NUM_MESSAGES] for row in rows)),
            }
        )

    def _train_numbers(self, user: int, content: RecordDict) -> numbers.Numbers:
        return numbers.of_training(content, user, self.tally.server_round, self.config, len(self._models))

    def _evaluate_numbers(self, user: int, content: RecordDict) -> numbers.Numbers:
        return numbers.of_evaluation(content, user, self.tally.server_round, len(self._models))

    def _messages(self, kind: str, server_round: int, users: list[int]) -> Iterator[Message]:
        # One draw of the sample, however the messages are consumed.
        self.tally = Tally(server_round, asked=set(users), waiting=set(users))
        in_cluster = {user: self.labels.get(user, 0) if self.held else _CHOOSES for user in users}
        sent = {cluster: self._sent(cluster) for cluster in set(in_cluster.values())}
        sizes = {cluster: sum(len(array.data) for array in arrays.values()) for cluster, arrays in sent.items()}
        self.tally.download_bytes = sum(sizes[cluster] for cluster in in_cluster.values())
        return self._chunks(kind, server_round, in_cluster, sent)

    def _sent(self, cluster: int) -> ArrayRecord:
        """What travels to the users held in a cluster: its model. Who chooses needs all of them."""
        models = self._models if cluster == _CHOOSES else [self._models[cluster]]
        return to_arrays(download.write(packed(models), self.config.update.download))

    def _chunks(
        self, kind: str, server_round: int, in_cluster: Mapping[int, int], sent: Mapping[int, ArrayRecord]
    ) -> Iterator[Message]:
        together: dict[tuple[int, int], list[int]] = {}  # by node and cluster
        for user, cluster in in_cluster.items():
            together.setdefault((self.homes.node_of[user], cluster), []).append(user)
        # Few enough for memory, and that no worker is left with a long last message while the others wait.
        update_bytes = sum(array.nbytes for array in self._models[0].values())  # at most, whatever the codec
        size = max(1, min(MAX_USERS_PER_MESSAGE, len(in_cluster) // FEWEST_MESSAGES, MAX_REPLY_BYTES // update_bytes))
        chunks = [
            (place, node, cluster, users[place : place + size])
            for (node, cluster), users in together.items()
            for place in range(0, len(users), size)
        ]
        for _, node, cluster, chunk in sorted(chunks):
            client = self.config.client.model_dump(by_alias=True)
            counted = [self.accepted.get(user, 0) for user in chunk]
            whose: dict[str, Any] = {records.USERS: chunk, records.ACCEPTED: counted, records.CLUSTER: cluster}
            task = ConfigRecord({records.ROUND: server_round, **whose, **client, **self._terms()})
            self.tally.exchanges += 1
            yield Message(RecordDict({records.PARAMETERS: sent[cluster], records.TASK: task}), node, kind)

    def _terms(self) -> dict[str, float]:
        """By which updates become private."""
        return {records.UPDATE_NORM: self.privacy.clip_norm} if self.privacy else {}

    def _collect(self, replies: Iterable[Message], accept: Callable[[int, RecordDict], dict[str, float]]) -> None:
        """Accept each asked user once, and note everything else. Replies are untrusted, and let go one by one."""
        tally = self.tally
        for reply in replies:
            node = reply.metadata.src_node_id
            if reply.has_error():
                tally.failed[node] = _printable(str(reply.error.reason))
                continue
            try:
                claimed = records.users_in(list(reply.content))
            except ValueError:
                claimed = set()
            users = {user for user in claimed & tally.waiting if self.homes.node_of[user] == node}
            if others := len(claimed - users):  # however many names it makes up, one line
                why = f"node {node} speaks of {others} users who were not asked of it, or twice"
                tally.rejected.append((None, why))
            tally.waiting -= users
            for user in sorted(users):
                try:
                    tally.metrics[user] = accept(user, reply.content)
                except Exception as error:  # whatever a device sends, the round goes on
                    tally.rejected.append((user, f"{type(error).__name__}: {_printable(str(error))}"))
        unreached = tally.failed.get(SUPERLINK_NODE_ID)  # Flower answers for a node that cannot be reached
        for user in sorted(tally.waiting):
            reason = tally.failed.get(self.homes.node_of[user], unreached)
            tally.rejected.append((user, f"no usable reply ({reason})" if reason else "no usable reply"))


def _printable(text: str) -> str:
    """The beginning of what a device says, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:200])


def _optimizers(config: RunConfig, number: int, moments: Moments) -> list[ServerOptimizer]:
    """One for each cluster, with the state that it had."""
    made = [optimizers.make(config.server, config.federation.rounds) for _ in range(number)]
    for moment, values in moments.items():
        for key, value in values.items():
            cluster, slash, name = key.rpartition("/")
            made[int(cluster) if slash else 0].state.setdefault(moment, {})[name] = value
    return made


def to_arrays(parameters: Update) -> ArrayRecord:
    """Parameters as Flower's record."""
    return ArrayRecord({name: Array(array) for name, array in parameters.items()})


def to_update(arrays: ArrayRecord) -> Update:
    """Flower's record as parameters."""
    return {name: array.numpy() for name, array in arrays.items()}
