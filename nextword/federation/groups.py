"""Which parameters are shared, which are a person's own and which stay as they are, by name; both sides must agree."""

from __future__ import annotations

from collections.abc import Iterable

from nextword.federation.config import PersonalConfig, UpdateConfig
from nextword.model_config import ModelConfig

TOP = ("fedper", "fedrep")  # methods whose topmost blocks are personal


def frozen_names(update: UpdateConfig) -> frozenset[str]:
    """The parameters that nobody trains for others or sends: every device has them from the start."""
    return frozenset({"embedding.weight"} if update.frozen == "embedding" else ())


def personal_names(personal: PersonalConfig, model: ModelConfig, names: Iterable[str]) -> frozenset[str]:
    """The parameters that never leave the device: the topmost blocks and the last norm, or none.

    The embedding is the output too (they are tied), so it is shared. Raises ValueError where nothing would be shared
    but the embedding.
    """
    if personal.method not in TOP:
        return frozenset()
    if personal.layers >= model.layers:
        raise ValueError(f"personal.layers = {personal.layers}: of {model.layers} blocks one at least must be shared")
    top = tuple(f"blocks.{number}." for number in range(model.layers - personal.layers, model.layers))
    return frozenset(name for name in names if name.startswith((*top, "norm.")))
