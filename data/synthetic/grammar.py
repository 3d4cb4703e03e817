"""Weighted context-free grammars, written one rule a line, that a person expands with weights of their own.

    name = first <other> | 3* second [a|b] (perhaps)     alternatives, equally likely unless given a factor
    name : apple, pear, plum                             a word list; the earlier the likelier, as in Zipf's law
    name :: Ann, Ben, Cleo                               the same, and everyone keeps to a few favourites of their own
    name += ...   name +: ...   name +:: ...             more of the same rule, put before what it has
    @ topic 4 months=11,12 : opening / detail? / end?    a situation: its turns in order, `?` marks those often left out

Indented lines continue a rule, `#` begins a comment. Within a text `<rule>` expands a rule, `<rule.ing>` inflects
what came out (ing, ed, s: the first word as a verb; pl: the last word as a noun), `[a|b|]` is a choice, `(a)` may be
left out, and `$rule` expands a rule once for the whole situation, so that later turns speak of the same thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# How strongly people differ in a rule: their weights are the rule's times Gamma(shape)/shape, so a small shape
# makes a few alternatives a person's own and leaves the rest nearly unused.
SHAPES = {"=": 0.9, ":": 0.35, "::": 0.12}
_OPTIONAL = 0.35
_HEADER = re.compile(r"([a-z_0-9]+) (\+?)(=|::|:) ?(.*)", re.DOTALL)
_PART = re.compile(r"<([a-z_0-9]+)(?:\.(ing|ed|s|pl))?>|\$([a-z_]+)|([\[(])")
_FACTOR = re.compile(r"([0-9.]+)\* ?")


@dataclass(frozen=True)
class Call:
    """Expand another rule here and inflect the result ("" leaves it as it is)."""

    rule: int
    form: str = ""


@dataclass(frozen=True)
class Recall:
    """Say again what this rule gave before in the same situation."""

    name: str


Template = tuple[str | Call | Recall, ...]


@dataclass
class Rule:
    """The alternatives of one rule, their weights and how much people differ in them."""

    name: str
    kind: str
    templates: list[Template] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Situation:
    """A short thread of messages: (rule, often left out) for each turn, and the months it belongs to (none: all)."""

    topic: str
    weight: float
    months: frozenset[int]
    turns: tuple[tuple[str, bool], ...]


class Grammar:
    """All rules and situations of one community, read from texts of which the later extend or replace the earlier."""

    def __init__(self, *texts: str) -> None:
        self.rules: list[Rule] = []
        self.index: dict[str, int] = {}
        self.situations: list[Situation] = []
        for text in texts:
            for line in _logical_lines(text):
                self._read(line)
        unknown = sorted({name for name in self._named() if not self.rules[self.index[name]].templates})
        if unknown:
            raise ValueError(f"The grammar uses rules that it does not define: {', '.join(unknown)}.")
        sizes = [len(rule.templates) for rule in self.rules]
        self.starts: list[int] = np.concatenate(([0], np.cumsum(sizes))).tolist()
        self.weights: npt.NDArray[np.float64] = np.array([w for rule in self.rules for w in rule.weights])
        self.shapes: npt.NDArray[np.float64] = np.repeat([SHAPES[rule.kind] for rule in self.rules], sizes)

    def rule(self, name: str) -> int:
        """The number of the rule called `name`."""
        if name not in self.index:
            self.index[name] = len(self.rules)
            self.rules.append(Rule(name, "="))
        return self.index[name]

    def _named(self) -> list[str]:
        return [*self.index, *(turn for situation in self.situations for turn, _ in situation.turns)]

    def _read(self, line: str) -> None:
        if line.startswith("@"):
            self.situations.append(self._situation(line))
            return
        header = _HEADER.fullmatch(line)
        if header is None:
            raise ValueError(f"This line of the grammar is neither a rule nor a situation: {line[:60]!r}.")
        name, more, kind, body = header.groups()
        alternatives = [part.strip() for part in _split(body, "|" if kind == "=" else ",")]
        rule = self.rules[self.rule(name)]
        templates, weights = self._alternatives(alternatives, lexical=kind != "=")
        if more:
            templates += rule.templates
            # A list stays Zipf's when it grows; factors of alternatives stay theirs.
            weights = weights + rule.weights if kind == "=" else _zipf(len(templates))
        rule.kind, rule.templates, rule.weights = kind, templates, weights

    def _situation(self, line: str) -> Situation:
        head, turns = line[1:].split(" : ")
        topic, weight, *rest = head.split()
        months = frozenset(int(month) for part in rest for month in part.removeprefix("months=").split(","))
        named = [turn.strip() for turn in turns.split("/")]
        for turn in named:
            self.rule(turn.removesuffix("?"))
        return Situation(
            topic, float(weight), months, tuple((turn.removesuffix("?"), turn.endswith("?")) for turn in named)
        )

    def _alternatives(self, texts: list[str], *, lexical: bool) -> tuple[list[Template], list[float]]:
        weights = _zipf(len(texts)) if lexical else [1.0] * len(texts)
        templates = []
        for number, text in enumerate(texts):
            factor = _FACTOR.match(text)
            if factor is not None:
                weights[number] *= float(factor.group(1))
                text = text[factor.end() :]
            templates.append(self._template(text))
        return templates, weights

    def _template(self, text: str) -> Template:
        parts: list[str | Call | Recall] = []
        position = 0
        while (match := _PART.search(text, position)) is not None:
            if match.start() > position:
                parts.append(text[position : match.start()])
            position = match.end()
            called, form, recalled, bracket = match.groups()
            if called is not None:
                parts.append(Call(self.rule(called), form or ""))
            elif recalled is not None:
                self.rule(recalled)
                parts.append(Recall(recalled))
            else:
                position = _closing(text, match.start()) + 1
                parts.append(Call(self._inline(text[match.end() : position - 1], optional=bracket == "(")))
        if position < len(text):
            parts.append(text[position:])
        return tuple(parts)

    def _inline(self, text: str, *, optional: bool) -> int:
        templates, weights = self._alternatives(_split(text, "|"), lexical=False)
        if optional:
            total = sum(weights)
            weights = [weight / total * _OPTIONAL for weight in weights] + [1 - _OPTIONAL]
            templates.append(())
        self.rules.append(Rule("", "=", templates, weights))
        return len(self.rules) - 1


def _zipf(size: int) -> list[float]:
    return [1 / (rank + 3.0) for rank in range(size)]


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].rstrip()
        if not line:
            continue
        if line[0].isspace() and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _closing(text: str, start: int) -> int:
    """The index of the bracket that closes the one at `start`."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] in "[(") - (text[position] in "])")
        if depth == 0:
            return position
    raise ValueError(f"A bracket is left open in the grammar: {text[start : start + 60]!r}.")


def _split(text: str, separator: str) -> list[str]:
    """Split at `separator` outside brackets; empty parts and blanks are kept."""
    parts, depth, begin = [], 0, 0
    for position, sign in enumerate(text):
        depth += (sign in "[(") - (sign in "])")
        if sign == separator and depth == 0:
            parts.append(text[begin:position])
            begin = position + 1
    return [*parts, text[begin:]]
