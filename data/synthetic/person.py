"""One person of the population: when they write, to whom, about what, and the messages that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import numpy as np

from data.synthetic.community import Community, grammar_of
from data.synthetic.dice import Dice
from data.synthetic.inflect import agreement, articles
from data.synthetic.style import draw_style
from data.synthetic.voice import Voice, Weights, affinities

MIN_MESSAGES, MAX_MESSAGES = 60, 400
_MIN_DISTINCT = 64  # so that 60 or more messages stay when a person's exact repetitions are dropped
_START = datetime(2023, 1, 2)
# Rules whose sentences bear a clause more.
_TELLING = ("_open", "_moan", "_mess", "_one", "day_more", "_winter", "_summer")
_QUESTION = re.compile(
    r"(?:who|where|why|when|which|how|what(?! a\b| the\b)|is|are|did|do you|(?:can|could) (?:you|we|I)|have you)\b"
    r"[^,.?!]*"
)
_GENDER = re.compile(r"/[mf]\b")
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"[\s,]+(?=[,.?!])")
_TWICE = re.compile(r"\b(\w[\w ]*)(?:(?:, | and |, and )\1\b)+")  # the same thing twice on a list
_MARKS = re.compile(r"([.?!])[,.?!]+")


class Person:
    """Someone with a voice, a typing style, topics, habits and a stretch of time in which they write."""

    def __init__(self, community: Community, shared: Weights, rng: np.random.Generator) -> None:
        self._grammar = grammar_of(community)
        self._dice = dice = Dice(rng)
        self._voice = Voice(self._grammar, shared, rng, dice)
        self._style = draw_style(community, rng, dice)
        self._zone = timezone(timedelta(hours=community.utc_offset_hours))
        situations = self._grammar.situations
        topics = sorted({situation.topic for situation in situations})
        interest = affinities(topics, rng)
        self._weights = [situation.weight * interest[situation.topic] for situation in situations]
        self._by_month: dict[int, list[float]] = {}
        self._greets, self._signs_off, self._exclaims, self._links = (float(p) for p in rng.beta(1.0, 9.0, size=4))
        self._laughs = float(rng.beta(0.8, 9.0))
        self._hedges = float(rng.beta(0.9, 7.0))
        self._tags = min(0.75, community.tag_rate * float(rng.standard_gamma(1.5)) / 1.5)
        self._adds = float(rng.beta(1.6, 5.0))
        self._explains = float(rng.beta(2.0, 8.0))
        self._turns = 0.25 + 0.6 * dice.unit()
        self._num_messages = int(np.clip(rng.lognormal(4.9, 0.5), MIN_MESSAGES + 6, MAX_MESSAGES))
        self._days = 60 + int(300 * dice.unit())
        self._begin = _START + timedelta(days=int(300 * dice.unit()))
        self._hour = 12 + 9 * dice.unit()
        # The new friends and habits arrive around this share of the person's time.
        self._turning_point = 0.25 + 0.55 * dice.unit()

    def messages(self) -> Iterator[tuple[str, datetime]]:
        """The person's (text, time) in order of time, `MIN_MESSAGES` to `MAX_MESSAGES` of them."""
        seen: set[str] = set()
        clock = self._begin
        written = 0
        gap_h = self._days * 24 / (self._num_messages / 1.8)
        while written < MAX_MESSAGES and (written < self._num_messages or len(seen) < _MIN_DISTINCT):
            clock = max(
                clock + timedelta(minutes=7), self._waking(clock + timedelta(hours=gap_h * self._exponential()))
            )
            for text in self._thread(clock, written / self._num_messages):
                if written == MAX_MESSAGES:
                    return
                seen.add(text.lower())
                written += 1
                yield text, clock.replace(tzinfo=self._zone)
                clock += timedelta(seconds=20 + int(900 * self._dice.unit() ** 3))

    def _thread(self, clock: datetime, progress: float) -> list[str]:
        """The messages of one situation."""
        late = self._dice.chance(1 / (1 + 2.0 ** (-14 * (progress - self._turning_point))))
        situation = self._grammar.situations[self._dice.weighted(self._weights_of(clock.month))]
        memory: dict[str, str] = {}
        turns = [rule for rule, optional in situation.turns if not optional or self._dice.chance(self._turns)]
        bodies = [self._voice.say(rule, memory, late=late) for rule in turns]
        return [
            self._finish(body, memory, late=late, first=number == 0, last=number == len(bodies) - 1, rule=turns[number])
            for number, body in enumerate(bodies)
        ]

    def _finish(self, body: str, memory: dict[str, str], *, late: bool, first: bool, last: bool, rule: str) -> str:
        """A whole message: the sentence, what goes before and after it, and the typing."""

        def say(name: str) -> str:
            return self._voice.say(name, memory, late=late)

        chance = self._dice.chance
        body = body.strip()
        if _QUESTION.fullmatch(body):
            body += "?"
        if rule != "short":
            if "?" not in body and chance(self._hedges):
                body = f"{say('hedge')} {body}" if chance(0.7) else f"{body} {say('hedge')}"
            if rule.endswith(_TELLING) and "?" not in body and chance(self._explains):
                body = f"{body} {say('detail')}"
            if first and chance(self._greets):
                body = f"{say('hello')} {say('to') if chance(0.6) else say('friend')}, {body}"
            elif chance(self._links):
                body = f"{say('so')} {body}"
            elif chance(self._exclaims):
                body = f"{say('wow')} {body}"
            if chance(self._adds):
                body = f"{body}. {say('aside')}" if chance(0.6) else f"{say('aside')}. {body}"
        if chance(self._tags):
            body = f"{body[:-1]} {say('tag')}?" if body.endswith("?") else f"{body} {say('tag')}"
        elif chance(self._laughs):
            body = f"{body} {say('laugh')}" if chance(0.7) else f"{say('laugh')} {body}"
        if last and chance(self._signs_off * 0.6):
            body = f"{body}. {say('bye')}"
        return self._style.write(tidy(body), self._dice)

    def _weights_of(self, month: int) -> list[float]:
        if month not in self._by_month:
            situations = self._grammar.situations
            open_now = [not situation.months or month in situation.months for situation in situations]
            self._by_month[month] = np.cumsum(np.multiply(self._weights, open_now)).tolist()
        return self._by_month[month]

    def _waking(self, moment: datetime) -> datetime:
        """The same day at an hour at which this person likes to write."""
        hour = self._hour + 4.5 * (self._dice.unit() + self._dice.unit() - 1)
        return moment.replace(
            hour=int(hour) % 24, minute=int(60 * self._dice.unit()), second=int(60 * self._dice.unit())
        )

    def _exponential(self) -> float:
        return float(-np.log1p(-self._dice.unit()))


def tidy(text: str) -> str:
    """Expanded text with its marks in order: no blanks before them, none doubled, none dangling; a or an as sounded."""
    text = _SPACES.sub(" ", _GENDER.sub("", text)).strip(" ,")
    return agreement(articles(_TWICE.sub(r"\1", _MARKS.sub(r"\1", _BEFORE_MARK.sub("", text)))))
