"""Words taken out of messages: forgotten for good, or another one in their place.

What a profile has written down of a forgotten word goes as well: a sign that nobody types stands in each place where it
stood, and is forgotten in its place. So what a profile comes to when it is read again is the same, to the count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from nextword.casing import Casing
from nextword.text import is_word, normalise, spans, tidy, tokens

STAND_IN = "\ua66e"  # a letter of one word in one manuscript


def scrubbed(events: Sequence[Mapping[str, Any]], word: str, *, slips: bool = True) -> list[dict[str, Any]]:
    """A profile's events, oldest first, with the stand-in for a normalised word.

    With `slips` also for what was renamed to it, up to then. That it is never to be offered stays written.
    """
    names, found = {word}, []
    for event in reversed(events):
        match event:
            case {"sent": str(text)}:
                for name in names:
                    text = renamed(text, name, STAND_IN)
                event = {**event, "sent": text}
            case {"forgot": str(other)} if other in names:
                event = {"forgot": STAND_IN}
            case {"written": str(form)} if normalise(form) in names:
                event = {"written": STAND_IN}
            case {"renamed": str(other), "to": str(form)} if slips and normalise(form) in names:
                names.add(other)
                event = {"renamed": STAND_IN, "to": STAND_IN}
            case {"renamed": str(other)} if other in names:
                names.discard(other)  # what it was until then is another word's
        found.append(dict(event))
    return found[::-1]


def all_scrubbed(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A profile's events with the stand-in for each word that is forgotten among them."""
    found = [dict(event) for event in events]
    for at, event in enumerate(events):
        if (word := event.get("forgot", STAND_IN)) != STAND_IN:
            found[: at + 1] = scrubbed(found[: at + 1], word)
    return found


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two events may be the same, but for words that were scrubbed from either."""
    return one.keys() == other.keys() and all(
        same(value, other[key]) if isinstance(value, str) and isinstance(other[key], str) else value == other[key]
        for key, value in one.items()
    )


def same(one: str, other: str) -> bool:
    """Whether two messages may be the same, but for words that were scrubbed from either."""
    if one == other or STAND_IN not in one + other:
        return one == other
    here, there = _parts(one), _parts(other)
    return len(here) == len(there) and all(
        a == b or (STAND_IN in (a, b) and is_word(a) and is_word(b)) for a, b in zip(here, there, strict=True)
    )


def scrubbed_as(event: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """An event with the stand-in also for what was scrubbed from one that is `alike`."""
    found = dict(event)
    for key, value in other.items():
        if isinstance(value, str) and STAND_IN in value:
            for word, scrubbed_word in zip(_parts(event[key]), _parts(value), strict=True):
                if scrubbed_word == STAND_IN:
                    found[key] = renamed(found[key], normalise(word), STAND_IN)
    return found


def as_renamed(events: Iterable[Mapping[str, Any]]) -> Callable[[str], str]:
    """What makes messages alike that differ just by what was renamed in a profile's events, before or after them.

    Words that were renamed to one another, at whatever time, become one word; the rest is normalised.
    """
    meant: dict[str, str] = {}
    for event in events:
        match event:
            case {"renamed": str(word), "to": str(form)}:
                old, new = (meant.setdefault(name, name) for name in (word, normalise(form)))
                meant |= {name: new for name, to in meant.items() if to == old}
    return lambda text: " ".join(meant.get(token, token) for token in tokens(normalise(text)))


def without(text: str, word: str) -> str:
    """A message without a word, in whatever capitals."""
    if lacks(text, word):
        return text
    clean = tidy(text)
    places = _places(clean, word)
    for start, end in reversed(places):
        clean = clean[:start].rstrip() + clean[end:]
    return clean.strip() if places else text


def renamed(text: str, word: str, form: str) -> str:
    """A message with another word in the place of one, in the capitals of that; only lines that had it change."""
    if lacks(text, word):
        return text
    lines = []
    for line in text.split("\n"):
        clean = tidy(line)
        places = _places(clean, word)
        for start, end in reversed(places):
            cased = Casing().written(normalise(form), clean[:start], clean[start:end], form=form)
            clean = clean[:start] + (cased if normalise(cased) == normalise(form) else form) + clean[end:]
        lines.append(clean if places else line)
    return "\n".join(lines)


def _places(clean: str, word: str) -> list[tuple[int, int]]:
    """Where a normalised word stands in a tidy text; by itself too, since a Greek S is another one at a word's end."""
    places, known = spans(clean), tokens(clean.lower())
    if len(places) != len(known):
        known = [""] * len(places)
    return [
        place
        for place, token in zip(places, known, strict=True)
        if token == word or normalise(clean[slice(*place)]) == word
    ]


def lacks(text: str, word: str) -> bool:
    """Whether a normalised word is nowhere in a message once that is normalised.

    All messages are asked whenever a word is forgotten or renamed, and again whenever the profile is opened: plain
    letters, which lose nothing but their capitals, are answered without normalising, which takes ten times as long.
    """
    if text.isascii() and text.isprintable():
        return word not in text.lower().replace("`", "'")
    return word not in normalise(text)


@lru_cache(maxsize=4096)
def _parts(text: str) -> list[str]:
    return tokens(tidy(text))
