"""Few numbers of one's own: a low-rank change of each matrix in the blocks (Hu et al. 2022, "LoRA", section 4.1), and a
bias of the output.

    W + B A,   A [r, in] drawn at random, B [out, r] from zero;   logits + b,   b [V] from zero

r (in + out) numbers a matrix and one a piece are what a person's device must keep. Added into W in the end, they leave
an ordinary model with an output bias, which has the person's frequent words.
"""

# r rank, V vocabulary

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nextword.model import LanguageModel
from nextword.model_config import OUTPUT_BIAS

_WEIGHT = "weight"
_PLACE = f".parametrizations.{_WEIGHT}.0."  # in the names that torch gives
_BELOW = f".parametrizations.{_WEIGHT}.original"


def without_changes(name: str) -> str:
    """What a model's parameter is called while no changes are laid over it."""
    return name.replace(_BELOW, f".{_WEIGHT}")


class _LowRank(nn.Module):
    def __init__(self, weight: Tensor, rank: int, generator: torch.Generator):
        super().__init__()
        rows, columns = weight.shape
        self.change_a = nn.Parameter(torch.randn(rank, columns, generator=generator) / math.sqrt(columns))
        self.change_b = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.change_b @ self.change_a


class Adapters:
    """The changes laid over a model, as long as it is `adapted`."""

    def __init__(self, model: LanguageModel):
        self._model = model
        self._parameters = dict(model.named_parameters())
        self.own = frozenset(name for name in self._parameters if _PLACE in name or name == OUTPUT_BIAS)
        self.below = frozenset(self._parameters) - self.own

    def state(self) -> dict[str, np.ndarray]:
        """A copy of the changes, by name."""
        changes = ((name, self._parameters[name].detach().cpu().numpy()) for name in sorted(self.own))
        return {name.replace(_PLACE, "."): value.copy() for name, value in changes}

    def merged(self) -> LanguageModel:
        """A model of its own with the changes added in."""
        made = LanguageModel(dataclasses.replace(self._model.config, output_bias=True))
        with torch.no_grad():
            changed = {f"{name}.{_WEIGHT}": matrix.weight for name, matrix in _matrices(self._model)}
            whole = {without_changes(name): value for name, value in self._parameters.items()} | changed
            made.set_weights({name: whole[name].numpy() for name, _ in made.named_parameters()})
        return made

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Raises ValueError where a change is missing, RuntimeError where one has another rank."""
        changes = {name: state.get(name.replace(_PLACE, ".")) for name in self.own}
        if missing := sorted(name for name, change in changes.items() if change is None):
            raise ValueError(f"a state of an earlier version, without {missing[0]}: start a new run")
        with torch.no_grad():
            for name, change in changes.items():
                self._parameters[name].copy_(torch.from_numpy(np.array(change)))


@contextmanager
def adapted(model: LanguageModel, rank: int, rng: np.random.Generator) -> Iterator[Adapters]:
    """Lay changes of so low a rank over the blocks' matrices, and a bias over the output of a model without one.

    Afterwards they are taken off. Raises ValueError for a model that has a bias.
    """
    if model.config.output_bias:
        raise ValueError("the model has an output bias of somebody's already")
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    for _, matrix in _matrices(model):
        parametrize.register_parametrization(matrix, _WEIGHT, _LowRank(matrix.weight, rank, generator))
    model.output.bias = nn.Parameter(torch.zeros(model.config.vocabulary))
    try:
        yield Adapters(model)
    finally:
        for _, matrix in _matrices(model):
            parametrize.remove_parametrizations(matrix, _WEIGHT, leave_parametrized=False)
        model.output.register_parameter("bias", None)


def _matrices(model: LanguageModel) -> list[tuple[str, nn.Linear]]:
    """Of the blocks, by their names in the model."""
    return [(n, m) for n, m in model.named_modules() if n.startswith("blocks.") and isinstance(m, nn.Linear)]
