"""How one person types: capitals, punctuation, abbreviations, emoji, slips of the finger."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from data.synthetic.community import Community, abbreviations_of
from data.synthetic.dice import Dice

_NEIGHBOURS = dict(
    pair.split(":")
    for pair in (
        "a:sqz b:vng c:xvd d:sfe e:wrd f:dgr g:fht h:gjy i:uok j:hku k:jli l:ko m:n n:bm o:ipl p:o q:wa r:etf s:adw "
        "t:ryg u:yij v:cbf w:qes x:zcs y:tuh z:xa"
    ).split()
)
_MISSPELLINGS = dict(
    pair.split(":")
    for pair in (
        "definitely:definately tomorrow:tommorow receive:recieve their:thier weird:wierd friend:freind because:becuase "
        "really:realy until:untill probably:probly believe:beleive beautiful:beatiful tonight:tonite night:nite "
        "separate:seperate restaurant:resturant business:buisness calendar:calender government:goverment their:there "
        "too:to you're:your it's:its they're:there then:than lose:loose sorry:sory which:wich thought:thort "
        "finally:finaly happened:happend coming:comming writing:writting birthday:bithday beginning:begining "
        "February:febuary Wednesday:wensday library:libary surprise:suprise different:diffrent interesting:intresting "
        "chocolate:choclate vegetable:vegtable exercise:excercise embarrassed:embarassed address:adress doesn't:dosent "
        "apparently:apparantly already:allready always:alway people:poeple should:shoud would:woud what:whta the:teh "
        "just:jsut with:wiht have:ahve said:siad from:form going:giong about:abuot"
    ).split()
)
_SENTENCE_START = re.compile(r"(^|[.?!] )([a-z])")
# "going to" is gonna before a verb, not before a place.
_BEFORE_VERB = r"(?! (?:an?|the|my|our|your|work|bed|church|school|class|$)\b| (?-i:[A-Z]))"
_EDGES = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)


@dataclass(frozen=True)
class Style:
    """One person's typing. Numbers are probabilities; dictionaries map a word to (spelling, probability)."""

    lower: bool
    drop_apostrophe: float
    drop_question: float
    drop_comma: float
    full_stop: float
    exclaim: float
    emoji_rate: float
    emoji: tuple[str, ...]
    slip: float
    stretch: float
    spellings: dict[str, tuple[str, float]]
    phrases: tuple[tuple[re.Pattern[str], str, float], ...]

    def write(self, text: str, dice: Dice) -> str:
        """`text` as this person would type it."""
        for pattern, spelling, probability in self.phrases:
            if pattern.search(text) and dice.chance(probability):
                text = pattern.sub(spelling, text)
        text = self._punctuate(" ".join(self._word(word, dice) for word in text.split()), dice)
        text = text.lower() if self.lower else _SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), text)
        if dice.chance(self.emoji_rate):
            # Squaring favours the first: everyone has a smiley or two that they use all the time.
            emoji = self.emoji[int(dice.unit() ** 2 * len(self.emoji))]
            text += " " + emoji * (3 if dice.chance(0.08) and not emoji.isascii() else 1)
        return text

    def _word(self, word: str, dice: Dice) -> str:
        known = self.spellings.get(word.lower().strip(",.?!"))
        if known is not None and dice.chance(known[1]):
            before, _, after = _EDGES.findall(word)[0]
            word = before + known[0] + after
        if "'" in word and dice.chance(self.drop_apostrophe):
            word = word.replace("'", "")
        if len(word) > 3 and dice.chance(self.slip):
            word = _slip(word, dice)
        elif word in ("so", "no", "yay", "please", "hey", "ah", "hello", "yes", "nice") and dice.chance(self.stretch):
            word = word + word[-1] * (1 + int(dice.unit() * 4))
        return word

    def _punctuate(self, text: str, dice: Dice) -> str:
        if "," in text and dice.chance(self.drop_comma):
            text = text.replace(",", "")
        if text.endswith("?"):
            if dice.chance(self.drop_question):
                return text[:-1]
            return text + "?" * int(dice.unit() * 1.15 * (1 + self.exclaim))
        if text[-1:].isalnum():
            if dice.chance(self.full_stop):
                return text + ("..." if dice.chance(self.stretch) else ".")
            if dice.chance(self.exclaim):
                return text + "!" * (1 + int(dice.unit() * 1.5))
        return text


def draw_style(community: Community, rng: np.random.Generator, dice: Dice) -> Style:
    """A person's style around the habits of their community."""
    keenness = 0.15 + 1.1 * dice.unit()
    spellings: dict[str, tuple[str, float]] = {}
    phrases = []
    for entry in abbreviations_of(community):
        if not dice.chance(entry.share * keenness):
            continue
        spelling = entry.spellings[int(dice.unit() ** 2 * len(entry.spellings))]
        habit = float(rng.beta(4.0, 1.2))
        if " " in entry.phrase:
            ahead = _BEFORE_VERB if entry.phrase.endswith(" to") else ""
            phrases.append((re.compile(rf"\b{entry.phrase}\b{ahead}", re.IGNORECASE), spelling, habit))
        else:
            spellings[entry.phrase] = (spelling, habit)
    for right in rng.choice(sorted(_MISSPELLINGS), size=int(rng.integers(0, 5)), replace=False).tolist():
        spellings.setdefault(right.lower(), (_MISSPELLINGS[right], 0.5 + 0.4 * dice.unit()))
    emoji = community.emoji.split(" ")
    favourites = [emoji[index] for index in rng.permutation(len(emoji))[: 3 + int(dice.unit() * 5)]]
    return Style(
        lower=dice.chance(community.lower_rate),
        drop_apostrophe=0.92 if dice.chance(community.apostrophe_rate) else 0.04,
        drop_question=float(rng.beta(0.7, 1.0)),
        drop_comma=float(rng.beta(0.8, 0.8)),
        full_stop=float(rng.beta(0.35, 1.5)),
        exclaim=float(rng.beta(0.6, 6.0)),
        emoji_rate=min(0.7, community.emoji_rate * float(rng.standard_gamma(1.0))),
        emoji=tuple(favourites),
        slip=float(rng.beta(1.0, 150.0)),
        stretch=float(rng.beta(0.4, 6.0)),
        spellings=spellings,
        phrases=tuple(phrases),
    )


def _slip(word: str, dice: Dice) -> str:
    """One slip of the finger in `word`: a neighbouring key, two letters swapped, one left out or doubled."""
    position = 1 + int(dice.unit() * (len(word) - 2))
    letter, kind = word[position], dice.unit()
    if not letter.isalpha() or not letter.isascii():
        return word
    if kind < 0.35:
        return word[:position] + dice.pick(_NEIGHBOURS[letter.lower()]) + word[position + 1 :]
    if kind < 0.6:
        return word[:position] + word[position + 1] + letter + word[position + 2 :]
    return word[:position] + (letter + letter if kind > 0.8 else "") + word[position + 1 :]
