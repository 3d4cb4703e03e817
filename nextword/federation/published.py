"""What everybody has of a run: its final model, the models of its clusters, and the n-grams of many, by file names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from nextword import checkpoint
from nextword.federation.ngrams import MANY_TRUST, Growth
from nextword.layers import Layer, Trusted

CONFIG, FINAL, CLUSTER_MODELS, NGRAMS = "config.toml", "final", "clusters", "ngrams.safetensors"


@dataclass(frozen=True)
class Published:
    """Checkpoints' folders, and a file; nothing is read before it is asked for."""

    final: Path
    clusters: tuple[Path, ...] = ()  # in their order; none where there is one model
    ngrams: Path | None = None

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Of a run's folder, or of a checkpoint's, which is the final model alone.

        Raises ValueError for a run that has not ended, FileNotFoundError where there is neither.
        """
        if (folder / FINAL).is_dir():
            published = cls.of_run(folder)
        elif (folder / CONFIG).is_file():
            raise ValueError(f"{folder}: the run has not ended; go on with 'nextword simulate --resume {folder}'")
        else:
            published = cls(folder)
        checkpoint.read_config(published.final)
        return published

    @classmethod
    def of_run(cls, folder: Path) -> Self:
        """What there is of it so far."""
        clusters = [path for path in (folder / CLUSTER_MODELS).glob("*") if path.name.isdigit()]
        ngrams = folder / NGRAMS
        in_order = tuple(sorted(clusters, key=lambda path: int(path.name)))
        return cls(folder / FINAL, in_order, ngrams if ngrams.is_file() else None)

    @cached_property
    def layers(self) -> Sequence[Layer]:
        """What everybody has over these models: the n-grams of many, if any; read once. Raises as `Growth.load`."""
        if self.ngrams is None:
            return ()
        return (Trusted(Growth.load(self.ngrams, checkpoint.read(self.final).vocabulary).layer(), MANY_TRUST),)
