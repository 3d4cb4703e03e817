"""The real corpora, where they are at hand: counts as their README gives them. No text is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.corpus import load, people
from data.splits import divide

SHARED = Path(__file__).parents[3] / "shared" / "corpora"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpora beside the repository are not here")
@pytest.mark.parametrize(
    ("folder", "users", "messages", "evaluated", "doubles"),
    [
        ("nus-sms", 310, 42_329, 73, 3),
        ("self-dialogue", 2_321, 306_061, 1_151, 0),
        ("ubuntu-irc", 17_498, 192_609, 1_306, 0),
    ],
)
def test_the_real_corpora_have_their_known_size(
    folder: str, users: int, messages: int, evaluated: int, doubles: int, tmp_path: Path
) -> None:
    dataset = load(str(SHARED / folder), data_dir=tmp_path)
    everyone = people(dataset)
    assert (len(everyone), len(dataset)) == (users, messages)
    assert sum(len(person.messages) for person in everyone) == messages
    population = divide(everyone, seed=0)
    assert len(population.evaluated_participants) + len(population.newcomers) == evaluated
    assert len(population.participants) + len(population.newcomers) == users - doubles
    assert len(population.newcomers) == int(0.2 * evaluated + 0.5)
