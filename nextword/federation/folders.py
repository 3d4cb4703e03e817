"""Where a run keeps its files: both sides must find the starting checkpoint, by settings alone."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

from nextword import checkpoint
from nextword.federation.config import RunConfig

SCRATCH, BUNDLED = "scratch", "bundled"
DEVICES = "devices"  # of a run folder: what devices keep to themselves


def with_absolute_paths(config: RunConfig) -> RunConfig:
    """A copy whose folders hold in any current folder: in a worker process, and when the run is resumed.

    The corpus is `data.corpus.settled`'s to name.
    """
    corpus, model = config.corpus, config.model
    return config.model_copy(
        update={
            "out": str(run_folder(config)),
            "corpus": corpus.model_copy(
                update={"data_dir": str(Path(corpus.data_dir).expanduser().absolute()) if corpus.data_dir else ""}
            ),
            "model": model.model_copy(
                update={"start": model.start if model.start in (SCRATCH, BUNDLED) else str(start_folder(config))}
            ),
        }
    )


def run_folder(config: RunConfig, run_id: int = 0) -> Path:
    """The run folder: `out`, else runs/CORPUS-SEED here, else for a run of Flower's (`run_id`) one in the user's cache.

    Flower runs an app from a copy of its code, so the current folder says nothing there.
    """
    if config.out:
        return Path(config.out).expanduser().absolute()
    name = Path(config.corpus.name.replace(":", "-")).name.removesuffix(".gz").removesuffix(".jsonl")
    if not run_id:
        return Path("runs", f"{name}-{config.seed}").absolute()
    home = config.corpus.data_dir or os.environ.get("NEXTWORD_DATA") or user_cache_path("nextword")
    return Path(home, "runs", f"{name}-{config.seed}-{run_id}").expanduser().absolute()


def start_folder(config: RunConfig, run_id: int = 0) -> Path:
    """The checkpoint that the run starts from: bundled, at a path, or made from scratch in the run folder.

    Raises FileNotFoundError for the bundled one in an app that `flwr run` copied: Flower takes code alone along.
    """
    if config.model.start == BUNDLED:
        if not checkpoint.BUNDLED.is_dir():
            raise FileNotFoundError(
                "flwr run leaves weights out of its copy of the app: for the bundled model set model.start to the "
                "absolute path of nextword/bundled in the checkout"
            )
        return checkpoint.BUNDLED
    if config.model.start != SCRATCH:
        return Path(config.model.start).expanduser().absolute()
    return run_folder(config, run_id) / "start"
