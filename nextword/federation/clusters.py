"""Several models in one record: with one, its parameters by name; with more, each name after the cluster's number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

Value = TypeVar("Value")


def packed(models: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """One mapping of all the models' parameters."""
    if len(models) == 1:
        return dict(models[0])
    return {f"{cluster}/{name}": value for cluster, model in enumerate(models) for name, value in model.items()}


def unpacked(parameters: Mapping[str, Value]) -> list[dict[str, Value]]:
    """The models again, in order. Raises ValueError where their numbers do not count from 0."""
    models: dict[str, dict[str, Value]] = {}
    for key, value in parameters.items():
        cluster, slash, name = key.rpartition("/")
        models.setdefault(cluster if slash else "0", {})[name] = value
    if sorted(models) != sorted(str(number) for number in range(len(models))):
        raise ValueError("the clusters' models are not numbered from 0")
    return [models[str(number)] for number in range(len(models))]
