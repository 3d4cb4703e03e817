"""The keyboard's screen, driven as a person would."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import HelpPanel, Static

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.bar import WordBar
from nextword.keyboard.composer import Habits, begun
from nextword.keyboard.parts import Known, Leaving, Shares, Trained
from nextword.keyboard.settings import KeyboardSettings
from nextword.keyboard.training import TrainingLine
from nextword.keyboard.writing import Writing
from nextword.metrics import SLOTS

WORDS = ["you", "the", "then", "station", "see", "tomorrow"]
Use = Callable[[Pilot[None], "Fake"], Awaitable[None]]


@dataclass(frozen=True)
class Word:
    word: str
    probability: float = 0.5
    source: str = "shared"


@dataclass
class Fake:
    """A keyboard that knows six words."""

    name: str = "me"
    messages: Sequence[str] = ("hello there",)
    sent: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    gate: threading.Event | None = None  # answers wait for it
    broken: bool = False
    state: dict[str, Any] = field(default_factory=dict)
    known: list[Known] = field(default_factory=lambda: [Known("damn", 0.0, True), Known("Zoque", 3.0, False)])
    changes: list[tuple[str, str]] = field(default_factory=list)
    untrained: int = 0
    steps: int = 3  # of a training
    undone: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)  # for which a training waits after its first step

    def suggest(self, context: str, typed: str) -> list[Word]:
        self.asked.append((context, typed))
        if self.gate is not None:
            assert self.gate.wait(20)
        return [Word(word) for word in WORDS if word.startswith(typed.lower()) and word not in self.blocked][:3]

    def letters(self, context: str, typed: str) -> dict[str, float]:
        fits = [word[len(typed)] for word in WORDS if word.startswith(typed.lower()) and word != typed.lower()]
        return {letter: fits.count(letter) / len(fits) for letter in fits}

    def send(self, text: str) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        self.sent.append(text)
        self.untrained += 1

    def words(self, beginning: str, most: int) -> list[Known]:
        return [word for word in self.known if word.word.lower().startswith(beginning)]

    def unblock(self, word: str) -> None:
        self.changes.append(("unblock", word))

    def forget(self, word: str) -> None:
        self.changes.append(("forget", word))
        self.known = [other for other in self.known if other.word != word]

    def write(self, form: str) -> None:
        self.changes.append(("write", form))

    def leaving(self) -> Leaving:
        return Leaving([("changes of 1,000 weights", 4000)], [("3 messages", 120)])

    def read_state(self) -> dict[str, Any]:
        return self.state

    def write_state(self, state: Mapping[str, Any]) -> None:
        self.state = json.loads(json.dumps(state))

    def block(self, word: str) -> None:
        self.blocked.append(word)

    def train(self, progress: Callable[[int, int], None]) -> Trained:
        if self.broken:
            raise ValueError("training takes 30 messages or more; there are 0 yet")
        for step in range(1, self.steps + 1):
            progress(step, self.steps)
            assert self.go_on.wait(20)
        return Trained(True, Shares(0.1, 0.3), Shares(0.25, 0.4))

    def undo_training(self) -> None:
        if self.undone:
            raise ValueError("there is no training to undo")
        self.undone += 1


def use(
    how: Use,
    fake: Fake | None = None,
    habits: Habits | None = None,
    size: tuple[int, int] = (80, 24),
    settings: KeyboardSettings | None = None,
) -> Fake:
    """Run the app, and let `how` use it."""
    fake = fake or Fake()
    settings = settings or KeyboardSettings(typing=habits or Habits(auto_capital=False))

    async def run() -> None:
        async with KeyboardApp(fake, settings).run_test(size=size) as pilot:
            await settled(pilot)
            await how(pilot, fake)

    asyncio.run(run())
    return fake


async def settled(pilot: Pilot[None]) -> None:
    """Until all that was asked is answered and shown."""
    app = pilot.app
    assert isinstance(app, KeyboardApp)
    for _ in range(3):
        await pilot.pause()
        if app.keyboard.gate is None:  # type: ignore[attr-defined]
            await asyncio.wrap_future(app._worker.submit(lambda: None))
    await pilot.pause()


async def trained(pilot: Pilot[None]) -> None:
    """Until no training goes on."""
    app = pilot.app
    assert isinstance(app, KeyboardApp)
    await asyncio.wrap_future(app.query_one(TrainingLine)._thread.submit(lambda: None))
    await settled(pilot)


def notes(pilot: Pilot[None]) -> list[str]:
    return [note.message for note in pilot.app._notifications]


def text(pilot: Pilot[None]) -> str:
    writing = pilot.app.query_one(Writing)
    return f"{writing.text[: writing.cursor]}|{writing.text[writing.cursor :]}"


def bar(pilot: Pilot[None]) -> list[str | None]:
    return [slot.word for slot in pilot.app.query_one(WordBar).slots[:SLOTS]]


def shown(pilot: Pilot[None]) -> list[str]:
    return [str(bubble.content) for bubble in pilot.app.query(".sent").results(Static)]


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(*([key] if len(key) > 1 and key.isascii() and key in KEYS else list(key)))
        await settled(pilot)


KEYS = {"tab", "enter", "backspace", "escape", "left", "right", "up", "down", "space", "home", "end"} | {
    "f1", "f2", "f3", "f4", "f6", "f8", "f9", "ctrl+j", "ctrl+q",
}  # fmt: skip


def test_a_message_is_written_by_tab_and_sent_by_enter() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        assert shown(pilot) == ["hello there"]
        assert bar(pilot) == ["the", "you", "then"]
        await press(pilot, "s")
        assert bar(pilot) == ["s", "station", "see"]
        assert pilot.app.query_one(Writing).suggestion == "tation"
        await press(pilot, "tab")
        assert text(pilot) == "station |"
        await press(pilot, "tab", ".")
        assert text(pilot) == "station you. |"
        await press(pilot, "enter")
        assert text(pilot) == "|"
        assert shown(pilot) == ["hello there", "station you."]
        assert fake.sent == ["station you."]
        assert fake.asked[-1] == ("", "")

    use(how)


def test_any_slot_can_be_taken_by_key_mouse_or_arrows() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f2")
        assert text(pilot) == "the |"
        await press(pilot, "t", "f4")
        assert text(pilot) == "the then |"
        await press(pilot, "t", "down", "tab")
        assert text(pilot) == "the then then |"
        await press(pilot, "t", "up", "tab")
        assert text(pilot) == "the then then t |"  # as typed
        await pilot.click("#slot-1")
        await settled(pilot)
        assert text(pilot) == "the then then t you |"
        await press(pilot, "s", "right")
        assert text(pilot) == "the then then t you station |"

    use(how)


def test_escape_clears_the_bar_until_the_next_key() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "s", "escape")
        assert bar(pilot) == [None] * 3
        assert pilot.app.query_one(Writing).suggestion == ""
        await press(pilot, "tab")
        assert text(pilot) == "s|"
        await press(pilot, "e")
        assert bar(pilot)[1] == "see"

    use(how)


def test_a_stale_answer_is_dropped() -> None:
    fake = Fake(gate=threading.Event())

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await pilot.press(*"se")
        assert bar(pilot) == [None] * 3  # typing never waits
        assert text(pilot) == "se|"
        assert fake.gate is not None
        fake.gate.set()
        fake.gate = None
        await settled(pilot)
        assert bar(pilot) == ["se", "see", None]
        assert [asked for asked in fake.asked if asked[1] == "s"] == []  # overtaken before its turn

    use(how, fake)


def test_incognito_keeps_nothing() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f9", "secret", "enter")
        assert fake.sent == []
        assert "incognito" in pilot.app.sub_title
        assert shown(pilot)[-1] == "secret"
        await press(pilot, "f9", "open", "enter")
        assert fake.sent == ["open"]
        assert "incognito" not in pilot.app.sub_title

    use(how)


def test_help_comes_and_goes() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f1")
        assert pilot.app.screen.query(HelpPanel)
        await press(pilot, "s", "tab", "f1")
        assert not pilot.app.screen.query(HelpPanel)
        assert text(pilot) == "station |"

    use(how)


def test_a_word_is_not_offered_again() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f8")
        assert fake.blocked == ["you"]
        assert bar(pilot) == ["then", "the", "station"]

    use(how)


def test_what_cannot_be_kept_is_told_and_typing_goes_on() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "hello", "enter")
        assert any("No space left" in note.message for note in pilot.app._notifications)
        fake.broken = False
        await press(pilot, "again", "enter")
        assert fake.sent == ["again"]

    use(how, Fake(broken=True))


def test_lines_pastes_and_strange_text_stay_whole() -> None:
    strange = (
        "e\u0301\U0001f469\u200d\U0001f469\u200d\U0001f467 \u0634\u0643\u0631\u0627 \x1b[31m[bold]x[/] " + "a" * 300
    )

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "one", "ctrl+j", "two", "ctrl+j")
        assert text(pilot) == "one\ntwo\n|"
        pilot.app.post_message(Paste(strange))
        await settled(pilot)
        assert pilot.app.query_one(Writing).text == "one\ntwo\n" + strange
        await press(pilot, "!", "enter")
        assert fake.sent == ["one\ntwo\n" + strange + "!"]
        assert shown(pilot)[-1] == fake.sent[0]

    use(how)


def test_typing_in_the_middle_leaves_the_rest_alone() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "see now", *["left"] * 3, "th")
        assert text(pilot) == "see th|now"
        assert pilot.app.query_one(Writing).suggestion == ""  # it would cover what follows
        assert fake.asked[-1] == ("see ", "th")
        await press(pilot, "tab")
        assert text(pilot) == "see the |"

    use(how)


def test_a_training_is_shown_told_and_does_not_stop_typing() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        line = pilot.app.query_one(TrainingLine)
        assert not line.display
        await press(pilot, "f6")
        assert line.display
        await press(pilot, "hello", "enter")
        assert fake.sent == ["hello"]
        fake.go_on.set()
        await trained(pilot)
        assert not line.display
        assert "first guesses 10.0 to 25.0 %, keys saved 30.0 to 40.0 %" in notes(pilot)[-1]

    use(how)


def test_a_training_is_stopped_by_the_key_that_began_it() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f6")
        await press(pilot, "f6")
        fake.go_on.set()
        await trained(pilot)
        assert not pilot.app.query_one(TrainingLine).display
        assert notes(pilot) == []

    use(how)


def test_leaving_stops_a_training() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f6")
        threading.Timer(0.2, fake.go_on.set).start()

    use(how, Fake(steps=10**9))


def test_what_cannot_be_trained_or_undone_is_told() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f6")
        await trained(pilot)
        assert "30 messages or more" in notes(pilot)[-1]
        assert not pilot.app.query_one(TrainingLine).display
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        for said in ("the last training is undone", "no training to undo"):
            app.action_undo_training()
            await settled(pilot)
            assert said in notes(pilot)[-1]
        assert "Undo the last training" in [command.title for command in app.get_system_commands(app.screen)]

    use(how, Fake(broken=True))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_every_size_shows_what_is_written(size: tuple[int, int]) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "hello")
        for part in (Writing, WordBar):
            region = pilot.app.query_one(part).region
            assert region.width == size[0]
            assert 0 <= region.y < region.bottom <= size[1]

    use(how, size=size)


def test_corrections_are_made_where_they_are_wanted() -> None:
    class Slips(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            return [Word("the")] if typed == "teh" else super().suggest(context, typed)

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "teh", "space")
        assert text(pilot) == "the |"
        await press(pilot, "backspace")
        assert text(pilot) == "teh|"

    use(how, Slips(), Habits(auto_capital=False, autocorrect=True))
    assert begun("teh") == "teh"


class Slow(Fake):
    """Answers after a while."""

    def suggest(self, context: str, typed: str) -> list[Word]:
        time.sleep(0.2)
        return super().suggest(context, typed)

    def undo_training(self) -> None:
        time.sleep(0.2)
        super().undo_training()


def test_what_was_sent_is_kept_though_the_keyboard_is_left_at_once() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await pilot.press(*"hello", "enter")

    assert use(how, Slow()).sent == ["hello"]


def test_leaving_while_something_is_done_does_not_hang() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        app.action_undo_training()

    assert use(how, Slow()).undone == 1


def test_a_correction_is_for_the_letters_that_it_was_found_for() -> None:
    class Slips(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            if typed == "teh":
                return [Word("the")]
            time.sleep(0.1)
            return []

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "teh")
        await pilot.press(*"ran", "space")
        assert text(pilot) == "tehran |"
        await settled(pilot)
        await press(pilot, "teh", "escape", "space")
        assert text(pilot) == "tehran teh |"

    use(how, Slips(), Habits(auto_capital=False, autocorrect=True))


def test_brackets_in_an_error_are_only_brackets() -> None:
    class Odd(Fake):
        def send(self, text: str) -> None:
            raise OSError("/home/a[/b]: full")

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "hello", "enter")
        assert notes(pilot)[-1] == "/home/a[/b]: full"

    use(how, Odd())


def test_a_message_is_incognito_as_it_was_when_enter_was_pressed() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f9", "secret")
        writing, app = pilot.app.query_one(Writing), pilot.app
        assert isinstance(app, KeyboardApp)
        writing.action_send()
        app.action_incognito()
        await settled(pilot)
        assert fake.sent == []

    use(how)


def test_a_crash_tells_where_but_not_what_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = KeyboardApp(Fake())

    def broken(*_: object) -> None:
        hidden = app.query_one(Writing).text
        raise RuntimeError(f"a bug, {len(hidden)}")

    async def run() -> None:
        async with app.run_test() as pilot:
            await press(pilot, "zoque")
            monkeypatch.setattr(WordBar, "show", broken)
            await press(pilot, "s")

    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(run())
    crash = capsys.readouterr().err
    assert "RuntimeError: a bug" in crash
    assert "zoque" not in crash.lower()
