"""What happens beside a person's own text: training the shared parameters, and measuring them. No Flower here.

A participant contributes the newest 300 messages of their history. With `corpus.hold-back`, people who are evaluated
keep back its newest part, their own validation messages: then the run's curve and the gate judge by messages that no
model was trained on. Without it, which is the measuring rule's letter, more is learned, and the gate judges a personal
model too strictly: the shared one has met the messages already.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from data import corpus, splits
from data.formats.source import NoColumn
from nextword import checkpoint
from nextword.eightbit import restore
from nextword.federation import records
from nextword.federation.codec import Update
from nextword.federation.config import ClientConfig, CorpusConfig
from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.text import normalise
from nextword.training import TextBits, TrainConfig, text_bits
from nextword.vocabulary import Vocabulary
from personalization.methods import METHODS, Local, State
from personalization.nearest import JUDGED_BY, nearest


@dataclass(frozen=True)
class Trained:
    """A user's update, the numbers that travel with it, and what stays here (None: nothing).

    Of private training only the number of messages travels; pieces and bits are 0.
    """

    delta: Update
    num_messages: int
    num_pieces: int
    bits_per_piece: float
    state: State | None = None

    @property
    def numbers(self) -> dict[str, int | float]:
        """As they travel."""
        return {
            records.NUM_MESSAGES: self.num_messages,
            records.NUM_PIECES: self.num_pieces,
            records.BITS_PER_PIECE: self.bits_per_piece,
        }


def population(config: CorpusConfig, seed: int) -> splits.Population:
    """Everyone in a run's corpus, in the roles that its seed gives. Raises ValueError or OSError where it is broken."""
    try:
        dataset = corpus.load(
            config.name,
            data_dir=Path(config.data_dir) if config.data_dir else None,
            user_column=config.user_column,
            text_column=config.text_column,
        )
    except NoColumn as error:
        setting = f"corpus.{error.option.removeprefix('--')}"
        raise ValueError(f"{error.missing}; name the right one with {setting}=NAME") from None
    return splits.divide(corpus.people(dataset), seed=seed, newcomer_share=config.newcomer_share)


@lru_cache(maxsize=1)
def participants(config: CorpusConfig, seed: int) -> tuple[splits.Split, ...]:
    """Everyone who takes part, in order of user id: a user's ordinal is their place here. Read once per process."""
    people = tuple(sorted(population(config, seed).participants, key=lambda split: split.user))
    if not people:
        raise ValueError(f"{config.name}: no participants, so nobody to train with")
    return people


@lru_cache(maxsize=1)
def load_model(start: str) -> tuple[LanguageModel, Vocabulary]:
    """The model and vocabulary of the starting checkpoint, one of each per process."""
    torch.set_num_threads(1)
    return checkpoint.load(Path(start))


def contribution(split: splits.Split, *, hold_back: bool) -> tuple[str, ...]:
    """The raw messages that a participant trains on; with `hold_back`, none of the validation messages."""
    return split.train[-splits.MAX_CONTRIBUTED :] if hold_back else splits.contributes(split)


def generator(seed: int, server_round: int, user: str) -> np.random.Generator:
    """The randomness of one user's training in one round."""
    digest = hashlib.sha256(user.encode(errors="surrogatepass")).digest()
    return np.random.default_rng([seed, server_round, int.from_bytes(digest)])


def train_config(config: ClientConfig) -> TrainConfig:
    """The training that the run's settings ask of a device."""
    return TrainConfig(**config.model_dump() | {"learning_rate": config.rate})


@lru_cache(maxsize=1)
def start_weights(start: str) -> Weights:
    """The weights of the starting checkpoint, with which personal parameters begin."""
    return restore(checkpoint.read(Path(start)).stored)


def train_user(
    local: Local, vocabulary: Vocabulary, texts: Sequence[str], parameters: Weights, state: State | None = None
) -> Trained:
    """Train from the shared `parameters` on a user's contribution, `texts`; the messages of `local` do not count."""
    messages = [pieces for text in texts if (pieces := vocabulary.encode(normalise(text)))]
    if not messages:
        return Trained({}, 0, 0, 0.0)
    local = dataclasses.replace(local, messages=messages)
    delta, kept, result = METHODS[local.personal.method].train(local, parameters, state)
    if local.private is not None:  # nothing without noise travels
        return Trained(delta, len(messages), 0, 0.0, kept)
    return Trained(delta, len(messages), result.num_pieces, result.bits_per_piece, kept)


def nearest_cluster(
    local: Local, vocabulary: Vocabulary, texts: Sequence[str], models: Sequence[Weights], state: State | None = None
) -> int:
    """The cluster whose shared parameters suit the newest messages best (`personalization.nearest`).

    Each is taken below the person's own layers, where there are such. A whole model of their own tells nothing of it.
    """
    if len(models) == 1:
        return 0
    own = {name: value for name, value in (state or {}).items() if name in local.personal_names}
    messages = [pieces for text in texts[-JUDGED_BY:] if (pieces := vocabulary.encode(normalise(text)))]

    def loaded() -> Iterator[LanguageModel]:
        for parameters in models:
            local.load(parameters, own)
            yield local.model

    return nearest(loaded(), messages, max_pieces=local.train.max_pieces)


def evaluate_user(model: LanguageModel, vocabulary: Vocabulary, split: splits.Split, config: ClientConfig) -> TextBits:
    """Bits that the user's validation messages cost."""
    return text_bits(model, vocabulary, map(normalise, split.validation), max_pieces=config.max_pieces)
