"""A tiny federation: a corpus of invented words, a tiny model, and a grid that calls the ClientApp in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import torch
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.common import serde
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

from data.splits import Split
from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import with_absolute_paths
from nextword.federation.groups import personal_names
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.vocabulary import Vocabulary
from personalization import device
from personalization.app import make_app
from server.strategy import to_arrays

SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
Tamper = Callable[[Message, Message], "list[Message]"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with corpus.jsonl (14 people, of 5 to 360 messages) and the checkpoint start/."""
    folder = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(SYLLABLES, rng.integers(2, 4))) for _ in range(120)]
    with (folder / "corpus.jsonl").open("w") as file:
        for person, count in enumerate([5, 12, 29, 30, 31, 35, 40, 40, 45, 50, 55, 60, 70, 460]):
            for _ in range(count):
                text = " ".join(rng.choice(words, rng.integers(2, 7)))
                file.write(json.dumps({"user": f"+65{person:07d}", "text": text}) + "\n")
    vocabulary = Vocabulary.train(words, size=350)
    model = LanguageModel(ModelConfig(len(vocabulary), width=16, layers=1, heads=2, hidden=32)).initialise(0)
    checkpoint.save(folder / "start", model, vocabulary)
    return folder


@pytest.fixture
def config(tiny: Path, tmp_path: Path) -> RunConfig:
    """Three short rounds over the tiny corpus."""
    torch.set_num_threads(1)
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
    return with_absolute_paths(
        RunConfig.from_flat(
            {
                "seed": 4,
                "out": str(tmp_path / "run"),
                "corpus.name": str(tiny / "corpus.jsonl"),
                "corpus.data-dir": str(tiny / "cache"),
                "model.start": str(tiny / "start"),
                "federation.rounds": 3,
                "federation.users-per-round": 6,
                "federation.evaluate-every": 2,
                "federation.evaluate-users": 4,
                "client.optimizer": "adamw",
                "client.learning-rate": 0.01,
                "server.optimizer": "fedadam",
                "server.learning-rate": 0.01,
            }
        )
    )


@pytest.fixture
def people(config: RunConfig) -> tuple[Split, ...]:
    """The participants of the tiny corpus."""
    return device.participants(config.corpus, config.seed)


@dataclass
class LocalGrid(Grid):
    """Flower's grid without processes. Every message is written to bytes, kept in `wire`, and read again.

    `tamper` gets each message and its reply, and returns the replies that the server shall see.
    """

    config: RunConfig
    nodes: int
    tamper: Tamper = lambda sent, reply: [reply]
    app: ClientApp | None = None  # one that finds its settings in Flower's context
    wire: list[bytes] = field(default_factory=list)
    most_outstanding: int = 0
    most_users: int = 0

    def __post_init__(self) -> None:
        self._app = self.app or make_app(self.config)
        self._replies: dict[str, list[Message]] = {}

    def get_node_ids(self) -> list[int]:
        return [1000 + 7 * node for node in range(self.nodes)]

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        return [self._send(message) for message in messages]

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        wanted = [message_id for message_id in message_ids if message_id in self._replies]
        self.most_outstanding = max(self.most_outstanding, len(self._replies))
        # One at a time, the newest first: the server must not depend on order.
        return self._replies.pop(max(wanted)) if wanted else []

    def _send(self, message: Message) -> str:
        message_id = str(uuid4())
        message.metadata.__dict__["_message_id"] = message_id
        sent = self._over_the_wire(message)
        place = (message.metadata.dst_node_id - 1000) // 7
        settings = self.config.to_flat() if self.app else {}
        context = Context(7, message.metadata.dst_node_id, _node(place, self.nodes), RecordDict(), settings)
        reply = self._over_the_wire(self._app(sent, context))
        users = {key.partition(".")[2] for key in reply.content} if reply.has_content() else set()
        self.most_users = max(self.most_users, len(users))
        self._replies[message_id] = self.tamper(sent, reply)
        return message_id

    def ask(self, user: int, server_round: int) -> Message:
        """What a user's device answers to a server that asks for any round at any time, from the start's parameters."""
        model, _ = checkpoint.load(Path(self.config.model.start))
        weights = model.weights()
        kept = personal_names(self.config.personal, model.config, weights)
        shared = to_arrays({name: value for name, value in weights.items() if name not in kept})
        client = self.config.client.model_dump(by_alias=True)
        task = ConfigRecord({"round": server_round, "users": [user], "cluster": 0, "accepted": [0], **client})
        message = Message(RecordDict({"task": task, "parameters": shared}), 1000, "train")
        return self._app(message, Context(7, 1000, _node(0, 1), RecordDict(), {}))

    def _over_the_wire(self, message: Message) -> Message:
        proto = serde.message_to_proto(message)
        self.wire.append(proto.SerializeToString())
        return serde.message_from_proto(proto)

    def set_run(self, run: Any) -> None: ...

    @property
    def run(self) -> Any:
        raise NotImplementedError

    def create_message(self, *args: Any, **kwargs: Any) -> Message:
        raise NotImplementedError

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        return [reply for message_id in self.push_messages(messages) for reply in self._replies.pop(message_id)]


def _node(place: int, nodes: int) -> dict[str, Any]:
    return {"partition-id": place, "num-partitions": nodes}


@pytest.fixture
def local_grid() -> type[LocalGrid]:
    return LocalGrid
