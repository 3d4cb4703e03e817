"""The state of a training in a file, with which one that was cut off ends as if it had not been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nextword.files import write_whole
from nextword.model import LanguageModel

_RANDOM = "random"  # torch's stream of random numbers


def save(
    path: Path,
    model: LanguageModel,
    optimizers: Sequence[torch.optim.Optimizer],
    told: Mapping[str, str],
    *,
    random: bool = False,
) -> None:
    """Write the state, and what is `told` of it, whole or not at all; with torch's random numbers if asked."""
    tensors = {f"model.{name}": value.detach().cpu().contiguous() for name, value in model.named_parameters()}
    for number, optimizer in enumerate(optimizers):
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {
                f"{number}.{index}.{key}": torch.as_tensor(value).cpu().contiguous() for key, value in values.items()
            }
    if random:
        tensors[_RANDOM] = torch.get_rng_state()
    write_whole(path, safetensors.torch.save(tensors, metadata=dict(told)))


def told(path: Path) -> dict[str, str]:
    """What is told of the state; nothing where there is none. Raises ValueError for a damaged file."""
    return _read(path)[0] if path.is_file() else {}


def restore(path: Path, model: LanguageModel, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    """Take up the state, and torch's random numbers if it has them. Raises ValueError for a damaged file."""
    _, tensors = _read(path)
    weights = {name: value.numpy() for name, value in tensors.items() if name.startswith("model.")}
    model.set_weights({name.removeprefix("model."): value for name, value in weights.items()})
    if _RANDOM in tensors:
        torch.set_rng_state(tensors[_RANDOM])
    for number, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            owner, _, rest = name.partition(".")
            if owner == str(number):
                index, _, key = rest.partition(".")
                state.setdefault(int(index), {})[key] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except safetensors.SafetensorError as error:
        raise ValueError(
            f"{path}: the state of the training cannot be read ({error}); delete it to begin anew"
        ) from None
