"""What the bar is counted to save."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.keyboard.state import State
from nextword.keyboard.tally import Meter, Tally


def test_figures_are_those_counted_by_hand() -> None:
    meter = Meter()
    meter.shown(0, ["See", "s"])
    for at_s in (0.0, 0.5, 1.0, 20.0):  # s, Tab, y, o; a pause counts as five seconds
        meter.key(at_s)
    meter.took(1, "own")
    meter.shown(4, ["the"])
    meter.sent("see yo")
    tally = meter.tally
    assert (tally.messages, tally.characters, tally.keys, tally.words, tally.offered) == (1, 6, 4, 2, 1)
    assert tally.keys_saved == pytest.approx(1 / 3)
    assert tally.words_per_minute == pytest.approx(6 / 5 / (6.0 / 60))
    assert tally.share(tally.taken[1]) == 0.5
    assert tally.sources == {"own": 1}


@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_a_word_with_an_apostrophe_is_one_however_that_is_written(apostrophe: str) -> None:
    meter = Meter()
    meter.shown(4, ["don't"])
    meter.sent(f"you don{apostrophe}t go")
    assert (meter.tally.words, meter.tally.offered) == (3, 1)


def test_what_was_given_saves_no_key_and_what_is_discarded_counts_nowhere() -> None:
    meter = Meter()
    meter.given("pasted text")
    meter.sent("pasted text")
    assert meter.tally.keys_saved == 0.0
    meter.key(0.0)
    meter.took(0, "shared")
    meter.discard()
    meter.sent("")
    assert (meter.tally.keys, meter.tally.taken.total()) == (11, 0)


@pytest.mark.parametrize(("sent", "typed"), [("pasted words ok bye", 6), ("past", 0)])
def test_what_was_given_is_not_counted_as_typed_however_much_of_it_stays(sent: str, typed: int) -> None:
    meter = Meter()
    meter.given("pasted words ")
    for at_s in range(7):
        meter.key(float(at_s))
    meter.sent(sent)
    assert meter.tally.words_per_minute == pytest.approx(typed / 5 / (6.0 / 60))


def test_nothing_typed_is_no_division_by_zero() -> None:
    tally = Tally()
    assert (tally.keys_saved, tally.words_per_minute, tally.share(3)) == (0.0, 0.0, 0.0)


@given(st.builds(Tally, keys=st.integers(0, 10**9), taken=st.dictionaries(st.integers(0, 3), st.integers(1, 99))))
def test_a_tally_survives_being_kept(tally: Tally) -> None:
    assert State.of(State(tally=tally).to_json()).tally == tally
