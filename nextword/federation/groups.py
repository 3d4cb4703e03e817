"""Which parameters are shared, which are a person's own and which stay as they are, by name; both sides must agree."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nextword.federation.config import PersonalConfig, UpdateConfig
from nextword.model_config import ModelConfig

TOP = ("fedper", "fedrep")  # methods whose topmost blocks are personal


def is_norm(name: str) -> bool:
    """Whether this parameter is the scales of a normalisation."""
    return name.endswith("norm.weight")


def never_sent(update: UpdateConfig, names: Iterable[str]) -> frozenset[str]:
    """The parameters that nobody trains for others or sends in any round: every device has them from the start."""
    if update.frozen == "all-but-norms":
        return frozenset(name for name in names if not is_norm(name))
    return frozenset({"embedding.weight"} if update.frozen == "embedding" else ())


def out_of_turn(update: UpdateConfig, names: Collection[str], server_round: int) -> frozenset[str]:
    """Of the parameters that are sent at all those that nobody trains or sends in this round.

    By "all-but-one" the blocks have their turns, one a round, and after them all that is in no block.
    """
    if update.frozen != "all-but-one":
        return frozenset()
    part_of = {name: int(name.split(".")[1]) if name.startswith("blocks.") else len(names) for name in names}
    parts = sorted(set(part_of.values()))
    turn = parts[(server_round - 1) % len(parts)]
    return frozenset(name for name, part in part_of.items() if part != turn)


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
