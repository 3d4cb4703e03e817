"""What the tests share: a tiny vocabulary and model, and one torch thread."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import pytest
import torch
from hypothesis import settings

from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.vocabulary import Vocabulary

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

LINES = [
    "see you at the station tomorrow",
    "i don't know if she is coming to the party",
    "don't forget to bring the tickets , please !",
    "we are going to the station at ten",
    "is she still at the station ? i am at home",
    "haha ok :) see you tomorrow then",
    "the unbelievable traffic made me late again",
    "believe me , i was running all the way",
] * 4


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.train(LINES, size=330)


@pytest.fixture
def model(vocabulary: Vocabulary) -> LanguageModel:
    """A model with weights large enough to have opinions."""
    tiny = LanguageModel(ModelConfig(vocabulary=len(vocabulary), width=16, layers=2, heads=2, hidden=24)).initialise(1)
    with torch.no_grad():
        for parameter in tiny.parameters():
            if parameter.dim() > 1:
                parameter.mul_(12)
    return tiny.eval()
