"""A file that was learned before, or a later export of it: each message is learned once, and no other is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from personalization.imports import continued
from personalization.profile import Profile

COMMON = ["ok", "haha"]  # that a person writes everywhere


class Kept:
    """What was taken in, by number, and all of it."""

    def __init__(self) -> None:
        self.imports: dict[int, list[str]] = {}
        self.messages: list[str] = []

    def take_in(self, file: Sequence[str]) -> list[str]:
        """The messages that are new."""
        number, known = continued(file, self.imports)
        new = list(file[known:])
        self.imports.setdefault(number, []).extend(new)
        self.messages += new
        return new


def chats(name: str, *, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Messages of one chat: what is written everywhere, and what is written in no other."""
    own = st.integers(0, 10_000).map(lambda number: f"{name} {number}")
    return st.tuples(
        st.lists(own, min_size=least, max_size=least, unique=True),
        st.lists(st.one_of(own, st.sampled_from(COMMON)), max_size=12),
    ).flatmap(lambda both: st.permutations([*both[0], *both[1]]))


any_files = st.lists(st.lists(st.sampled_from([*COMMON, *"abcdefghijklm"]), max_size=40), max_size=6)


@given(any_files)
@example([[*"abcdefghij", "ok"], [*"abcdefghij", "haha"]])
@example([[*"abcdefghij", last] for last in ("ok", "haha", "k")] + [[*"abcdefghij", "haha", "l"]])
def test_taking_in_twice_is_taking_in_once(files: list[list[str]]) -> None:
    kept = Kept()
    for file in files:
        kept.take_in(file)
    before = list(kept.messages)
    for file in files:
        assert kept.take_in(file) == []
    assert kept.messages == before


@given(chats("ann", least=3), chats("ann"), chats("ann"), chats("ben"), chats("cem"))
def test_a_longer_export_adds_just_its_new_messages(
    first: list[str], second: list[str], third: list[str], ben: list[str], cem: list[str]
) -> None:
    kept = Kept()
    assert kept.take_in(first) == first
    assert kept.take_in(ben) == ben
    assert kept.take_in([*first, *second]) == second
    if cem != ben:
        assert kept.take_in(cem) == cem
    assert kept.take_in([*first, *second, *third]) == third
    assert kept.take_in(first) == []


@given(chats("ann", least=15), chats("ann"), st.data())
def test_an_export_that_begins_later_or_differs_before_its_end_adds_just_its_new_messages(
    first: list[str], more: list[str], data: st.DataObject
) -> None:
    different = [len(set(first[place:])) for place in range(len(first))]
    last = max(place for place, count in enumerate(different) if count >= 10)
    later = first[data.draw(st.integers(0, last)) :]
    if len(later) > len(first) - last:
        later[data.draw(st.integers(0, len(later) - (len(first) - last) - 1))] = "edited since"
    kept = Kept()
    kept.take_in(first)
    new = [text for text in more if text not in first or text in COMMON]
    assert kept.take_in([*later, *new]) == new
    assert kept.take_in(later) == []


@pytest.mark.parametrize("place", [10, 35, 39])
def test_of_an_export_that_differs_near_its_end_what_comes_after_that_is_new(place: int) -> None:
    """Where a message was edited, some that came after it are learned twice, not the whole chat; else none is."""
    first, new = [f"ann {number}" for number in range(40)], ["one more", "late"]
    for since in (["edited"], []):
        kept = Kept()
        kept.take_in(first)
        last = [*since, *first[place + 1 :], *new]
        found = kept.take_in([*first[:place], *last])
        assert found == (new if not since or len(last) - len(new) >= 11 else last)
        assert kept.take_in([*first[:place], *last]) == []
    kept = Kept()
    kept.take_in(first)
    other = [*first[:9], "another chat"]  # too few are alike to be sure
    assert kept.take_in(other) == other


@given(st.lists(st.lists(st.sampled_from(COMMON), max_size=30), max_size=6, unique_by=tuple))
def test_what_somebody_writes_everywhere_is_lost_in_no_file(files: list[list[str]]) -> None:
    kept = Kept()
    for file in files:
        assert kept.take_in(file) == file
    for name in ("ann", "ben"):
        file = [*COMMON * 10, *(f"{name} {number}" for number in range(9)), *COMMON * 10]
        assert kept.take_in(file) == file


FILE = ["ask Zoque", "ok", "see you", "ok", "at Bugis", "ok"]


def test_what_was_typed_forgotten_or_renamed_since_makes_no_difference_to_a_profile(tmp_path: Path) -> None:
    with Profile(tmp_path / "me") as profile:
        profile.add(FILE[:3])  # typed, so it was written twice
        assert profile.take_in([FILE[0], " ", *FILE[1:]]) == (6, 0)
        profile.send("ok")
        profile.forget("zoque")
        profile.rename("bugis", "Bedok")
        words = profile.contents.own.frequent(99)
    with Profile(tmp_path / "me") as again:
        assert again.take_in(FILE) == (0, 6)
        assert again.contents.own.frequent(99) == words
        assert again.take_in([*FILE, "ok", "late"]) == (2, 6)
        assert again.contents.messages[-3:] == ["ok", "ok", "late"]
        assert again.take_in([]) == (0, 0)
        again.erase()
        assert again.take_in(FILE) == (6, 0)


def test_taking_in_that_was_cut_off_goes_on_where_it_ended(tmp_path: Path) -> None:
    with Profile(tmp_path / "me") as profile:
        profile.take_in(FILE)
    events = tmp_path / "me" / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[0]) == {"sent": FILE[0], "import": 1}
    events.write_bytes(b"".join(lines[:4]) + lines[4][:9])
    with Profile(tmp_path / "me") as again:
        assert again.take_in(FILE) == (2, 4)
        assert again.contents.messages == FILE
