"""Every screen and state, as a picture. After a change that is meant: pytest tests/snapshots --snapshot-update."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.composer import Habits
from nextword.keyboard.settings import KeyboardSettings
from nextword.keyboard.state import State
from nextword.keyboard.tally import Tally
from nextword.keyboard.training import TrainingLine
from personalization.learner import Learner
from personalization.profile import Profile
from scripts.type import PersonKeyboard
from tests.keyboard.driving import Fake, press, settled, trained

TALLY = Tally(messages=12, characters=480, keys=300, words=96, offered=60, typing_s=160.0)
TALLY.taken.update({1: 31, 2: 8})
TALLY.sources.update({"shared": 24, "own": 15})


@pytest.mark.parametrize(
    ("name", "keys", "size"),
    [
        ("empty", [], (80, 24)),
        ("a word begun", ["see you at the st"], (80, 24)),
        ("an emoji", ["pizza"], (80, 24)),
        ("a message sent", ["see you", "tab", "enter"], (80, 24)),
        ("incognito", ["f9", "secret"], (80, 24)),
        ("insight", ["f7", "see you at the st"], (100, 36)),
        ("help", ["f1"], (110, 30)),
        ("words", ["f10"], (80, 24)),
        ("a word written otherwise", ["f10", "zo", "enter"], (80, 24)),
        ("without keys", ["f12", "see"], (80, 24)),
        ("low", ["see you"], (60, 12)),
        ("wide", ["see you at the st"], (160, 40)),
        ("a word hidden", ["f8"], (80, 24)),
        ("your data", ["ctrl+o"], (80, 24)),
        ("which name is yours", ["ctrl+o", "chat.txt", "enter"], (80, 24)),
        ("your data where it is low", ["ctrl+o"], (60, 12)),
        ("a file that is not there", ["ctrl+o", "nowhere.txt", "enter"], (80, 24)),
        ("deleting said once", ["ctrl+o", "tab", "tab", "you", "enter"], (80, 24)),
        ("everything deleted", ["see you", "ctrl+o", "tab", "tab", "me", "enter"], (80, 24)),
    ],
)
def test_screen(name: str, keys: list[str], size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    fake = Fake(
        messages=["hello there", "the train is late again"],
        state=State(tally=TALLY).to_json(),
        files={"chat.txt": {"Ann": 120, "Ben Two": 1}},
    )
    app = KeyboardApp(fake, PLAIN)

    async def before(pilot: Pilot[None]) -> None:
        await _still(pilot)
        await press(pilot, *keys)
        app.keys._darken()
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_a_training_told(snap_compare: Callable[..., bool]) -> None:
    fake = Fake()
    app = KeyboardApp(fake, PLAIN)

    async def before(pilot: Pilot[None]) -> None:
        await _still(pilot)
        fake.go_on.set()
        await press(pilot, "f6")
        await trained(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_what_cannot_be_kept(snap_compare: Callable[..., bool]) -> None:
    app = KeyboardApp(Fake(broken=True), PLAIN)

    async def before(pilot: Pilot[None]) -> None:
        await _still(pilot)
        await press(pilot, "hello", "enter")

    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


PLAIN = KeyboardSettings(typing=Habits(auto_capital=False))


async def _still(pilot: Pilot[None]) -> None:
    """Nothing on it moves by itself."""
    app = pilot.app
    assert isinstance(app, KeyboardApp)
    app.writing.cursor_blink = False
    assert not app.query_one(TrainingLine).display
    await settled(pilot)


def test_the_picture_of_the_readme(snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    """The real keyboard, of somebody who has sent a few messages and writes on, a key every quarter of a second."""
    with Profile(tmp_path / "ada") as profile:
        profile.add(["Meet you at Zoque at eight", "Zoque is closed, sorry", "see you at the station tomorrow"] * 3)
        app = KeyboardApp(PersonKeyboard("ada", Learner(profile)))
        app.writing._clock = count(0, 0.25).__next__

        async def before(pilot: Pilot[None]) -> None:
            await _still(pilot)
            await press(pilot, "f7", "i am on m", "tab", "w", "tab", "to", "tab", "zo", "tab", ".", "enter")
            await press(pilot, "see", "tab", "y", "tab", "at", "tab", "t", "tab", "s")
            app.keys._darken()
            await settled(pilot)

        assert snap_compare(app, terminal_size=(100, 30), run_before=before)
