"""The screen of one's data: in, out, and gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.data import DataScreen
from nextword.keyboard.settings import KeyboardSettings
from nextword.keyboard.training import TrainingLine
from nextword.keyboard.writing import Writing
from tests.keyboard.driving import Fake, bar, notes, press, settled, shown, text, trained, use

FILES = {"mine.txt": {"": 3}, "chat.txt": {"Ann [x]": 5, "Ben": 1}, "alone.txt": {"Ann": 2}}


async def enter(pilot: Pilot[None], field: str, value: str) -> None:
    """Write in a field and press Enter."""
    found = pilot.app.screen.query_one(f"#{field}", Input)
    found.focus()
    await pilot.pause()
    found.value = value
    await press(pilot, "enter")


def kept(pilot: Pilot[None]) -> str:
    """What the screen says is kept."""
    assert isinstance(pilot.app.screen, DataScreen)
    return kept_by(pilot.app.screen)


def kept_by(screen: DataScreen) -> str:
    return str(screen.box.border_subtitle)


def test_a_text_is_learned_from_and_told() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o")
        assert kept(pilot) == "me: 1 message kept"
        await press(pilot, "mine.txt", "enter")
        assert fake.learned == [("mine.txt", "")]
        assert kept(pilot) == "me: 4 messages kept"
        assert notes(pilot) == ["3 messages learned from mine.txt"]
        assert pilot.app.screen.query_one("#learn", Input).value == ""
        await press(pilot, "mine.txt", "enter")
        assert notes(pilot)[1:] == ["mine.txt was learned before; nothing new"]
        await press(pilot, "escape", "hi")
        assert text(pilot) == "hi|"

    use(how, Fake(files=FILES))


def test_one_message_is_one() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o", "mine.txt", "enter")
        assert notes(pilot) == ["1 message learned from mine.txt"]

    use(how, Fake(files={"mine.txt": {"": 1}}))


def test_of_a_chat_the_person_says_who_they_are() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o", "chat.txt", "enter")
        options = pilot.app.screen.query_one(OptionList)
        assert options.display
        assert [str(options.get_option_at_index(at).prompt) for at in range(2)] == [
            "Ann [x]: 5 messages",
            "Ben: 1 message",
        ]
        assert fake.learned == []
        assert isinstance(pilot.app.screen, DataScreen)
        assert set(pilot.app.screen._written) == {"Ann [x]", "Ben"}
        await press(pilot, "escape")  # not one of these after all
        assert isinstance(pilot.app.screen, DataScreen)
        assert pilot.app.screen._written == {}  # others' messages are kept no longer than asked
        await press(pilot, "enter", "down", "enter")
        assert fake.learned == [("chat.txt", "Ben")]
        assert not options.display
        await enter(pilot, "learn", "alone.txt")  # one name may be somebody else's
        assert fake.learned == [("chat.txt", "Ben")]
        await press(pilot, "enter")
        assert fake.learned[1:] == [("alone.txt", "Ann")]
        assert fake.read_files == ["chat.txt", "chat.txt", "alone.txt"]  # once each time that it was written

    use(how, Fake(files=FILES))


def test_what_fails_is_one_line_and_what_was_written_stays() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o", "nowhere[x]", "enter")
        assert notes(pilot) == ["nowhere[x]: No such file or directory"]
        assert pilot.app.screen.query_one("#learn", Input).value == "nowhere[x]"
        await enter(pilot, "export", "out.jsonl")
        assert fake.exported == ["out.jsonl"]
        assert "out.jsonl" in notes(pilot)[-1]
        await enter(pilot, "export", "out.jsonl")
        assert notes(pilot)[-1] == "out.jsonl: File exists"
        await enter(pilot, "export", "  ")
        assert fake.exported == ["out.jsonl"]

    use(how)


@dataclass
class Slow(Fake):
    """Learns, and deletes everything, once it is let."""

    let: dict[str, threading.Event] = field(
        default_factory=lambda: {"learn": threading.Event(), "erase": threading.Event()}
    )

    def learn(self, messages: Sequence[str]) -> tuple[int, int]:
        assert self.let["learn"].wait(20)
        return super().learn(messages)

    def erase(self) -> None:
        assert self.let["erase"].wait(20)
        super().erase()


def test_enter_pressed_again_meanwhile_learns_once() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        assert isinstance(fake, Slow)
        await pilot.press("ctrl+o", *"mine.txt", "enter", "enter", "enter")
        await pilot.press("backspace")  # something else is being written
        fake.let["learn"].set()
        await settled(pilot)
        assert fake.learned == [("mine.txt", "")]
        learn = pilot.app.screen.query_one("#learn", Input)
        assert learn.value == "mine.tx"
        await press(pilot, "enter")  # is not there
        await press(pilot, "t", "enter")
        assert fake.learned == [("mine.txt", "")] * 2
        assert learn.value == ""

    use(how, Slow(files=FILES))


def test_an_answer_to_something_else_does_not_end_the_deleting() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert isinstance(fake, Slow)
        await pilot.press("ctrl+o", *"mine.txt", "enter")
        app.screen.query_one("#erase", Input).focus()
        await pilot.press("m", "e", "enter")
        fake.let["learn"].set()
        while not notes(pilot):
            await pilot.pause(0.01)
        await pilot.press("enter", "escape")
        assert isinstance(app.screen, DataScreen)  # or something might be written that is about to go
        fake.let["erase"].set()
        await settled(pilot)
        assert (fake.erased, fake.messages) == (1, [])
        assert not isinstance(app.screen, DataScreen)

    use(how, Slow(files=FILES))


def test_after_enough_messages_of_a_file_a_training_begins() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o", "mine.txt", "enter")
        assert pilot.app.query_one(TrainingLine).goes_on
        fake.go_on.set()
        await trained(pilot)

    use(how, Fake(files=FILES), settings=KeyboardSettings().with_settings(["learning.train-after=3"]))


def test_after_everything_is_deleted_the_keyboard_is_a_new_one() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        await press(pilot, "one", "enter", "f9", "unkept", "enter", "f9", "draft", "f6", "ctrl+o")
        app._keep_state()
        await settled(pilot)
        assert fake.state["draft"] == "draft"
        for wrong in ("", "you", "ME"):
            await enter(pilot, "erase", wrong)
            assert fake.erased == 0
        assert notes(pilot) == ["to delete everything, type me and press Enter"] * 2
        await enter(pilot, "erase", "me")
        fake.go_on.set()
        await trained(pilot)
        assert (fake.erased, fake.messages, fake.sent) == (1, [], [])
        assert not isinstance(app.screen, DataScreen)
        assert (shown(pilot), text(pilot), bar(pilot)) == ([], "|", ["the", "you", "then"])
        assert (app._meter.tally.messages, app._meter._keys) == (0, 0)
        assert not app.training.goes_on
        assert notes(pilot)[2:] == ["all that was kept is deleted"]
        await press(pilot, "ctrl+z", "hi", "enter")
        assert (shown(pilot), fake.sent) == (["hi"], ["hi"])
        fake.go_on.clear()
        await press(pilot, "f6")  # the stop was for the training of before
        fake.go_on.set()
        await trained(pilot)
        assert "It is used from now on" in notes(pilot)[-1]

    fake = use(how)
    assert "draft" not in str({key: value for key, value in fake.state.items() if key != "draft"})
    assert fake.state["draft"] == ""
    assert fake.state["tally"]["messages"] == 1


@dataclass
class Waiting(Fake):
    """Deletes everything once it is let."""

    let: threading.Event = field(default_factory=threading.Event)

    def erase(self) -> None:
        assert self.let.wait(20)
        super().erase()


def test_nothing_is_kept_of_the_screen_while_everything_is_being_deleted() -> None:
    fake = Waiting(gate=threading.Event())  # so that nobody waits for the thread

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert isinstance(fake, Waiting)
        assert fake.gate is not None
        fake.gate.set()
        await press(pilot, "draft", "ctrl+o")
        await enter(pilot, "erase", "me")
        app._keep_state()
        await press(pilot, "escape")
        assert isinstance(app.screen, DataScreen)  # or something might be written that is about to go
        fake.let.set()
        fake.gate = None
        await settled(pilot)
        assert fake.erased == 1
        assert text(pilot) == "|"

    use(how, fake)
    assert fake.state.get("draft", "") == ""


def test_what_is_done_under_the_palette_is_done_all_the_same() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert isinstance(fake, Waiting)
        await pilot.press("ctrl+o")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, DataScreen)
        screen.post_message(DataScreen.Erase())
        app.action_command_palette()
        await pilot.pause()
        assert app.screen is not screen
        fake.let.set()
        await settled(pilot)
        assert (fake.erased, shown(pilot), kept_by(screen)) == (1, [], "me: 0 messages kept")
        app.action_data()  # is open
        await press(pilot, "escape")
        assert app.screen is screen
        await press(pilot, "escape", "hi", "enter")
        assert fake.sent == ["hi"]

    use(how, Waiting())


def test_what_cannot_be_deleted_is_told_and_nothing_is_lost() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "draft", "ctrl+o")
        await enter(pilot, "erase", "me")
        assert notes(pilot) == ["/events.jsonl: Permission denied"]
        await press(pilot, "escape")
        assert (text(pilot), shown(pilot)) == ("draft|", ["hello there"])
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        app._keep_state()
        await settled(pilot)
        assert fake.state["draft"] == "draft"

    use(how, Fake(broken=True))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_whether_all_is_deleted_is_told_also_after_the_keyboard_was_left(broken: bool, late: bool) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert isinstance(fake, Waiting)
        apps.append(app)
        if not late:
            fake.let.set()
        await pilot.press("ctrl+o", "tab", "tab", "m", "e", "enter", "ctrl+q")
        threading.Timer(0.2, fake.let.set).start()

    apps: list[KeyboardApp] = []
    fake = use(how, Waiting(broken=broken))
    assert fake.erased == (0 if broken else 1)
    assert apps[0].untold == (["/events.jsonl: Permission denied"] if broken else [])


def test_what_was_shown_long_enough_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        apps.append(app)
        await press(pilot, "hello", "enter", "ctrl+o", "nowhere", "enter")
        await enter(pilot, "erase", "me")
        fake.broken = False
        for _ in range(1000):
            if app.untold:
                await pilot.pause(0.01)

    apps: list[KeyboardApp] = []
    monkeypatch.setattr("nextword.keyboard.desk.SHOWN_S", 0.1)
    use(how, Fake(broken=True))
    assert apps[0].untold == []


def test_it_is_among_the_commands_and_its_key_can_be_another() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert "Your data" in [command.title for command in app.get_system_commands(app.screen)]
        await press(pilot, "f11")
        assert isinstance(app.screen, DataScreen)

    use(how, settings=KeyboardSettings().with_settings(["keys.data=f11"]))


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_every_field_can_be_reached_at_every_size(size: tuple[int, int]) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "ctrl+o")
        reached = []
        for _ in range(3):
            focused = pilot.app.focused
            assert focused is not None
            assert not isinstance(focused, Writing)
            assert focused.region.bottom <= size[1]
            reached.append(focused.id)
            await press(pilot, "tab")
        assert reached == ["learn", "export", "erase"]

    use(how, size=size)
