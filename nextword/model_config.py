"""The shape of a language model, and its weights by name: what every part of the house calls by the same names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

OUTPUT_BIAS = "output.bias"
Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model; the defaults make 5.07 M parameters."""

    vocabulary: int = 8000
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 640
    rotary_base: float = 1000.0
    output_bias: bool = False  # what a person's model may have of their own; no shared one has it

    def __post_init__(self) -> None:
        if min(self.vocabulary, self.width, self.layers, self.heads, self.hidden) < 1:
            raise ValueError("model: vocabulary, width, layers, heads and hidden must be at least 1")
        if self.width % (2 * self.heads):
            raise ValueError(f"model: width {self.width} must be a multiple of twice the {self.heads} heads")

    def to_dict(self) -> dict[str, int | float]:
        return asdict(self)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each weight, matrices as [out, in]; the output is tied to the embedding, so not among them."""
        D, hidden = self.width, self.hidden
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (self.vocabulary, D)}
        for layer in range(self.layers):
            block = f"blocks.{layer}."
            shapes[block + "attention_norm.weight"] = (D,)
            shapes |= {f"{block}attention.{name}.weight": (D, D) for name in ("query", "key", "value", "output")}
            shapes[block + "mlp_norm.weight"] = (D,)
            shapes |= {f"{block}mlp.{name}.weight": (hidden, D) for name in ("gate", "up")}
            shapes[block + "mlp.down.weight"] = (D, hidden)
        return {**shapes, "norm.weight": (D,), **({OUTPUT_BIAS: (self.vocabulary,)} if self.output_bias else {})}

    @property
    def num_parameters(self) -> int:
        return sum(int(np.prod(shape)) for shape in self.weight_shapes().values())


def check_weights(config: ModelConfig, weights: Mapping[str, NDArray[np.generic]]) -> None:
    """Raise ValueError where names or shapes are not exactly those of `config`."""
    shapes = config.weight_shapes()
    wrong = sorted(set(shapes) ^ set(weights)) or [n for n, shape in shapes.items() if weights[n].shape != shape]
    if wrong:
        raise ValueError(f"the weights do not fit the model: {wrong[0]} (and {len(wrong) - 1} more)")
