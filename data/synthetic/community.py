"""What sets a community apart: its grammar on top of the shared one, its abbreviations and its writing habits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from data.synthetic.grammar import Grammar
from data.synthetic.lexicon import WORDS
from data.synthetic.scenes import SCENES


@dataclass(frozen=True)
class Abbreviation:
    """A phrase, the spellings that stand for it, and how widespread they are (share of people, 0 to 1)."""

    phrase: str
    spellings: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Community:
    """People who write alike. Rates are typical shares of messages or of people; everyone deviates from them."""

    name: str
    utc_offset_hours: float
    grammar: str
    abbreviations: str  # "phrase=spelling,spelling strength|..." with a strength from 1 to 10
    tag_rate: float  # messages that end in a particle or form of address
    lower_rate: float  # people who never use capitals
    apostrophe_rate: float  # people who leave out apostrophes
    emoji: str
    emoji_rate: float  # messages with an emoji or smiley


@lru_cache(maxsize=16)
def grammar_of(community: Community) -> Grammar:
    """The shared grammar extended by the community's own."""
    return Grammar(WORDS, SCENES, community.grammar)


@lru_cache(maxsize=16)
def abbreviations_of(community: Community) -> tuple[Abbreviation, ...]:
    """The community's abbreviations, parsed."""
    found = []
    for entry in community.abbreviations.strip().replace("\n", "|").split("|"):
        phrase, _, rest = entry.partition("=")
        spellings, _, strength = rest.rpartition(" ")
        found.append(Abbreviation(phrase.lower(), tuple(spellings.split(",")), int(strength) / 10))
    return tuple(found)
