"""How one person words things: the community's grammar with weights of their own, early and late in their story."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.synthetic.dice import Dice
from data.synthetic.grammar import Call, Grammar, Recall, Template
from data.synthetic.inflect import inflect

Weights = npt.NDArray[np.float64]
# Alternatives whose weight is drawn anew in the course of a person's time: new friends, places, dishes, phrases.
DRIFTING_SHARE = 0.3
_PRONOUNS = {"m": ("he", "him", "his"), "f": ("she", "her", "her")}


def community_weights(grammar: Grammar, rng: np.random.Generator) -> Weights:
    """The grammar's weights as one community shares them; people draw theirs around these."""
    return grammar.weights * rng.standard_gamma(3.0, size=grammar.weights.shape) / 3.0


class Voice:
    """One person's way of expanding rules.

    A rule's alternatives weigh the community's weight times Gamma(shape)/shape, drawn once per person, so habits are
    personal in every rule. `DRIFTING_SHARE` of them are drawn twice, and a message late in the person's time is
    likelier to use the second.
    """

    def __init__(self, grammar: Grammar, shared: Weights, rng: np.random.Generator, dice: Dice) -> None:
        self._grammar = grammar
        self._dice = dice
        early = rng.standard_gamma(grammar.shapes) / grammar.shapes
        redrawn = rng.standard_gamma(grammar.shapes) / grammar.shapes
        late = np.where(rng.random(len(early)) < DRIFTING_SHARE, redrawn, early)
        self._weights = (shared * early + 1e-9, shared * late + 1e-9)
        self._cumulative: tuple[dict[int, list[float]], dict[int, list[float]]] = ({}, {})

    def say(self, rule: str, memory: dict[str, str], *, late: bool) -> str:
        """Expand a rule to text; `memory` holds what this situation has already named and takes what is new."""
        pieces: list[str] = []
        self._expand(self._grammar.index[rule], memory, int(late), pieces)
        return "".join(pieces)

    def _choose(self, rule: int, era: int) -> Template:
        templates = self._grammar.rules[rule].templates
        if len(templates) == 1:
            return templates[0]
        cumulative = self._cumulative[era].get(rule)
        if cumulative is None:
            start = self._grammar.starts[rule]
            cumulative = np.cumsum(self._weights[era][start : start + len(templates)]).tolist()
            self._cumulative[era][rule] = cumulative
        return templates[self._dice.weighted(cumulative)]

    def _expand(self, rule: int, memory: dict[str, str], era: int, pieces: list[str]) -> None:
        for part in self._choose(rule, era):
            if isinstance(part, str):
                pieces.append(part)
            elif isinstance(part, Recall):
                pieces.append(self._recall(part.name, memory, era))
            else:
                self._call(part, memory, era, pieces)

    def _call(self, call: Call, memory: dict[str, str], era: int, pieces: list[str]) -> None:
        if not call.form:
            self._expand(call.rule, memory, era, pieces)
            return
        inner: list[str] = []
        self._expand(call.rule, memory, era, inner)
        pieces.append(inflect("".join(inner).strip(), call.form))

    def _recall(self, name: str, memory: dict[str, str], era: int) -> str:
        if name in ("he", "him", "his") and "who" not in memory:
            self._recall("who", memory, era)
        if name not in memory:
            text = self._fresh(name, memory, era)
            text, _, gender = text.partition("/")
            memory[name] = text
            if name == "who":
                memory["he"], memory["him"], memory["his"] = _PRONOUNS.get(gender[:1], ("they", "them", "their"))
        return memory[name]

    def _fresh(self, name: str, memory: dict[str, str], era: int) -> str:
        """A first mention; nobody is spoken of to their face."""
        for _ in range(4):
            pieces: list[str] = []
            self._expand(self._grammar.index[name], memory, era, pieces)
            text = "".join(pieces)
            if name not in ("who", "to") or text.partition("/")[0] not in (memory.get("to"), memory.get("who")):
                break
        return text


def affinities(topics: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """How much a person cares for each topic, mean 1."""
    return dict(zip(topics, (rng.standard_gamma(0.9, size=len(topics)) / 0.9).tolist(), strict=True))
