"""Laws of the synthetic population: what a corpus must be to stand in for people."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

import numpy as np
import pytest

from data import synthetic
from data.synthetic import generate
from data.synthetic.communities import COMMUNITIES
from data.synthetic.community import grammar_of
from data.synthetic.dice import Dice
from data.synthetic.grammar import Grammar
from data.synthetic.inflect import agreement, articles, inflect
from data.synthetic.person import tidy
from data.synthetic.voice import Voice, community_weights

Rows = list[dict[str, str]]
_WORD = re.compile(r"\w+(?:'\w+)*")


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def digest(rows: Iterable[dict[str, str]]) -> str:
    return hashlib.sha256("\n".join(json.dumps(row, sort_keys=True) for row in rows).encode()).hexdigest()


def counts(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in words(text))


def divergence(one: Counter[str], other: Counter[str]) -> float:
    """Jensen-Shannon divergence in bits between two word distributions."""
    vocabulary = sorted(one | other)
    p, q = (np.array([c[word] for word in vocabulary], dtype=float) for c in (one, other))
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2

    def kl(a: np.ndarray) -> float:
        seen = a > 0
        return float(np.sum(a[seen] * np.log2(a[seen] / m[seen])))

    return (kl(p) + kl(q)) / 2


@pytest.fixture(scope="module")
def rows() -> Rows:
    return list(generate())


@pytest.fixture(scope="module")
def texts(rows: Rows) -> dict[str, list[str]]:
    """Each user's messages in order of time, exact duplicates dropped as the measuring rule does."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["user"]].append(row["text"])
    return {user: list(dict.fromkeys(messages)) for user, messages in found.items()}


@pytest.fixture(scope="module")
def groups(rows: Rows) -> dict[str, list[str]]:
    """The users of each community."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        found[row["group"]][row["user"]] = None
    return {group: list(users) for group, users in found.items()}


def test_a_seed_gives_the_same_population_every_time_and_another_seed_another_one(rows: Rows) -> None:
    first = rows[:3000]
    assert digest(islice(generate(seed=0), 3000)) == digest(first)
    assert digest(islice(generate(seed=1), 3000)) != digest(first)


def test_a_small_population_is_the_beginning_of_a_large_one(rows: Rows) -> None:
    small = list(generate(people=7))
    assert len({row["user"] for row in small}) == 7
    assert small == rows[: len(small)]


def test_rows_have_the_corpus_columns_and_come_user_by_user_in_order_of_time(rows: Rows) -> None:
    finished: set[str] = set()
    last_user, last_time = "", None
    for row in rows:
        assert list(row) == ["user", "text", "time", "group"]
        time = datetime.fromisoformat(row["time"])
        assert time.tzinfo is not None
        if row["user"] != last_user:
            assert row["user"] not in finished
            finished.add(row["user"])
        else:
            assert last_time is not None
            assert time >= last_time
        last_user, last_time = row["user"], time


def test_there_are_enough_people_communities_and_messages(rows: Rows, texts: dict[str, list[str]]) -> None:
    assert len(texts) == 240
    assert len({row["group"] for row in rows}) >= 4
    per_user = Counter(row["user"] for row in rows)
    assert min(per_user.values()) >= 60
    assert max(per_user.values()) <= 400
    # Few people write much: the tenth of the people who write most write well over the median.
    assert np.percentile(list(per_user.values()), 90) > 1.5 * np.median(list(per_user.values()))
    assert min(len(messages) for messages in texts.values()) >= 60


def test_few_messages_are_exact_repetitions(rows: Rows, texts: dict[str, list[str]]) -> None:
    kept = sum(len(messages) for messages in texts.values())
    assert kept > 0.9 * len(rows)
    most_common = Counter(row["text"].lower() for row in rows).most_common(1)[0][1]
    assert most_common < 0.02 * len(rows)


def test_no_text_shows_the_grammar_that_made_it(rows: Rows) -> None:
    for row in rows:
        text = row["text"]
        assert text == " ".join(text.split())
        assert text
        assert not re.search(r"[\[\]|]|<\w+(\.\w+)?>|\$[a-z]|/[mf]\b| [,.?](\s|$)|,,|\?\.", text), text


def test_the_vocabulary_is_large_and_follows_zipf(rows: Rows) -> None:
    frequencies = [count for _, count in counts(row["text"] for row in rows).most_common()]
    assert len(frequencies) >= 4000
    assert sum(count >= 2 for count in frequencies) >= 3500
    ranks = np.arange(1, 3001)
    slope = np.polyfit(np.log(ranks), np.log(frequencies[:3000]), 1)[0]
    assert -1.3 < slope < -0.8
    assert 6 <= sum(frequencies) / len(rows) <= 12


def test_communities_differ_more_than_halves_of_one(texts: dict[str, list[str]], groups: dict[str, list[str]]) -> None:
    halves = {
        group: [counts(text for user in users[part::2] for text in texts[user]) for part in (0, 1)]
        for group, users in groups.items()
    }
    within = [divergence(*pair) for pair in halves.values()]
    between = [divergence(halves[a][0], halves[b][1]) for a in halves for b in halves if a != b]
    assert min(between) > 1.5 * max(within)


def test_people_of_one_community_differ_more_than_halves_of_one_person(
    texts: dict[str, list[str]], groups: dict[str, list[str]]
) -> None:
    for users in groups.values():
        talkative = [texts[user] for user in users if len(texts[user]) >= 160][:8]
        assert len(talkative) >= 3
        halves = [(counts(t[0:160:2]), counts(t[1:160:2])) for t in talkative]
        within = np.mean([divergence(*pair) for pair in halves])
        between = np.mean([divergence(a[0], b[1]) for a in halves for b in halves if a is not b])
        assert between > 1.1 * within


def test_people_drift_so_that_late_words_differ_more_from_early_ones_than_odd_from_even(
    texts: dict[str, list[str]],
) -> None:
    talkative = [t for t in texts.values() if len(t) >= 150]
    early_late = [divergence(counts(t[: len(t) // 2]), counts(t[len(t) // 2 :])) for t in talkative]
    odd_even = [divergence(counts(t[::2]), counts(t[1::2])) for t in talkative]
    assert np.mean(early_late) > np.mean(odd_even) + 0.004
    assert np.mean(np.array(early_late) > np.array(odd_even)) > 0.65


class Trigram:
    """Absolute discounting, interpolated down to single words: small, but good enough to land in the band."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.after: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for message in messages:
            line = ["<", "<", *words(message)]
            for i in range(2, len(line)):
                for order in range(3):
                    self.after[tuple(line[i - order : i])][line[i]] += 1
        self.heads = {context: [w for w, _ in c.most_common(12)] for context, c in self.after.items()}
        self.totals = {context: c.total() for context, c in self.after.items()}

    def candidates(self, context: tuple[str, str]) -> set[str]:
        return {w for start in range(3) for w in self.heads.get(context[start:], ())}

    def probability(self, context: tuple[str, str], word: str) -> float:
        p = 0.0
        for start in (2, 1, 0):
            seen = self.after.get(context[start:])
            if seen:
                total = self.totals[context[start:]]
                p = max(seen.get(word, 0) - 0.75, 0) / total + 0.75 * len(seen) / total * p
        return p


def test_a_trigram_lands_in_the_band_and_the_persons_own_lifts_it_without_giving_all_away(
    texts: dict[str, list[str]],
) -> None:
    cut = {user: int(0.8 * len(messages)) for user, messages in texts.items()}
    shared = Trigram(text for user, messages in texts.items() for text in messages[: cut[user]])
    hits = own_hits = targets = 0
    for user in list(texts)[::4]:
        own = Trigram(texts[user][: cut[user]])
        for message in texts[user][cut[user] :]:
            line = ["<", "<", *words(message)]
            for i in range(2, len(line)):
                context = (line[i - 2], line[i - 1])
                scored = [(shared.probability(context, w), w) for w in sorted(shared.candidates(context))]
                mixed = [
                    (0.6 * shared.probability(context, w) + 0.4 * own.probability(context, w), w)
                    for w in sorted(shared.candidates(context) | own.candidates(context))
                ]
                hits += max(scored)[1] == line[i]
                own_hits += max(mixed)[1] == line[i]
                targets += 1
    assert 0.15 < hits / targets < 0.40
    assert 0.01 < (own_hits - hits) / targets < 0.08


def test_abbreviations_are_habits_of_people_and_not_of_communities_alone(
    texts: dict[str, list[str]], groups: dict[str, list[str]]
) -> None:
    """Within a community some always write "u", some never do."""
    for users in groups.values():
        shares = []
        for user in users:
            found = counts(texts[user])
            if found["u"] + found["you"] >= 15:
                shares.append(found["u"] / (found["u"] + found["you"]))
        assert min(shares) < 0.1
        assert max(shares) > 0.6


def test_every_community_has_hundreds_of_sentences_of_its_own_and_shared_ones() -> None:
    for community in COMMUNITIES:
        grammar = grammar_of(community)
        templates = sum(len(rule.templates) for rule in grammar.rules if rule.name and rule.kind == "=")
        assert templates >= 400
        assert len(grammar.situations) >= 30


def voice_of(text: str, seed: int = 0) -> Voice:
    grammar = Grammar(text)
    rng = np.random.default_rng(seed)
    return Voice(grammar, community_weights(grammar, rng), rng, Dice(rng))


def test_a_situation_speaks_of_the_same_thing_until_it_ends() -> None:
    voice = voice_of("who :: Ann/f, Ben/m, Cleo/f\nsay = $who and $who lost $his bag\nhe = he\nhim = him\nhis = his\n")
    seen = set()
    for _ in range(60):
        first, _, second, _, pronoun, _ = voice.say("say", {}, late=False).split()
        assert first == second
        assert pronoun == ("his" if first == "Ben" else "her")
        seen.add(first)
    assert seen


def test_optional_parts_choices_and_inflections_expand() -> None:
    voice = voice_of("vp : take a nap, stop\nsay = I <vp.ed> (today) [and|but] <name>\nname = <vp.ing>\n")
    expected = r"I +(took a nap|stopped) +(today +)?(and|but) +(taking a nap|stopping)"
    said = {voice.say("say", {}, late=late) for late in (False, True) for _ in range(100)}
    assert all(re.fullmatch(expected, text) for text in said)
    assert len(said) > 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("say = hello <nobody>", "nobody"), ("say = hello [a|b", "open"), ("just words", "neither a rule")],
)
def test_a_mistake_in_a_grammar_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Grammar(text)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("grab lunch", "ing", "grabbing lunch"),
        ("make tea", "ing", "making tea"),
        ("visit Bo", "ed", "visited Bo"),
        ("cry", "ed", "cried"),
        ("buy milk", "ed", "bought milk"),
        ("catch it", "s", "catches it"),
        ("old knife", "pl", "old knives"),
        ("city", "pl", "cities"),
        ("play", "pl", "plays"),
    ],
)
def test_words_inflect(text: str, form: str, expected: str) -> None:
    assert inflect(text, form) == expected


def test_articles_verbs_and_marks_agree() -> None:
    assert articles("a apple, a uniform, a hour, a dog, an useful a 8 a 80") == (
        "an apple, a uniform, an hour, a dog, a useful an 8 a 80"
    )
    assert agreement("the noodles was cold but the news is good and my shoes has holes") == (
        "the noodles were cold but the news is good and my shoes have holes"
    )
    assert tidy("need: milk, milk and milk and tea, tea") == "need: milk and tea"
    assert tidy("  ok ,  see Ann/f , . bye , ?") == "ok, see Ann. bye?"


@pytest.mark.parametrize(("seed", "people"), [(-1, 10), (0, 0)])
def test_impossible_populations_are_refused_at_once(seed: int, people: int) -> None:
    with pytest.raises(ValueError, match="synthetic population"):
        generate(seed=seed, people=people)


def test_going_to_is_shortened_before_a_verb_and_not_before_a_place(rows: Rows) -> None:
    assert any(re.search(r"\bgonna \w", row["text"].lower()) for row in rows)
    assert not any(re.search(r"\b(?:gonna|wanna|gotta) (?:an?|the|my)\b", row["text"].lower()) for row in rows)


def test_public_text_is_of_whole_populations_of_other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "POPULATION", 2)
    public = list(synthetic.public_texts(3))
    seeds = [(2_000_000, 2), (2_000_001, 1)]
    assert public == [row["text"] for seed, people in seeds for row in synthetic.generate(seed=seed, people=people)]
    assert list(synthetic.public_texts(0)) == []


def test_texts_are_retyped_in_many_peoples_styles() -> None:
    texts = ["Are you going to tell me because I don't see why?"] * 480
    retyped = list(synthetic.retyped(texts))
    assert retyped == list(synthetic.retyped(texts))
    assert len(retyped) == 480
    assert len(set(retyped)) > 60
    words = Counter(word for text in retyped for word in text.lower().rstrip("?!.").split())
    assert 20 < words["u"] < 400
    assert 20 < words["dont"] < 400
    assert words["tell"] > 400  # what nobody abbreviates stays, slips of the finger aside
    assert list(synthetic.retyped([])) == []
