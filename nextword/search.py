"""Words from pieces: the most probable words after a context, given the letters typed of the word so far.

A word's probability is the product of its pieces' probabilities, in its most probable spelling by pieces. The search is
best-first by levels of pieces: complete pieces give candidates at once, and a piece that leaves the word open is
followed only while its probability exceeds that of the k-th best candidate, since no word through it can be more
probable than it. So the answer is exact as long as no more than `BRANCHES` open pieces a level and `MAX_PIECES` pieces
a word are wanted, but for words that are `_NEGLIGIBLE` beside those found, of which those that are `_UNLIKELY` are not
offered even where they are met. All open pieces of all requests of a batch
are read in one call, as branches of a tree over the cached context; of a branch only what follows it is kept.

A half-typed word is not forced into the pieces of its letters: at each level a piece fits when it goes on from, or
stops short of, the letters typed.
"""

# B messages (or windows of long ones), T pieces, V vocabulary

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import regex
from numpy.typing import NDArray

from nextword.runtime import Cache, Floats, Ids, Runtime
from nextword.text import is_word
from nextword.vocabulary import Vocabulary

BRANCHES = 8
MAX_PIECES = 6
WINDOW = 64  # pieces that the model sees at most, the start included; a longer context is cut at its beginning
_STEP = WINDOW // 2
_CALL = 40  # pieces read in the time that a call of the model takes besides
_LIKELY = math.log(0.01)
_LETTER = 2.5  # nats that a typed letter not yet spelled is likely to cost: what spells less must be more probable
_UNLIKELY = 1e-3  # of the words found: what spells a word begun in several pieces, and is rarer, is not offered
_OTHER = r"[^\p{Latin}\p{Common}\p{Inherited}]"
_MIXED = regex.compile(rf"\p{{Latin}}.*{_OTHER}|{_OTHER}.*\p{{Latin}}")
_NEGLIGIBLE = 1e-2  # of the words found (of all words, before a letter is typed): nothing rarer is looked for


@dataclass(eq=False)
class Branch:
    """Some pieces of a word begun after a context: how they spell, what they cost, what follows them."""

    row: int  # of the batch
    context: int  # cached pieces of the row that it sees
    pieces: tuple[int, ...]
    spelled: bytes
    logp: float
    next_logp: Floats  # [V], in nats
    children: dict[int, Branch] = field(default_factory=dict)

    def probability(self, pieces: Sequence[int]) -> float:
        """Of a word spelled by these pieces from here; 0 where the branches on its way were not read."""
        branch = self
        for piece in pieces[:-1]:
            if piece not in branch.children:
                return 0.0
            branch = branch.children[piece]
        return math.exp(branch.logp + float(branch.next_logp[pieces[-1]]))


@dataclass(eq=False)
class Request:
    """The best `k` words after `root`'s context that begin with `prefix`."""

    root: Branch
    prefix: str
    k: int
    found: dict[str, float] = field(default_factory=dict)  # word -> probability

    def best(self) -> list[tuple[str, float]]:
        """The k most probable words found so far, best first; ties in alphabetical order."""
        return sorted(self.found.items(), key=lambda item: (-item[1], item[0]))[: self.k]

    def bound(self) -> float:
        """The log-probability that a word must exceed to be of interest; nothing is too rare before one is found."""
        best = self.best()
        floor = _NEGLIGIBLE * sum(p for _, p in best) if self.prefix else _NEGLIGIBLE * bool(best)
        bound = max(floor, best[-1][1] if len(best) == self.k else 0.0)
        return math.log(bound) if bound else -math.inf


@lru_cache(maxsize=4)
def index_of(vocabulary: Vocabulary) -> PieceIndex:
    """One for all predictors of a vocabulary, since it takes about as long as a session of the model to make."""
    return PieceIndex(vocabulary)


class PieceIndex:
    """Which pieces fit what is still to be spelled of a prefix."""

    def __init__(self, vocabulary: Vocabulary):
        self.surfaces = vocabulary.surfaces
        self.sizes = np.array([len(surface) for surface in self.surfaces])
        self.longest = int(self.sizes.max())
        begins = [_may_begin_word(surface) for surface in self.surfaces]
        self._lists: dict[tuple[bool, bool], tuple[list[bytes], Ids, dict[bytes, list[int]]]] = {}
        for first in (True, False):
            for final in (True, False):
                ids = [
                    piece
                    for piece in range(4, len(self.surfaces))
                    if bool(vocabulary.final[piece]) == final
                    and (not first or begins[piece])
                    and (not (first and final) or vocabulary.whole_words[piece])
                    and (final or self.surfaces[piece])
                ]
                ids.sort(key=lambda piece: self.surfaces[piece])
                exact: dict[bytes, list[int]] = {}
                for piece in ids:
                    exact.setdefault(self.surfaces[piece], []).append(piece)
                self._lists[first, final] = ([self.surfaces[piece] for piece in ids], np.array(ids, np.int64), exact)
        self._arrays = {kind: np.array(spelled) for kind, (spelled, _, _) in self._lists.items()}
        self._fitting: dict[tuple[bool, bool, bytes], Ids] = {}

    def fitting(self, remaining: bytes, *, first: bool, final: bool) -> Ids:
        """Pieces that spell on from `remaining`, and, if they leave the word open, those that spell a part of it."""
        remaining = remaining[: self.longest + 1]  # what is longer than all pieces, all answer alike
        key = (first, final, remaining)
        ids = self._fitting.get(key)
        if ids is None:
            ids = self.covering(remaining, first=first, final=final)
            if not final:
                ids = np.concatenate([ids, self.short(remaining, first=first)])
            if len(self._fitting) > 100_000:
                self._fitting.clear()
            self._fitting[key] = ids
        return ids

    def covering(self, remaining: bytes, *, first: bool, final: bool) -> Ids:
        """Pieces that spell `remaining` and perhaps more."""
        spelled, ids, _ = self._lists[first, final]
        low = bisect.bisect_left(spelled, remaining)
        return ids[low : _end_of_prefix(spelled, remaining, low)]

    def short(self, remaining: bytes, *, first: bool) -> Ids:
        """Pieces that spell a beginning of `remaining`, not all of it, and leave the word open."""
        _, _, exact = self._lists[first, False]
        sizes = range(1, min(len(remaining), self.longest + 1))
        return np.array([piece for size in sizes for piece in exact.get(remaining[:size], ())], np.int64)

    def masses(self, next_logp: Floats, prefixes: Sequence[bytes], *, first: bool = True) -> Floats:
        """For each of many prefixes, the probability of a word's (first) piece that spells it and perhaps more."""
        total = np.zeros(len(prefixes), np.float32)
        lowest = np.array(prefixes)
        beyond = np.array([prefix[:-1] + bytes([prefix[-1] + 1]) for prefix in prefixes])  # UTF-8 has no byte 255
        for final in (True, False):
            _, ids, _ = self._lists[first, final]
            up_to = np.concatenate([[0.0], np.exp(next_logp[ids]).cumsum(dtype=np.float64)])
            spelled = self._arrays[first, final]
            ends = (np.searchsorted(spelled, bounds) for bounds in (beyond, lowest))
            total += np.subtract(*(up_to[end] for end in ends)).astype(np.float32)
        return total


class Reader:
    """Texts that a model has read, from which words can be searched at any place."""

    def __init__(self, runtime: Runtime, index: PieceIndex, cache: Cache):
        self.runtime, self.index = runtime, index
        self.num_branches = 0  # in memory
        self._cache = cache

    @classmethod
    def of_rows(
        cls, runtime: Runtime, index: PieceIndex, rows: Sequence[Sequence[int]], places: Sequence[tuple[int, int]]
    ) -> tuple[Reader, Floats]:
        """Read rows of pieces; also the log-probabilities [places, V] of the piece after each (row, column).

        The rows begin with the start piece, and none is longer than the window.
        """
        width = max(len(row) for row in rows)
        padded = np.full((len(rows), width), Vocabulary.pad, np.int64)
        for number, row in enumerate(rows):
            padded[number, : len(row)] = row
        logp, _, cache = runtime.read(padded, np.array([row * width + column for row, column in places], np.int64))
        return cls(runtime, index, cache), logp

    def branch(self, row: int, column: int, next_logp: Floats) -> Branch:
        """The root of the words that begin after `column`."""
        return Branch(row, column + 1, (), b"", 0.0, next_logp)

    def search(self, requests: Iterable[Request]) -> None:
        """Fill each request's `found`."""
        frontier = [(request, [request.root]) for request in requests]
        for level in range(MAX_PIECES):
            wanted: list[tuple[Request, list[tuple[Branch, int, float]]]] = []
            for request, branches in frontier:
                self._complete(request, branches)
                if level + 1 < MAX_PIECES and (opened := self._open(request, branches)):
                    wanted.append((request, opened))
            if not wanted:
                return
            self._read_children([(parent, piece, logp) for _, opened in wanted for parent, piece, logp in opened])
            frontier = [
                (request, [parent.children[piece] for parent, piece, _ in opened]) for request, opened in wanted
            ]

    def mass(self, root: Branch, prefix: str) -> float:
        """The probability that the word after `root` begins with `prefix`, in whatever pieces were searched.

        A piece that stops short of the prefix counts with what follows it if a search has read it. A search leaves out
        what is less probable than the last word it found, so little of the whole goes on there as the prefix does.
        """
        spelled, total, reached = prefix.encode(), 0.0, [root]
        while reached:
            branch = reached.pop()
            rest, first = spelled[len(branch.spelled) :], not branch.pieces
            for final in (True, False):
                covering = branch.next_logp[self.index.covering(rest, first=first, final=final)]
                total += math.exp(branch.logp) * float(np.exp(covering).sum())
            short = self.index.short(rest, first=first).tolist() if branch.children else ()
            reached += [branch.children[piece] for piece in short if piece in branch.children]
        return total

    def masses(self, root: Branch, prefixes: Sequence[str]) -> Floats:
        """As `mass`, for many prefixes at once."""
        spelled = [prefix.encode() for prefix in prefixes]
        total, reached = np.zeros(len(spelled), np.float32), [root]
        while reached:
            branch = reached.pop()
            size = len(branch.spelled)
            some = [n for n, prefix in enumerate(spelled) if len(prefix) > size and prefix.startswith(branch.spelled)]
            if some:
                rests = [spelled[n][size:] for n in some]
                followed = self.index.masses(branch.next_logp, rests, first=not branch.pieces)
                total[some] += math.exp(branch.logp) * followed
                reached += branch.children.values()
        return total

    def _complete(self, request: Request, branches: list[Branch]) -> None:
        """Add the words that one final piece completes."""
        prefix = request.prefix.encode()
        unlikely = 0.0
        if prefix and branches[0].pieces:  # words of several pieces, of which most that are unlikely are none
            unlikely = _UNLIKELY * sum(probability for _, probability in request.best())
        for branch in branches:
            ids = self.index.fitting(prefix[len(branch.spelled) :], first=not branch.pieces, final=True)
            scores = branch.next_logp[ids]
            ids, scores = _highest(ids, scores, 2 * request.k)
            for piece, score in zip(ids.tolist(), scores.tolist(), strict=True):
                spelled = branch.spelled + self.index.surfaces[piece]
                word, probability = spelled.decode(errors="replace"), math.exp(branch.logp + score)
                if probability >= unlikely and is_word(word) and _of_one_script(word):
                    request.found[word] = max(request.found.get(word, 0.0), probability)

    def _open(self, request: Request, branches: list[Branch]) -> list[tuple[Branch, int, float]]:
        """The open pieces worth following: (parent, piece, log-probability up to and with it)."""
        prefix, bound = request.prefix.encode(), request.bound()
        opened: list[tuple[float, int, Branch]] = []
        for branch in branches:
            rest = prefix[len(branch.spelled) :]
            ids = self.index.fitting(rest, first=not branch.pieces, final=False)
            scores = branch.next_logp[ids]
            hopeful = np.flatnonzero(scores > bound - branch.logp)
            ids, scores = ids[hopeful], scores[hopeful]
            owed = _LETTER * np.maximum(len(rest) - self.index.sizes[ids], 0)
            ids, ranks = _highest(ids, scores - owed, BRANCHES)
            opened += [(branch.logp + x, piece, branch) for piece, x in zip(ids.tolist(), ranks.tolist(), strict=True)]
        opened.sort(key=lambda item: (-item[0], item[1]))
        return [(branch, piece, branch.logp + float(branch.next_logp[piece])) for _, piece, branch in opened[:BRANCHES]]

    def _read_children(self, wanted: list[tuple[Branch, int, float]]) -> None:
        """Read all new branches in one call; each sees its context, its own earlier pieces and itself."""
        new: dict[tuple[int, int], tuple[Branch, int, float]] = {}
        for parent, piece, logp in wanted:
            if piece not in parent.children:
                new[id(parent), piece] = (parent, piece, logp)
        if not new:
            return
        trees: dict[int, _Tree] = {}
        seats = [
            trees.setdefault(parent.row, _Tree()).add(parent.context, (*parent.pieces, piece))
            for parent, piece, _ in new.values()
        ]
        followed: dict[tuple[int, int], Floats] = {}  # by row and seat
        for rows in _alike({row: len(tree) for row, tree in trees.items()}):
            followed |= self._follow({row: trees[row] for row in rows})
        self.num_branches += len(new)
        for (parent, piece, logp), seat in zip(new.values(), seats, strict=True):
            spelled, next_logp = parent.spelled + self.index.surfaces[piece], followed[parent.row, seat]
            parent.children[piece] = Branch(
                parent.row, parent.context, (*parent.pieces, piece), spelled, logp, next_logp
            )

    def _follow(self, trees: Mapping[int, _Tree]) -> dict[tuple[int, int], Floats]:
        """What follows each wanted seat of the trees of some rows, by row and seat."""
        T, S = max(map(len, trees.values())), self._cache.num_pieces
        pieces = np.full((len(trees), T), Vocabulary.pad, np.int64)
        positions = np.zeros((len(trees), T), np.int64)
        visible = np.zeros((len(trees), T, S + T), bool)
        visible[:, np.arange(T), S + np.arange(T)] = True
        for number, tree in enumerate(trees.values()):
            tree.fill(pieces[number], positions[number], visible[number])
        wanted = [(row, seat) for row, tree in trees.items() for seat in tree.wanted]
        numbers = {row: number for number, row in enumerate(trees)}
        places = np.array([numbers[row] * T + seat for row, seat in wanted], np.int64)
        past = self._cache if [*trees] == [*range(self._cache.num_rows)] else self._cache.rows([*trees])
        found = self.runtime.branches(pieces, places, past, positions, visible)
        return dict(zip(wanted, found, strict=True))


class _Tree:
    """Branches of one row that are read together, and those on the way to them, which nothing has kept."""

    def __init__(self) -> None:
        self._seats: dict[tuple[int, tuple[int, ...]], int] = {}  # by cached pieces and its own
        self._ways: list[list[int]] = []  # of each seat: those on its way, itself the last
        self.wanted: dict[int, None] = {}  # the seats of those that are new

    def __len__(self) -> int:
        return len(self._seats)

    def add(self, context: int, pieces: tuple[int, ...]) -> int:
        """Seat a branch that was not read; where."""
        seat = self._seat(context, pieces)
        self.wanted[seat] = None
        return seat

    def _seat(self, context: int, pieces: tuple[int, ...]) -> int:
        if (context, pieces) not in self._seats:
            way = self._ways[self._seat(context, pieces[:-1])] if len(pieces) > 1 else []
            self._ways.append([*way, len(self)])
            self._seats[context, pieces] = len(self)
        return self._seats[context, pieces]

    def fill(self, pieces_T: Ids, positions_T: Ids, visible_TA: NDArray[np.bool_]) -> None:
        """Write what `Runtime.branches` asks for; all see themselves already."""
        cached = visible_TA.shape[1] - len(pieces_T)
        for ((context, pieces), seat), way in zip(self._seats.items(), self._ways, strict=True):
            pieces_T[seat] = pieces[-1]
            positions_T[seat] = context + len(pieces) - 1
            visible_TA[seat, :context] = True
            visible_TA[seat, [cached + each for each in way]] = True


def _alike(sizes: Mapping[int, int]) -> list[list[int]]:
    """Rows in groups that are worth a call each: in a call all rows are as long as the longest."""
    groups: list[list[int]] = []
    padded = 0
    for row in sorted(sizes, key=lambda row: -sizes[row]):
        longest = sizes[groups[-1][0]] if groups else 0
        padded += longest - sizes[row]
        if not groups or padded > _CALL:
            groups.append([])
            padded = 0
        groups[-1].append(row)
    return groups


def window_start(num_pieces: int) -> int:
    """Where the window begins in which the piece after the first `num_pieces` of a text is predicted.

    It moves on by half a window at a time, so that a text that grows is seldom read anew.
    """
    return max(0, -(-(num_pieces - WINDOW + 1) // _STEP) * _STEP)


def windows(pieces: Sequence[int]) -> list[tuple[list[int], int]]:
    """Cut a text into rows of at most `WINDOW` pieces: (start piece and pieces, the first column that predicts).

    The columns that predict, row after row, predict the piece after the first 0, 1, 2, ... pieces of the text, each in
    the window that `window_start` gives it.
    """
    rows, first = [], 0
    while first <= len(pieces):
        start = window_start(first)
        row = [Vocabulary.bos, *pieces[start : start + WINDOW - 1]]
        rows.append((row, first - start))
        first = start + len(row)
    return rows


def _highest(ids: Ids, scores: Floats, number: int) -> tuple[Ids, Floats]:
    """The ids with the highest scores, in any order; mostly few are likely, and looking for those first is quicker."""
    if len(ids) > 10 * number:
        likely = np.flatnonzero(scores > _LIKELY)
        if len(likely) >= number:
            ids, scores = ids[likely], scores[likely]
    if len(ids) > number:
        best = np.argpartition(scores, -number)[-number:]
        ids, scores = ids[best], scores[best]
    return ids, scores


def _end_of_prefix(spelled: list[bytes], prefix: bytes, low: int) -> int:
    """The end of the run of sorted `spelled`, begun at `low`, whose items start with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return len(spelled)
    return bisect.bisect_left(spelled, trimmed[:-1] + bytes([trimmed[-1] + 1]), low)


@lru_cache(maxsize=65536)
def _of_one_script(word: str) -> bool:
    """Whether a word mixes no Latin letters with others: the pieces are Latin, what else there is comes by bytes."""
    return word.isascii() or _MIXED.search(word) is None


def _may_begin_word(surface: bytes) -> bool:
    if len(surface) == 1 and surface[0] >= 0x80:
        return True
    return is_word(surface.decode(errors="replace").rstrip("'"))
