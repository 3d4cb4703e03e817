"""Few numbers of one's own: a low-rank change of each matrix in the blocks (Hu et al. 2022, "LoRA", section 4.1).

    W + B A,   A [r, in] drawn at random, B [out, r] from zero

r (in + out) numbers a matrix are what a person's device must keep. Added into W in the end, they leave an ordinary
model.
"""

# r rank

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nextword.model import LanguageModel

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
        self._parameters = dict(model.named_parameters())
        self.own = frozenset(name for name in self._parameters if _PLACE in name)
        self.below = frozenset(self._parameters) - self.own

    def state(self) -> dict[str, np.ndarray]:
        """A copy of the changes, by name."""
        changes = ((name, self._parameters[name].detach().cpu().numpy()) for name in sorted(self.own))
        return {name.replace(_PLACE, "."): value.copy() for name, value in changes}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Raises KeyError where a change is missing, RuntimeError where one has another rank."""
        with torch.no_grad():
            for name in self.own:
                self._parameters[name].copy_(torch.from_numpy(np.array(state[name.replace(_PLACE, ".")])))


@contextmanager
def adapted(model: LanguageModel, rank: int, rng: np.random.Generator, *, keep: bool) -> Iterator[Adapters]:
    """Lay changes of so low a rank over the blocks' matrices; afterwards add them in (`keep`), or take them off."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    matrices = [module for module in model.blocks.modules() if isinstance(module, nn.Linear)]
    for matrix in matrices:
        parametrize.register_parametrization(matrix, _WEIGHT, _LowRank(matrix.weight, rank, generator))
    try:
        yield Adapters(model)
    finally:
        for matrix in matrices:
            parametrize.remove_parametrizations(matrix, _WEIGHT, leave_parametrized=keep)
