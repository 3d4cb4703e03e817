"""The synthetic population: the corpus that everyone has, generated from a seed and never downloaded.

Six communities that differ in dialect, code-mixing, slang, spelling and topics, each one file under `communities/`.
A person's identity explains part of what they type, through habits that real people have: a few friends and places,
favourite phrasings, abbreviations, topics, punctuation, which also change in the course of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from data.synthetic.communities import COMMUNITIES
from data.synthetic.community import grammar_of
from data.synthetic.dice import Dice
from data.synthetic.person import Person
from data.synthetic.style import draw_style
from data.synthetic.voice import community_weights

POPULATION = 240
_PUBLIC_SEED = 2_000_000
_SHARED, _PERSONAL, _RETYPED = 0, 1, 2  # what a stream of random numbers is for


def generate(*, seed: int = 0, people: int = POPULATION) -> Iterator[dict[str, str]]:
    """Yield rows with `user`, `text`, `time` (ISO 8601 with offset) and `group`, user by user in order of time.

    Each person depends on (seed, their number) alone, so a larger population begins with the smaller one's people.
    Raises ValueError for a negative seed or fewer than one person.
    """
    if seed < 0 or people < 1:
        raise ValueError(f"The synthetic population wants a seed >= 0 and people >= 1, not {seed} and {people}.")
    return _rows(seed, people)


def public_texts(people: int) -> Iterator[str]:
    """Messages of `people` who belong to no population of a smaller seed: text that is nobody's, to pretrain on."""
    for seed, first in enumerate(range(0, people, POPULATION), _PUBLIC_SEED):
        for row in generate(seed=seed, people=min(POPULATION, people - first)):
            yield row["text"]


def retyped(texts: Iterable[str]) -> Iterator[str]:
    """Each text as one of 240 people would type it who belong to no population of a smaller seed."""
    typists = []
    for number in range(POPULATION):
        rng = np.random.default_rng(np.random.SeedSequence([_PUBLIC_SEED, _RETYPED, number]))
        dice = Dice(rng)
        typists.append((draw_style(COMMUNITIES[number % len(COMMUNITIES)], rng, dice), dice))
    for number, text in enumerate(texts):
        style, dice = typists[number % POPULATION]
        yield style.write(text, dice)


def _rows(seed: int, people: int) -> Iterator[dict[str, str]]:
    shared = [
        community_weights(grammar_of(community), np.random.default_rng(np.random.SeedSequence([seed, _SHARED, number])))
        for number, community in enumerate(COMMUNITIES)
    ]
    for number in range(people):
        which = number % len(COMMUNITIES)
        community = COMMUNITIES[which]
        rng = np.random.default_rng(np.random.SeedSequence([seed, _PERSONAL, number]))
        user = f"{community.name}-{number // len(COMMUNITIES) + 1:03d}"
        for text, time in Person(community, shared[which], rng).messages():
            yield {"user": user, "text": text, "time": time.isoformat(), "group": community.name}
