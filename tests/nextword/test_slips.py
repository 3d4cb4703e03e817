from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nextword.slips import ADDED, ANYWHERE, BESIDE, LEFT_OUT, MOST_LETTERS, NEIGHBOURS, SWAPPED, is_slip, meant

LETTERS = "abcdefghijklmnopqrstuvwxyz'"


def _one_edit_apart(one: str, other: str) -> bool:
    """By trying every edit of `one`."""
    edited = {one[:i] + one[i + 1 :] for i in range(len(one))}
    edited |= {one[:i] + c + one[i + size :] for i in range(len(one) + 1) for c in LETTERS for size in (0, 1)}
    edited |= {one[:i] + one[i + 1] + one[i] + one[i + 2 :] for i in range(len(one) - 1)}
    return other in edited


@given(st.text(LETTERS, min_size=1, max_size=6))
def test_what_may_be_meant_is_one_edit_away_and_never_certain(typed: str) -> None:
    others = meant(typed)
    assert len({letters for letters, _ in others}) == len(others)
    for letters, probability in others:
        assert letters != typed
        assert _one_edit_apart(typed, letters)
        assert 0 < probability < 0.05


def test_each_kind_of_slip_has_its_rate() -> None:
    assert dict(meant("teh"))["the"] == SWAPPED
    assert dict(meant("tomorow"))["tomorrow"] == 2 * LEFT_OUT  # either r may be the one left out
    assert dict(meant("hellp"))["hello"] == BESIDE / len(NEIGHBOURS["o"])
    assert dict(meant("hellz"))["hello"] == ANYWHERE / len(LETTERS)
    assert dict(meant("heello"))["hello"] >= ADDED / (1 + len(NEIGHBOURS["e"]))


@given(st.text(max_size=40))
def test_any_letters_are_taken(typed: str) -> None:
    here = all(key in NEIGHBOURS for key in typed)
    assert (len(meant(typed)) == 0) == (not 0 < len(typed) <= MOST_LETTERS or not here)
    assert all(is_slip(letters, typed) for letters, _ in meant(typed))
    assert not is_slip(typed, typed)


def test_a_letter_of_another_keyboard_is_meant() -> None:
    assert [meant(typed) for typed in ("f\u00fcr", "est\u00e1", "\u0434\u0430")] == [(), (), ()]


def test_neighbours_are_mutual_and_near() -> None:
    assert all(key in NEIGHBOURS[other] for key, others in NEIGHBOURS.items() for other in others)
    assert set(NEIGHBOURS["g"]) >= set("fhtyvb")
    assert "p" not in NEIGHBOURS["q"]
