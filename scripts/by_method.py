"""What a run's federated method leaves on a device: a system of `nextword evaluate`, and candidates of the stack."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nextword import checkpoint
from nextword.federation.config import ClientConfig, PersonalConfig
from nextword.federation.folders import DEVICES, start_folder
from nextword.federation.groups import personal_names
from nextword.federation.published import Published
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.predictor import Predictor
from nextword.text import normalise
from personalization import device, stack
from personalization.memo import Memo
from personalization.methods import METHODS, Local, State
from personalization.store import DeviceStore
from scripts.systems import Base, Checkpointed, Clustered, Made, Someone
from server.run_folder import RunFolder


@dataclass
class ByMethod:
    """What the run's method leaves on a participant's device, or makes on a newcomer's."""

    base: Base
    start: Path
    client: ClientConfig
    personal: PersonalConfig
    devices: Path
    label: str | None = None  # of the row, where it is not called like the method

    @classmethod
    def of_run(cls, folder: RunFolder, base: Base) -> ByMethod | None:
        """Over what a run's people share; None by FedAvg, which leaves nothing."""
        config = folder.config().model_copy(update={"out": str(folder.path)})
        if config.personal.method == "fedavg":
            return None
        return cls(base, start_folder(config), config.client, config.personal, folder.path / DEVICES)

    @property
    def name(self) -> str:
        return self.label or self.personal.method

    def prepare(self) -> None:
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time() - self.base.spent(someone)
        vocabulary, state = self.base.shared(someone).predictor.vocabulary, self.kept(someone)
        used = self.model(someone, self.history(someone), state)
        kept = None if state is None else sum(array.nbytes for array in state.values())
        return Made(Predictor.of(used, vocabulary), time.process_time() - began, kept_bytes=kept)

    def of(self, someone: Someone) -> stack.Tuning:
        """What the stack may take in place of fine-tuning: the method's model of messages."""
        return _Fitting(self, someone)

    def history(self, someone: Someone) -> list[list[int]]:
        """All that a person has written, in pieces."""
        encode = self.base.shared(someone).predictor.vocabulary.encode
        return [pieces for text in someone.history if (pieces := encode(normalise(text)))]

    def model(self, someone: Someone, messages: Sequence[Sequence[int]], state: State | None) -> LanguageModel:
        """The person's model, of these messages (pieces) and what their device has kept; for None a newcomer's."""
        model, _ = checkpoint.load(self.start)
        start = {name: value.copy() for name, value in model.weights().items()}
        local = Local(model, start, messages, device.train_config(self.client), self.personal, someone.rng())
        final = self.base.shared(someone).model.weights()
        parameters = {name: value for name, value in final.items() if name not in local.personal_names}
        return METHODS[self.personal.method].personal_model(local, parameters, state).eval()

    def layers(self, someone: Someone) -> State:
        """The personal layers that a participant's device has kept."""
        state = self.kept(someone) or {}
        return {name: state[name] for name in personal_names(self.personal, self._shape, state)}

    @cached_property
    def _shape(self) -> ModelConfig:
        return checkpoint.load(self.start)[0].config

    def kept(self, someone: Someone) -> State | None:
        """By a participant's device."""
        return DeviceStore(self.devices).load(someone.ordinal) if someone.ordinal is not None else None


def shared_by(folder: RunFolder, name: str) -> Checkpointed | Clustered:
    """The model that a run's people share, or the clusters of which each chooses."""
    published = Published.of_run(folder.path)
    return clustered(folder, name) if published.clusters else Checkpointed(name, published.final)


def clustered(folder: RunFolder, name: str = "clustered") -> Clustered:
    """A run's clusters, of which each person chooses under the layers that their device has kept."""
    base = Clustered(Published.of_run(folder.path), name, max_pieces=folder.config().client.max_pieces)
    if method := ByMethod.of_run(folder, base):
        base.layers = method.layers
    return base


@dataclass
class _Fitting:
    """A method's model of a person, as candidates of the stack.

    What a participant's device has kept was trained on all of their history. So it is used with all of it, and where
    the gate judges by the rest of it a newcomer's model stands in.
    """

    method: ByMethod
    someone: Someone
    ways: tuple[float, ...] = (1.0,)
    memo: Memo = field(default_factory=Memo)

    def __call__(self, messages: Sequence[Sequence[int]]) -> LanguageModel:
        whole = [*messages] == self.method.history(self.someone)
        return self.method.model(self.someone, messages, self.method.kept(self.someone) if whole else None)
