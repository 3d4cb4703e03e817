"""Laws of the measuring rule: nothing leaks, order is kept, nobody's split depends on anybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.corpus import Person
from data.splits import apart, contributes, distinct, divide, new_to_all, sample, split_person
from nextword.text import normalise

texts = st.lists(st.text(max_size=3), min_size=1, max_size=80)
persons = st.builds(lambda messages: Person("ana", None, tuple(messages)), texts)
populations = st.lists(
    st.tuples(st.text(max_size=4), st.sampled_from((1, 29, 30, 31, 45))), unique_by=lambda pair: pair[0], max_size=25
).map(lambda pairs: [Person(user, None, tuple(f"{user}{i}" for i in range(count))) for user, count in pairs])
seeds = st.integers(0, 2**32)


def person(count: int) -> Person:
    return Person("ana", "north", tuple(f"message {i}" for i in range(count)))


@given(persons)
def test_no_message_is_in_both_history_and_test(someone: Person) -> None:
    split = split_person(someone)
    assert not set(split.history) & set(split.test)
    assert not set(split.train) & set(split.validation)
    assert split.train + split.validation == split.history


@given(persons)
def test_history_and_test_are_the_distinct_messages_in_their_order(someone: Person) -> None:
    split = split_person(someone)
    kept = [m for i, m in enumerate(someone.messages) if m not in someone.messages[:i]]
    assert list(split.history + split.test) == kept
    assert split.evaluated == (len(kept) >= 30)


@given(populations, seeds)
def test_newcomers_and_participants_share_nobody_and_leave_nobody_out(everyone: list[Person], seed: int) -> None:
    population = divide(everyone, seed=seed)
    participants = {split.user for split in population.participants}
    newcomers = {split.user for split in population.newcomers}
    assert not participants & newcomers
    assert participants | newcomers == {someone.user for someone in everyone}
    assert all(split.evaluated for split in population.newcomers)
    evaluated = len(population.evaluated_participants) + len(newcomers)
    assert len(newcomers) == int(evaluated * 0.2 + 0.5)
    assert population.numbers == divide(everyone, seed=seed + 1).numbers
    assert sorted(population.numbers.values()) == list(range(evaluated))


def test_whoever_has_two_ids_is_one_person_and_others_stay() -> None:
    def writes(user: str, *numbers: int) -> Person:
        return Person(user, None, tuple(f"this is the message number {number}" for number in numbers))

    chain = tuple(f"send this on to friend {number}" for number in range(9))
    cases = {
        "same": writes("same", *range(40)),
        "more": writes("more", *range(50)),  # of these two the one with more stays
        "half": writes("half", *range(10), *range(100, 110)),
        "less": writes("less", *range(11, 20), *range(200, 210)),  # nine of nineteen
        "few": Person("few", None, chain),
        "forward": Person("forward", None, chain),  # nine alike may be letters that both have sent on
        "short": Person("short", None, ("see you", "ok", "on my way") * 20),
        "brief": Person("brief", None, ("see you", "ok", "on my way") * 20),
    }
    kept = {person.user for person in apart(list(cases.values()))}
    assert set(cases) - kept == {"same", "half"}
    assert {split.user for split in divide(list(cases.values()), seed=0).participants} <= kept
    assert [person.user for person in apart([writes("b", *range(20)), writes("a", *range(20))])] == ["a"]


def test_what_everybody_writes_tells_nobody_apart_and_is_not_asked_of_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def counted(holders: Iterable[str]) -> Counter[str]:
        found = list(holders)
        asked.extend(found)
        return Counter(found)

    monkeypatch.setattr("data.splits.Counter", counted)
    common = [f"a line that everybody writes {number}" for number in range(12)]
    people = [Person(f"{n:05}", None, (*common[:9], f"my own message number {n}")) for n in range(500)]
    double = Person("double", None, (*common, *(f"some message of mine {n}" for n in range(30))))
    again = Person("double again", None, (*common, *(f"some message of mine {n}" for n in range(28))))
    assert len(apart([*people, double, again])) == 501
    assert len(asked) < 500 * 9 * 51  # and not as many for each as there are people


@given(populations, seeds, st.randoms())
def test_the_order_of_users_does_not_matter(everyone: list[Person], seed: int, random: object) -> None:
    shuffled = list(everyone)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert divide(shuffled, seed=seed) == divide(everyone, seed=seed)


@given(populations, seeds)
def test_another_user_changes_nobody_elses_split_and_at_most_one_role(everyone: list[Person], seed: int) -> None:
    other = Person("one more user", None, tuple(map(str, range(40))))
    before, after = divide(everyone, seed=seed), divide([*everyone, other], seed=seed)
    splits = {split.user: split for split in after.participants + after.newcomers}
    assert all(splits[split.user] == split for split in before.participants + before.newcomers)
    new = {split.user for split in after.newcomers} - {other.user}
    assert len(new ^ {split.user for split in before.newcomers}) <= 1


def test_seeds_draw_different_newcomers() -> None:
    everyone = [Person(f"u{i}", None, person(30).messages) for i in range(50)]
    drawn = {tuple(split.user for split in divide(everyone, seed=seed).newcomers) for seed in range(10)}
    assert len(drawn) == 10
    assert all(len(users) == 10 for users in drawn)


@pytest.mark.parametrize(
    ("count", "history", "validation", "test"),
    [(1, 1, 0, 0), (29, 29, 0, 0), (30, 24, 2, 6), (100, 80, 8, 20), (1000, 800, 80, 200), (2000, 1600, 160, 200)],
)
def test_the_shares_of_the_measuring_rule(count: int, history: int, validation: int, test: int) -> None:
    split = split_person(person(count))
    assert (len(split.history), len(split.validation), len(split.test)) == (history, validation, test)


def test_a_long_test_is_cut_to_what_directly_follows_the_history() -> None:
    split = split_person(person(2000))
    assert split.history[-1] == "message 1599"
    assert split.test[0] == "message 1600"
    assert split.test[-1] == "message 1799"


def test_duplicates_are_dropped_before_counting() -> None:
    assert distinct(["b", "a", "b", "B", "a"]) == ("b", "a", "B")
    assert not split_person(Person("ana", None, person(29).messages * 2)).evaluated


def test_nobody_is_tested_on_what_their_history_has_but_for_capitals() -> None:
    everyone = [
        Person("ana", None, (*person(40).messages, "Message  3", "new", "MESSAGE 7")),
        Person("bo", None, (*(f"text {i}" for i in range(32)), *(f"TEXT {i}" for i in range(8)))),
    ]
    for share in (0.0, 1.0):
        raw = divide(everyone, seed=0, newcomer_share=share)
        measured = new_to_all(raw, normalise)
        assert [(s.user, s.history, s.validation) for s in raw.participants] == [
            (s.user, s.history, s.validation) for s in measured.participants
        ]
        tests = {s.user: s.test for s in (*measured.participants, *measured.newcomers)}
        assert tests["ana"] == (*person(40).messages[34:], "new")
        assert not tests.get("bo")
        assert [s.user for s in measured.newcomers] == ["ana"] * int(share)
        assert [s.user for s in measured.evaluated_participants] == ["ana"] * int(1 - share)


def test_a_user_contributes_their_newest_300_messages_and_never_the_test() -> None:
    split = split_person(person(1000))
    assert contributes(split) == split.history[500:]
    assert contributes(split_person(person(5))) == person(5).messages


def test_everyone_measured_can_be_a_newcomer() -> None:
    population = divide([person(40)], seed=0, newcomer_share=1.0)
    assert population.participants == ()
    assert len(population.newcomers) == 1


def test_impossible_populations_are_refused() -> None:
    with pytest.raises(ValueError, match="two people"):
        divide([person(1), person(2)], seed=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        divide([person(1)], seed=0, newcomer_share=1.2)


def test_a_sample_is_drawn_not_cut_and_grows_with_its_size() -> None:
    everyone = divide([Person(f"{i:03}", None, person(30).messages) for i in range(200)], seed=0).participants
    small, large = (sample(everyone, users, seed=1) for users in (40, 60))
    assert (len(small), len(large), sample(everyone, 500, seed=1)) == (40, 60, everyone)
    assert {split.user for split in small} < {split.user for split in large}
    assert list(large) == [split for split in everyone if split in large]
    assert large not in (everyone[:60], sample(everyone, 60, seed=2))
