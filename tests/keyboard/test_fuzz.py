"""Thousands of keys, pastes and resizes: no exception, no text lost, nothing out of order."""

from __future__ import annotations

import asyncio
import random

from textual import events
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Static

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.composer import Habits
from nextword.keyboard.data import DataScreen
from nextword.keyboard.writing import Writing
from tests.keyboard.driving import Fake, settled, use

STRANGE = [
    "é",
    "e\u0301",
    "\u0634",
    "\u05d0",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "你",
    "\u200b",
    "[b]",
    "\t",
    "\x1b[31m",
]
NOTHING = Habits(auto_space=False, auto_capital=False, autocorrect=False)
ACTIONS = [
    *("tab", "escape", "up", "down", "left", "right", "home", "end", "delete", "ctrl+w", "ctrl+z", "ctrl+y", "ctrl+a"),
    *(f"f{number}" for number in range(1, 13)),
    *("shift+left", "ctrl+left", "ctrl+x", "ctrl+v", "ctrl+b", "ctrl+o", "shift+tab"),
]  # fmt: skip


def key(name: str) -> events.Key:
    character = {"space": " ", "enter": "\r"}.get(name, name if len(name) == 1 else None)
    return events.Key(name, character)


async def worked_off(app: App[None]) -> None:
    """Until all keys pressed are worked off."""
    assert isinstance(app, KeyboardApp)
    for pump in (app, app.writing):
        done = asyncio.Event()
        pump.call_later(done.set)
        while not done.is_set():
            assert app.is_running, "the keyboard has crashed"  # or its answer would be awaited for ever
            await asyncio.sleep(0.001)


def test_what_is_typed_is_what_is_sent_however_fast() -> None:
    rng = random.Random(0)

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        expected, written = [], ""
        for number in range(5000):
            what = rng.choices(["letter", "space", "enter", "backspace", "newline", "paste"], [60, 15, 4, 8, 2, 2])[0]
            if what == "paste":
                pasted = "".join(rng.choices([*STRANGE, "word ", "a\nb"], k=rng.randrange(1, 6)))
                pilot.app.post_message(events.Paste(pasted))
                written += pasted
            elif what == "letter":
                letter = rng.choice("abcdefghijklmnopqrstuvwxyz'.,!?")
                pilot.app.post_message(key(letter))
                written += letter
            elif what == "backspace" and written[-1:].isascii():
                pilot.app.post_message(key("backspace"))
                written = written[:-1]
            elif what == "enter":
                pilot.app.post_message(key("enter"))
                if written.strip():
                    expected.append(written.strip())
                    written = ""
            elif what in ("space", "newline"):
                pilot.app.post_message(key("space" if what == "space" else "ctrl+j"))
                written += " " if what == "space" else "\n"
            if number % 500 == 0:
                await pilot.pause()
        await worked_off(pilot.app)
        await settled(pilot)
        assert fake.sent == expected
        assert pilot.app.query_one(Writing).text == written

    use(how, habits=NOTHING)


def test_any_keys_leave_the_keyboard_working() -> None:
    rng = random.Random(0)

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        fake.go_on.set()
        for _ in range(5000):
            what = rng.random()
            if what < 0.6:
                app.post_message(key(rng.choice("abcst. '")))
            elif what < 0.7:
                app.post_message(key(rng.choice(["enter", "space", "backspace", "ctrl+j"])))
            elif what < 0.97:
                app.post_message(key(rng.choice(ACTIONS)))
            elif what < 0.98:
                app.post_message(events.Paste("".join(rng.choices(STRANGE, k=9))))
            elif what < 0.99:
                size = Size(rng.randrange(5, 150), rng.randrange(3, 60))
                app.post_message(events.Resize(size, size))
            else:
                await pilot.pause()
                if rng.random() < 0.5 and (screen := app._data_screen) is not None:
                    screen.post_message(DataScreen.Erase())
        await worked_off(app)
        while len(app.screen_stack) > 1:
            await app.pop_screen()
        await settled(pilot)
        bubbles = app.query(".sent").results(Static)
        kept = [str(bubble.content) for bubble in bubbles if not bubble.has_class("incognito")]
        assert kept == [text.expandtabs(1) for text in (*fake.messages, *fake.sent)]
        assert fake.erased
        app.writing.begin_anew()
        if app.writing.incognito:
            app.writing.turn_incognito()
        app.writing.focus()
        for name in ("h", "i", "enter"):
            app.post_message(key(name))
        await worked_off(app)
        await settled(pilot)
        assert fake.sent[-1].lower() == "hi"

    use(how)


def test_a_pasted_megabyte_is_sent_whole() -> None:
    pasted = "many words in lines\n" * 50_000 + "end"

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        pilot.app.post_message(events.Paste(pasted))
        for name in ("space", "b", "enter"):
            pilot.app.post_message(key(name))
        await settled(pilot)
        assert fake.sent == [pasted + " b"]

    use(how)
