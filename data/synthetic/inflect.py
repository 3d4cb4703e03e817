"""Just enough English morphology for the grammars: verb forms, plurals, a/an, and is/are after a plural."""

from __future__ import annotations

import re
from functools import lru_cache

_PAST = {
    line.split()[0]: line.split()[1]
    for line in """
be was|beat beat|become became|begin began|bend bent|bet bet|bite bit|blow blew|break broke|bring brought|build built
buy bought|catch caught|choose chose|come came|cost cost|cut cut|deal dealt|dig dug|do did|draw drew|drink drank
drive drove|eat ate|fall fell|feed fed|feel felt|fight fought|find found|fly flew|forget forgot|freeze froze|get got
give gave|go went|grow grew|hang hung|have had|hear heard|hide hid|hit hit|hold held|hurt hurt|keep kept|know knew
lay laid|lead led|leave left|lend lent|let let|light lit|lose lost|make made|mean meant|meet met|pay paid|put put
quit quit|read read|ride rode|ring rang|rise rose|run ran|say said|see saw|sell sold|send sent|set set|sew sewed
shake shook|shoot shot|show showed|shut shut|sing sang|sit sat|sleep slept|speak spoke|spend spent|split split
spread spread|stand stood|steal stole|stick stuck|sweep swept|swim swam|take took|teach taught|tear tore|tell told
think thought|throw threw|understand understood|wake woke|wear wore|win won|proofread proofread|rewrite rewrote
babysit babysat|redo redid|wind wound|write wrote|""".replace("\n", "|").split("|")
    if line
}
_PLURAL = dict(
    pair.split()
    for pair in (
        "man men|woman women|child children|person people|foot feet|tooth teeth|mouse mice|goose geese|fish fish|"
        "sheep sheep|knife knives|wife wives|leaf leaves|shelf shelves|loaf loaves|scarf scarves|wolf wolves|"
        "half halves|thief thieves|series series|photo photos|video videos|piano pianos|kilo kilos|logo logos|"
        "memo memos|radio radios|studio studios|taco tacos|avocado avocados|kangaroo kangaroos|zoo zoos|"
        "volcano volcanoes|potato potatoes|tomato tomatoes|hero heroes|mango mangoes|quiz quizzes"
    ).split("|")
)
_DOUBLING = re.compile(r"[^aeiou]?[^aeiou]?[^aeiou][aeiou][bdgklmnprt]")
_VOWEL_SOUND = r"[aeiou]|hour|honest|8\b|11\b|18\b|MRT|NBA|HDB|IT\b|HR\b|hr\b|A\b|ER\b|X-ray|RPG|MMO"
_AN = re.compile(rf"\b([Aa]) (?=(?:{_VOWEL_SOUND})(?!ne\b|nce\b))")
_NOT_AN = re.compile(r"\b([Aa])n (?=(?:uni|use|usual|euro|one\b|once|ukulele|URL|USB))")

_PLURAL_SUBJECT = re.compile(r"\b((?:the|these|those|my|your|our) (?:[a-z]+ )?([a-z]{3,}[^suiy']s)) (is|was|has)\b")
_SINGULAR = frozenset("series news maths physics economics politics sales statistics ethics christmas".split())
_ARE = {"is": "are", "was": "were", "has": "have"}


@lru_cache(maxsize=65536)
def inflect(text: str, form: str) -> str:
    """`text` with its first word as a verb in form ing, ed or s, or its last word as a plural noun (pl)."""
    if form == "pl":
        head, _, noun = text.rpartition(" ")
        return f"{head} {_plural(noun)}" if head else _plural(noun)
    verb, gap, rest = text.partition(" ")
    return {"ing": _ing, "ed": _ed, "s": _third}[form](verb) + gap + rest


def articles(text: str) -> str:
    """`text` with a or an as the sound of the next word wants it."""
    return _NOT_AN.sub(r"\1 ", _AN.sub(r"\1n ", text))


def agreement(text: str) -> str:
    """`text` with the verb after a plural subject such as "the noodles" in the plural."""
    return _PLURAL_SUBJECT.sub(lambda m: m[0] if m[2] in _SINGULAR else f"{m[1]} {_ARE[m[3]]}", text)


def _ing(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    return (verb + verb[-1] if _doubles(verb) else verb) + "ing"


def _ed(verb: str) -> str:
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return (verb + verb[-1] if _doubles(verb) else verb) + "ed"


def _third(verb: str) -> str:
    if verb in ("have", "be"):
        return "has" if verb == "have" else "is"
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "s"


def _plural(noun: str) -> str:
    if noun in _PLURAL:
        return _PLURAL[noun]
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"


def _doubles(verb: str) -> bool:
    return verb in {
        "begin",
        "forget",
        "admit",
        "submit",
        "upset",
        "format",
        "plan",
        "quit",
        "refer",
        "regret",
        "nutmeg",
        "babysit",
    } or (_DOUBLING.fullmatch(verb) is not None and not verb.endswith(("w", "x", "y")))
