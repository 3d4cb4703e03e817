"""Messages that type themselves on two keyboards, with the screen and without it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Label, Static

from nextword.keyboard.course import Course, Replay, Side, final_line
from nextword.keyboard.replay import Prepare, ReplayApp, ReplayColumn, Tell
from nextword.keystrokes import presses
from nextword.metrics import measure, readings
from nextword.ngram import Trigram
from nextword.text import tokens

MESSAGES = ["see you at the station", "i am late", "[b]see you[/b] soon"]
KNOWN = {"pretrained": "see you", "personal": "see you at the station ; i am late"}
Drive = Callable[[Pilot[Exception]], Awaitable[None]]


def trigram(name: str) -> Trigram:
    return Trigram([tokens(KNOWN[name])])


def replay(messages: list[str] = MESSAGES) -> Replay:
    typed = {name: [list(presses(r, text)) for text, _, r in readings(trigram(name), messages)] for name in KNOWN}
    one, other = (Side(name, f"the {name} one", typed[name]) for name in KNOWN)
    return Replay("ann", messages, (one, other))


def drive(how: Drive, prepare: Prepare | None = None, keys_per_second: float = 0.5) -> Exception | None:
    """Run the app, and let `how` use it; what the app ends with."""
    app = ReplayApp("ann", prepare or (lambda tell: replay()), keys_per_second)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await how(pilot)

    asyncio.run(run())
    return app.return_value


async def until(pilot: Pilot[Exception], true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        await pilot.pause(0.01)


def course(pilot: Pilot[Exception]) -> Course:
    assert isinstance(pilot.app, ReplayApp)
    assert pilot.app.course is not None
    return pilot.app.course


async def prepared(pilot: Pilot[Exception]) -> None:
    await until(pilot, lambda: getattr(pilot.app, "course", None) is not None)
    await pilot.pause()


def shown(pilot: Pilot[Exception], what: str) -> list[str]:
    return [str(widget.content) for widget in pilot.app.query(what).results(Static)]


@given(st.lists(st.sampled_from([True, True, True, True, False]), max_size=150))
def test_however_it_goes_there_a_replay_ends_with_the_figures_of_the_metric(pressed: list[bool]) -> None:
    going = Course(replay())
    for press in pressed:
        if press:
            going.press()
            if going.message_done:
                going.skip()
        else:
            going.skip()
        assert all(0 <= going.stands(side) <= len(going.text) for side in range(2))
    for _ in MESSAGES:
        going.skip()
    assert going.done
    for number, side in enumerate(going.replay.sides):
        result = measure(trigram(side.name), MESSAGES, user="ann")
        assert going.keys(number) == side.keys == result.keys_typed
        assert going.savings(number) == going.replay.savings(side) == result.keystroke_savings


def test_messages_without_anything_to_type_are_left_out() -> None:
    kept, whole = replay(["", "i am late", ""]).without_empty_messages(), replay(["i am late"])
    assert kept == whole
    assert Replay("ann", [], whole.sides).savings(Side("", "", [])) == 0


def test_the_final_line_says_what_was_gained() -> None:
    one, other = replay().sides
    assert final_line(replay()) == (
        "3 messages, 50 keys without suggestions; pretrained 39 (22.0 % saved), personal 23 (54.0 % saved); "
        "personalization takes 16 keys fewer"
    )
    assert final_line(Replay("ann", MESSAGES, (other, one))).endswith("personalization takes 16 keys more")


def test_it_types_by_itself_to_the_final_line() -> None:
    async def how(pilot: Pilot[Exception]) -> None:
        await until(pilot, lambda: shown(pilot, "#final") == [final_line(replay())])
        await pilot.pause()
        assert course(pilot).done
        assert shown(pilot, ".message") == [MESSAGES[-1]] * 2
        assert "so far: 39 keys, 22.0 % saved" in shown(pilot, ".keys")[0]
        await pilot.press("enter", "space", "plus", "q")

    assert drive(how, keys_per_second=1000) is None


def test_the_bar_marks_the_word_about_to_be_taken() -> None:
    async def how(pilot: Pilot[Exception]) -> None:
        await prepared(pilot)
        assert shown(pilot, ".message") == [MESSAGES[0]] * 2
        assert [word for word in shown(pilot, ".word") if word][:2] == ["see", "you"]
        marked = [str(word.content) for word in pilot.app.query(".word.taken").results(Static)]
        assert marked == ["see", "see"]
        assert [str(column.border_title) for column in pilot.app.query(ReplayColumn)] == [
            "the pretrained one",
            "the personal one",
        ]

    drive(how)


def test_space_pauses_enter_goes_on_and_plus_and_minus_change_the_speed() -> None:
    async def how(pilot: Pilot[Exception]) -> None:
        await prepared(pilot)
        app = pilot.app
        await pilot.press("space", "plus", "plus", "plus", "plus", "plus", "plus")
        assert app.sub_title == "ann: message 1 of 3, paused"
        await pilot.pause(0.2)  # 6 keys at this speed
        assert course(pilot).keys(0) == 0
        await pilot.press("enter")
        assert (app.sub_title, course(pilot).keys(0)) == ("ann: message 2 of 3, paused", 16)
        await pilot.press("minus", "space")
        assert app.sub_title == "ann: message 2 of 3, 16 keys a second"
        await until(pilot, lambda: course(pilot).keys(0) > 16)

    drive(how)


def test_preparing_shows_how_far_it_is_and_stops_when_the_person_leaves() -> None:
    stopped, go_on = threading.Event(), threading.Event()

    def prepare(tell: Tell) -> Replay:
        tell("learning from 30 messages", 1, 10)
        assert go_on.wait(20)
        try:
            for step in range(2, 2000):
                tell("learning from 30 messages", step, 2000)
                time.sleep(0.01)
        except Exception:
            stopped.set()
            raise
        return replay()

    async def how(pilot: Pilot[Exception]) -> None:
        await until(pilot, lambda: str(pilot.app.query_one("#what", Label).content) == "learning from 30 messages")
        await pilot.press("space", "enter", "plus")
        await pilot.press("q")
        go_on.set()

    assert drive(how, prepare) is None
    assert stopped.wait(5)


@pytest.mark.parametrize("error", [ValueError("the run has not ended"), OSError(28, "No space left on device")])
def test_what_keeps_it_from_preparing_ends_it(error: Exception) -> None:
    def prepare(tell: Tell) -> Replay:
        raise error

    async def how(pilot: Pilot[Exception]) -> None:
        await until(pilot, lambda: pilot.app.return_value is not None)

    assert drive(how, prepare) is error
