"""The model that a run starts from: a given checkpoint, or one made from scratch on text that is nobody's here."""

from __future__ import annotations

from data import synthetic
from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import SCRATCH, start_folder
from nextword.federation.groups import personal_names
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.text import normalise
from nextword.vocabulary import Vocabulary

PUBLIC_PEOPLE = 60


def prepare_start(config: RunConfig, run_id: int = 0) -> tuple[LanguageModel, Vocabulary]:
    """Load the starting checkpoint; from scratch, make it first. Raises ValueError or OSError in one line."""
    folder = start_folder(config, run_id)
    if config.model.start == SCRATCH and not (folder / "config.json").is_file():
        checkpoint.save(folder, *from_scratch(config), extra={"start": SCRATCH, "seed": config.seed})
    return checkpoint.load(folder)


def check_start(config: RunConfig) -> None:
    """Raise ValueError or OSError where the checkpoint to start from is missing, damaged, or unfit for the settings."""
    if config.model.start != SCRATCH:
        shape = checkpoint.read(start_folder(config)).config
    else:
        made = config.model
        shape = ModelConfig(made.vocabulary_size, made.width, made.layers, made.heads, made.hidden)
    personal_names(config.personal, shape, ())


def from_scratch(config: RunConfig) -> tuple[LanguageModel, Vocabulary]:
    """Random weights by the run's seed, and a vocabulary learned from synthetic people who take part in no run."""
    public = map(normalise, synthetic.public_texts(PUBLIC_PEOPLE))
    vocabulary = Vocabulary.train(public, size=config.model.vocabulary_size)
    shape = config.model
    model_config = ModelConfig(len(vocabulary), shape.width, shape.layers, shape.heads, shape.hidden)
    return LanguageModel(model_config).initialise(config.seed), vocabulary
