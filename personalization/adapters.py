"""Fine-tuning few numbers: a low-rank change of each matrix in the blocks (Hu et al. 2022, "LoRA", section 4.1).

    W + B A,   A [r, in] drawn at random, B [out, r] from zero

Only A and B are trained, and in the end added into W, so the model that comes out is an ordinary one; r (in + out)
numbers a matrix are what the person's device must keep.
"""

# r rank

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nextword.model import LanguageModel
from nextword.training import TrainConfig, fit

_A, _B = "change_a", "change_b"


class _LowRank(nn.Module):
    def __init__(self, weight: Tensor, rank: int, generator: torch.Generator):
        super().__init__()
        rows, columns = weight.shape
        self.change_a = nn.Parameter(torch.randn(rank, columns, generator=generator) / math.sqrt(columns))
        self.change_b = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.change_b @ self.change_a


def fit_adapters(
    model: LanguageModel, messages: Sequence[Sequence[int]], config: TrainConfig, rank: int, rng: np.random.Generator
) -> None:
    """Train a change of so low a rank, and add it into `model`."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    matrices = [module for module in model.blocks.modules() if isinstance(module, nn.Linear)]
    for matrix in matrices:
        parametrize.register_parametrization(matrix, "weight", _LowRank(matrix.weight, rank, generator))
    trained = frozenset(name for name, _ in model.named_parameters() if name.endswith((_A, _B)))
    try:
        fit(model, messages, config, rng, only=trained)
    finally:
        for matrix in matrices:
            parametrize.remove_parametrizations(matrix, "weight", leave_parametrized=True)
