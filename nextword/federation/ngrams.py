"""Words and n-grams that many people use, found from sums alone, one level at a time.

As TrieHH (Zhu et al. 2020, "Federated heavy hitters discovery with differential privacy", algorithm 1) grows a trie
from prefixes that were frequent, but with a vector from each person in place of votes, so that any secure sum can carry
it. An item of a level is a pair (parent, symbol): a frequent item of an earlier level, and what follows it. First words
grow piece by piece, then pairs of frequent words, then triples of which both pairs are frequent.

A person's sketch is R rows of B buckets (Cormode & Muthukrishnan 2005, "count-min"), 1 in the buckets of their items
and 0 elsewhere, so with at most m items its Euclidean norm is at most sqrt(R m). The least of an item's buckets in the
sum is the number of people who have it, or more where others' items fall into all of them. Buckets by simple tabulation
(Patrascu & Thorup 2012, section 1), which needs one look-up for a parent and one for a symbol.

With noise of deviation s sqrt(R m) in each bucket a level is a Gaussian mechanism of multiplier s for a user, who takes
part in all levels (`nextword.federation.ledger`).
"""

# R rows, B buckets, P parents, S symbols, M items

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from nextword.federation.config import RunConfig
from nextword.files import write_whole
from nextword.layers import END
from nextword.ngram_layer import START, NgramConfig, NgramLayer
from nextword.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]
WORD_LEVELS = 3  # pieces that a word may have
LEVELS = WORD_LEVELS + 2  # and pairs, and triples
MANY = NgramConfig(concentration=5.0)  # of people, not of sightings
# How far they are trusted by everybody: no person's messages can weigh them, in which they were counted if the person
# took part.
MANY_TRUST = 0.05
_AT_ONCE = 2**22  # candidates looked up together
_PAIRS_AT_ONCE = 2**14  # whose followers are
_ARRAYS = 3  # of a level
_END = 1  # among the tokens; the start is 0


@dataclass(frozen=True)
class Sketching:
    """How sketches are made; the same on every device."""

    seed: int
    rows: int = 3
    buckets: int = 2**18
    items: int = 3000  # of a person, at a level
    most: int = 50_000  # that are kept of a level, those of most people

    @classmethod
    def of(cls, config: RunConfig) -> Sketching:
        """As a run's settings say."""
        return cls(config.seed, config.ngrams.rows, config.ngrams.buckets, config.ngrams.items, config.ngrams.most)

    @property
    def nbytes(self) -> int:
        """Of a person's vector."""
        return self.rows * self.buckets * np.dtype(np.uint16).itemsize

    def tables(self, level: int, parents: int, symbols: int) -> tuple[Ints, Ints]:
        """Random buckets by parent [R, P] and by symbol [R, S]; an item's are the exclusive or of both."""
        rng = np.random.default_rng([self.seed, level])
        of_symbols = rng.integers(self.buckets, size=(self.rows, symbols))
        return rng.integers(self.buckets, size=(self.rows, parents)), of_symbols

    def sketch(self, items_M2: Ints, level: int, parents: int, symbols: int) -> npt.NDArray[np.uint16]:
        """The vector [R, B] of a person who has these items; only the first `items` of them count."""
        of_parents, of_symbols = self.tables(level, parents, symbols)
        kept = items_M2[: self.items]
        vector = np.zeros((self.rows, self.buckets), np.uint16)
        for row in range(self.rows):
            vector[row, of_parents[row, kept[:, 0]] ^ of_symbols[row, kept[:, 1]]] = 1
        return vector


@dataclass(frozen=True)
class Found:
    """The frequent items of a level: parents, symbols and how many people have each, as arrays [M]."""

    parents: Ints
    symbols: Ints
    people: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.parents)


class Growth:
    """What was found so far, and what may be found next."""

    def __init__(self, vocabulary: Vocabulary, levels: Sequence[Found] = ()):
        self.vocabulary, self.levels = vocabulary, list(levels)
        self._indices: dict[int, dict[tuple[int, int], int]] = {}
        self._numbers: dict[tuple[int, ...], int] | None = None

    @property
    def level(self) -> int:
        """The number of levels found."""
        return len(self.levels)

    @property
    def parents(self) -> int:
        """How many parents the items of the next level may have."""
        if self.level == 0:
            return 1
        return self.tokens if self.level == WORD_LEVELS else len(self.levels[-1])

    @property
    def symbols(self) -> int:
        """How many symbols the items of the next level may have."""
        return len(self.vocabulary) if self.level < WORD_LEVELS else self.tokens

    @property
    def tokens(self) -> int:
        """The start, the end, and the words found."""
        return 2 + sum(int(self.vocabulary.final[found.symbols].sum()) for found in self.levels[:WORD_LEVELS])

    def index(self, level: int) -> dict[tuple[int, int], int]:
        """The places of a level's items, by parent and symbol; worked out once."""
        if level not in self._indices:
            found = self.levels[level]
            keys = zip(found.parents.tolist(), found.symbols.tolist(), strict=True)
            self._indices[level] = {key: place for place, key in enumerate(keys)}
        return self._indices[level]

    @property
    def numbers(self) -> dict[tuple[int, ...], int]:
        """The words' numbers among the tokens, by their pieces; worked out once."""
        if self._numbers is None:
            self._numbers = {pieces: place + 2 for place, pieces in enumerate(self.spellings())}
        return self._numbers

    def spellings(self) -> list[tuple[int, ...]]:
        """The pieces of the words found, those of fewer pieces first: a token's number is its place here, plus 2."""
        words: list[tuple[int, ...]] = []
        begun: list[tuple[int, ...]] = [()]
        for found in self.levels[:WORD_LEVELS]:
            spelled = [
                (*begun[parent], symbol)
                for parent, symbol in zip(found.parents.tolist(), found.symbols.tolist(), strict=True)
            ]
            words += [pieces for pieces in spelled if self.vocabulary.final[pieces[-1]]]
            begun = spelled
        return words

    def grow(self, sums_RB: npt.NDArray[Any], sketching: Sketching, least: float) -> None:
        """Add the next level: the items whose buckets in the sum hold `least` or more, at most so many as are kept."""
        of_parents, of_symbols = sketching.tables(self.level, self.parents, self.symbols)
        nothing = np.zeros(0, np.int64)
        found = [(nothing, nothing, np.zeros(0, np.float32))]
        for parents, symbols in self._candidates():
            people = np.full(len(parents), np.inf, np.float32)
            for row in range(sketching.rows):
                held = sums_RB[row, of_parents[row, parents] ^ of_symbols[row, symbols]]
                frequent = held >= least
                parents, symbols = parents[frequent], symbols[frequent]
                people = np.minimum(people[frequent], held[frequent]).astype(np.float32)
            found.append((parents, symbols, people))
        parents, symbols, people = (np.concatenate(column) for column in zip(*found, strict=True))
        kept = np.sort(np.argsort(-people, kind="stable")[: sketching.most])
        self.levels.append(Found(parents[kept], symbols[kept], people[kept]))

    def _candidates(self) -> Iterator[tuple[Ints, Ints]]:
        """All (parents, symbols) that the next level may have, some millions at a time."""
        if self.level <= WORD_LEVELS:
            parents, symbols = self._openings()
            at_once = max(1, _AT_ONCE // max(1, len(symbols)))
            for first in range(0, len(parents), at_once):
                some = parents[first : first + at_once]
                yield np.repeat(some, len(symbols)), np.tile(symbols, len(some))
            return
        pairs = self.levels[WORD_LEVELS]  # in order of parents
        starts = np.searchsorted(pairs.parents, np.arange(self.tokens + 1))
        many = np.diff(starts)[pairs.symbols]  # what may follow each pair
        for first in range(0, len(pairs), _PAIRS_AT_ONCE):
            some = np.arange(first, min(first + _PAIRS_AT_ONCE, len(pairs)))
            parents = np.repeat(some, many[some])
            within = np.arange(len(parents)) - np.repeat(many[some].cumsum() - many[some], many[some])
            yield parents, pairs.symbols[starts[pairs.symbols[parents]] + within]

    def _openings(self) -> tuple[Ints, Ints]:
        """Parents that something may follow, and all that may."""
        if self.level == WORD_LEVELS:
            tokens = np.arange(self.tokens)
            return np.delete(tokens, _END), tokens[1:]
        pieces = np.arange(4, len(self.vocabulary))
        if self.level == 0:
            return np.zeros(1, np.int64), pieces
        return np.flatnonzero(~self.vocabulary.final[self.levels[-1].symbols]), pieces

    def layer(self, config: NgramConfig = MANY, *, source: str = "many") -> NgramLayer:
        """What all levels together say of which word follows which; the weights are numbers of people."""
        surfaces = self.vocabulary.surfaces
        words = [b"".join(surfaces[piece] for piece in pieces).decode(errors="replace") for pieces in self.spellings()]
        names = [START, END, *words]
        if not words:
            return NgramLayer(config, {}, source=source)
        finals = [self.vocabulary.final[found.symbols] for found in self.levels[:WORD_LEVELS]]
        people = np.concatenate([found.people[final] for found, final in zip(self.levels, finals, strict=False)])
        followers: dict[tuple[str, ...], dict[str, float]] = {(): dict(zip(words, people.tolist(), strict=True))}
        followers[()][END] = float(people.max())
        if self.level > WORD_LEVELS:
            pairs = self.levels[WORD_LEVELS]
            for parent, symbol, count in zip(*_lists(pairs), strict=True):
                followers.setdefault((names[parent],), {})[names[symbol]] = count
            contexts = [(names[p], names[s]) for p, s, _ in zip(*_lists(pairs), strict=True)]
            for found in self.levels[WORD_LEVELS + 1 :]:
                for parent, symbol, count in zip(*_lists(found), strict=True):
                    followers.setdefault(contexts[parent], {})[names[symbol]] = count
        return NgramLayer(config, followers, source=source)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The levels as named arrays, for a file or a message."""
        found = enumerate(self.levels)
        return {f"{n}.{key}": getattr(level, key) for n, level in found for key in ("parents", "symbols", "people")}

    @property
    def num_bytes(self) -> int:
        """Of the arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    @classmethod
    def of_arrays(cls, vocabulary: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> Growth:
        """Back from `arrays`. Raises ValueError where they are not of levels found with this vocabulary."""
        growth = cls(vocabulary)
        levels, rest = divmod(len(arrays), _ARRAYS)
        if rest or levels > LEVELS:
            raise ValueError(f"n-grams: {len(arrays)} arrays; each of {LEVELS} levels or fewer has three")
        for level in range(levels):
            try:
                found = Found(*(arrays[f"{level}.{key}"] for key in ("parents", "symbols", "people")))
            except KeyError as error:
                raise ValueError(f"n-grams: no {error} among the arrays") from None
            inside = [(found.parents, growth.parents), (found.symbols, growth.symbols)]
            shapes = {array.shape for array in (found.parents, found.symbols, found.people)}
            if shapes != {(found.people.size,)} or not all(
                np.issubdtype(ids.dtype, np.integer) and (not len(ids) or 0 <= ids.min() <= ids.max() < limit)
                for ids, limit in inside
            ):
                raise ValueError(f"n-grams: level {level} was not found with this vocabulary")
            if not (np.isfinite(found.people) & (found.people > 0)).all():
                raise ValueError(f"n-grams: level {level} has numbers that are none of people")
            growth.levels.append(found)
        return growth

    def save(self, path: Path) -> None:
        """Write the levels whole or not at all."""
        write_whole(path, safetensors.numpy.save(self.arrays(), {"vocabulary": self.vocabulary.sha256}))

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> Growth:
        """Raises ValueError where the file cannot be read, is damaged or of another vocabulary."""
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                made_with = (file.metadata() or {}).get("vocabulary")
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        except (safetensors.SafetensorError, OSError) as error:  # which name no file
            raise ValueError(f"{path}: the n-grams cannot be read ({error})") from None
        if made_with != vocabulary.sha256:
            raise ValueError(f"{path}: n-grams of another vocabulary")
        try:
            return cls.of_arrays(vocabulary, arrays)
        except ValueError as error:
            raise ValueError(f"{path}: damaged; {error}") from None


def levels_in(path: Path) -> int:
    """How many levels the file holds, 0 where there is none. Raises ValueError where it cannot be read."""
    if not path.is_file():
        return 0
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return len(file.keys()) // _ARRAYS
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{path}: the n-grams cannot be read ({error})") from None


def _lists(found: Found) -> tuple[list[int], list[int], list[float]]:
    return found.parents.tolist(), found.symbols.tolist(), found.people.tolist()
