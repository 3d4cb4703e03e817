"""N-grams found from sums of sketches are those that counting by hand finds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from nextword.federation.ngrams import LEVELS, WORD_LEVELS, Growth, Sketching
from nextword.layers import END
from nextword.ngram_layer import START, NgramConfig
from nextword.vocabulary import Vocabulary
from personalization.ngram_counts import items

PEOPLE = [
    [["see", "you", "at", "the", "station"], ["ok"]],
    [["see", "you", "at", "ten"], ["see", "you"], ["ok"]],
    [["see", "you", "tomorrow"], ["the", "station", "!"], ["unbelievable"]],
    [["believe", "me"], []],
]


def _grown(vocabulary: Vocabulary, least: int, sketching: Sketching) -> Growth:
    growth = Growth(vocabulary)
    for level in range(LEVELS):
        sketches = [
            sketching.sketch(items(growth, messages), level, growth.parents, growth.symbols) for messages in PEOPLE
        ]
        growth.grow(np.sum(sketches, axis=0), sketching, least)
    return growth


def _by_hand(vocabulary: Vocabulary, least: int) -> dict[tuple[str, ...], int]:
    """How many people have each word, pair and triple; of fewer than `least` nothing, nor what they are part of."""
    counts: Counter[tuple[str, ...]] = Counter()
    for messages in PEOPLE:
        seen: set[tuple[str, ...]] = {(token,) for message in messages for token in message}
        for size in (2, 3):
            flows = ([START, *message, END] for message in messages if message)
            seen |= {tuple(flow[i : i + size]) for flow in flows for i in range(len(flow) - size + 1)}
        counts.update(seen)
    short = {gram for gram in counts if all(len(vocabulary.encode_token(t)) <= WORD_LEVELS for t in gram if t.strip())}
    frequent = {gram: count for gram, count in counts.items() if gram in short and count >= least}
    return {
        gram: count
        for gram, count in frequent.items()
        if all((token,) in frequent or token in (START, END) for token in gram)
        and (len(gram) < 3 or (gram[:2] in frequent and gram[1:] in frequent))
    }


@pytest.mark.parametrize("least", [1, 2, 3])
def test_what_is_found_is_what_counting_by_hand_finds(vocabulary: Vocabulary, least: int) -> None:
    growth = _grown(vocabulary, least, Sketching(seed=0, buckets=2**16))
    layer = growth.layer(NgramConfig())
    found = {(*context, token): n for context, counts in layer.followers.items() for token, n in counts.items()}
    found.pop((END,), None)
    assert found == _by_hand(vocabulary, least)
    assert (START, "see", "you") in found


def test_few_buckets_find_all_that_is_frequent_and_perhaps_more(vocabulary: Vocabulary) -> None:
    layer = _grown(vocabulary, 2, Sketching(seed=1, rows=2, buckets=64)).layer(NgramConfig())
    by_hand = _by_hand(vocabulary, 2)
    for gram, people in by_hand.items():
        assert layer.followers[gram[:-1]][gram[-1]] >= people


def test_nobody_adds_more_than_they_may(vocabulary: Vocabulary) -> None:
    sketching = Sketching(seed=0, rows=3, buckets=2**12, items=2)
    vector = sketching.sketch(items(Growth(vocabulary), PEOPLE[0] * 50), 0, 1, len(vocabulary))
    assert vector.max() == 1
    assert np.linalg.norm(vector) <= math.sqrt(sketching.rows * sketching.items)


def test_the_most_frequent_items_come_first(vocabulary: Vocabulary) -> None:
    growth = Growth(vocabulary)
    [first, *_] = items(growth, [["ok"], ["ok"], ["see"]]).tolist()
    assert first == [0, vocabulary.encode_token("ok")[0]]
    assert items(growth, [[]]).shape == (0, 2)


def test_nobody_finds_nothing(vocabulary: Vocabulary) -> None:
    growth = Growth(vocabulary)
    sketching = Sketching(seed=0, buckets=64)
    for _ in range(LEVELS):
        growth.grow(np.zeros((3, 64)), sketching, 1)
    layer = growth.layer(NgramConfig())
    assert layer.rest(["see"]) == 1
    assert layer.top([], 3, "") == []


def test_no_more_of_a_level_is_kept_than_may_be(vocabulary: Vocabulary) -> None:
    whole = _grown(vocabulary, 1, Sketching(seed=0, buckets=2**16))
    cut = Growth(vocabulary)
    sketching = Sketching(seed=0, buckets=2**16, most=5)
    sketches = [sketching.sketch(items(cut, messages), 0, cut.parents, cut.symbols) for messages in PEOPLE]
    cut.grow(np.sum(sketches, axis=0), sketching, 1)
    assert len(cut.levels[0]) == 5
    assert cut.levels[0].people.min() >= np.sort(whole.levels[0].people)[-5]


@pytest.mark.parametrize(
    ("name", "damage", "told"),
    [
        ("3.people", lambda array: array * np.nan, "none of people"),
        ("3.people", lambda array: -array, "none of people"),
        ("3.people", lambda array: array.reshape(-1, 1), "not found with this vocabulary"),
        ("3.people", lambda array: array[1:], "not found with this vocabulary"),
        ("0.symbols", lambda array: array + 10**6, "not found with this vocabulary"),
        ("5.parents", lambda array: array, "16 arrays"),
        ("other", None, "no '0.parents'"),
    ],
)
def test_a_damaged_file_is_told_with_its_name(
    vocabulary: Vocabulary, tmp_path: Path, name: str, damage: Callable[[Any], Any] | None, told: str
) -> None:
    growth = _grown(vocabulary, 1, Sketching(seed=0, buckets=2**16))
    path = tmp_path / "ngrams.safetensors"
    growth.save(path)
    assert Growth.load(path, vocabulary).arrays().keys() == growth.arrays().keys()
    arrays = growth.arrays()
    if damage is None:
        arrays[name] = arrays.pop("0.parents")
    else:
        arrays[name] = damage(arrays.get(name, arrays["3.parents"]))
    safetensors.numpy.save_file(arrays, path, {"vocabulary": vocabulary.sha256})
    with pytest.raises(ValueError, match=f"ngrams.safetensors: damaged; n-grams: .*{told}"):
        Growth.load(path, vocabulary)


def test_before_the_first_level_nothing_is_known(vocabulary: Vocabulary, tmp_path: Path) -> None:
    Growth(vocabulary).save(tmp_path / "ngrams.safetensors")
    assert Growth.load(tmp_path / "ngrams.safetensors", vocabulary).layer().rest(["see"]) == 1
