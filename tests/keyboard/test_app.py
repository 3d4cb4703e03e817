"""The keyboard's screen, driven as a person would."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from rich.cells import cell_len
from textual.events import Key, Paste
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Footer, HelpPanel
from textual.widgets._footer import FooterKey

from nextword.keyboard import keys as keys_on_screen
from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.bar import WordBar
from nextword.keyboard.composer import Habits, begun
from nextword.keyboard.data import DataScreen
from nextword.keyboard.keys import Keys
from nextword.keyboard.settings import KeyboardSettings, Learning
from nextword.keyboard.training import TrainingLine
from nextword.keyboard.writing import Writing
from tests.keyboard.driving import Fake, Word, bar, notes, press, settled, shown, text, trained, use


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
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert notes(pilot) == ["No space left on device"]
        assert (text(pilot), shown(pilot), app._meter.tally.messages) == ("hello|", ["hello there"], 0)
        fake.broken = False
        await press(pilot, " again", "enter")
        assert (text(pilot), shown(pilot)[1:], fake.sent) == ("|", ["hello again"], ["hello again"])
        assert (app._meter.tally.messages, app._meter.tally.keys) == (1, 11)

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
        lines.append(pilot.app.query_one(TrainingLine))

    lines: list[TrainingLine] = []
    use(how, Fake(steps=10**9))
    assert lines[0]._thread._shutdown


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


def test_what_fails_twice_is_told_twice_and_typing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        for _ in range(2):
            await press(pilot, "f6")
            await trained(pilot)
        assert len(app.untold) == 2
        for _ in range(1000):
            if app.untold:
                await pilot.pause(0.01)
        assert app.untold == []
        await press(pilot, "see")
        assert text(pilot) == "see|"

    monkeypatch.setattr("nextword.keyboard.desk.SHOWN_S", 1.0)
    use(how, Fake(broken=True))


def test_what_the_keyboard_does_without_is_told_once() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert notes(pilot) == ["n-grams[x]: damaged"]
        await press(pilot, "see you", "enter", "f8")
        assert notes(pilot)[1:] == ["you will not be offered again"]
        fake.trouble = "others: damaged"  # as of an earlier training
        app.action_undo_training()
        await settled(pilot)
        assert notes(pilot)[2:] == ["the last training is undone", "others: damaged"]

    assert use(how, Fake(trouble="n-grams[x]: damaged")).sent == ["see you"]


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_every_size_shows_what_is_written(size: tuple[int, int]) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "hello")
        for part in (Writing, WordBar):
            region = pilot.app.query_one(part).region
            assert region.width == size[0]
            assert 0 <= region.y < region.bottom <= size[1]

    use(how, size=size)


@pytest.mark.parametrize("keys", [[], ["f10"], ["f10", "down"], ["ctrl+o"]])
def test_eighty_columns_hold_all_keys_that_a_screen_names(keys: list[str]) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, *keys)
        footer = pilot.app.screen.query_one(Footer)
        named = sorted((key.region for key in footer.query(FooterKey)), key=lambda region: region.x)
        assert named
        for region, behind in pairwise([*named, Region(footer.region.right, 0, 0, 0)]):
            assert region.right <= behind.x

    use(how)


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


@pytest.mark.parametrize(
    ("typed", "best", "probability"),
    [("teh", "the", 0.49), ("ppl", "please", 0.9), ("gf", "green", 0.9), ("f\u00fcr", "for", 0.9)],
)
def test_what_is_doubtful_or_no_single_slip_stays_as_it_was_typed(typed: str, best: str, probability: float) -> None:
    class Guesses(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            return [Word(best, probability)] if typed else []

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, typed, "space")
        assert text(pilot) == f"{typed} |"

    use(how, Guesses(), Habits(auto_capital=False, autocorrect=True))


@pytest.mark.parametrize(
    ("typed", "best", "ghost"),
    [
        ("parents'", "parent's", ""),
        ("parents\u2019", "parent's", ""),
        ("don\u2019", "don't", "t"),
        ("don\u2019t", "don't", ""),
        ("cafe\u0301", "caf\u00e9s", "s"),
        ("Cafe\u0301", "Caf\u00e9", ""),
    ],
)
def test_letters_that_are_written_otherwise_are_no_slip(typed: str, best: str, ghost: str) -> None:
    class Knows(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            return [Word(best)] if typed else []

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        for character in typed:
            app.writing.type(character)
            await settled(pilot)
        assert app.writing.suggestion == ghost
        await press(pilot, "space")
        assert text(pilot) == f"{typed} |"

    use(how, Knows(), Habits(auto_capital=False, autocorrect=True))


def test_a_word_is_taken_though_an_accent_came_faster_than_the_bar() -> None:
    class Knows(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            super().suggest(context, typed)
            return [Word("caf\u00e9")] if typed else []

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        await press(pilot, "caf")
        fake.gate = threading.Event()
        for character in "e\u0301":
            app.writing.type(character)
        await press(pilot, "tab")
        assert text(pilot) == "caf\u00e9 |"
        fake.gate.set()
        fake.gate = None

    use(how, Knows())


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


@pytest.mark.parametrize("broken", [False, True])
def test_what_was_sent_in_one_breath_with_leaving_is_kept_or_a_draft(broken: bool) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        apps.append(pilot.app)
        for key in ("h", "i", "enter", "ctrl+q"):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))

    apps: list[Any] = []
    fake = use(how, Fake(broken=broken))
    assert fake.sent == ([] if broken else ["hi"])
    assert (fake.state["draft"], fake.state["tally"]["messages"]) == (("hi", 0) if broken else ("", 1))
    assert apps[0].untold == (["No space left on device"] if broken else [])


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


def test_keys_on_the_screen_type_and_light_up_and_dim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_on_screen, "_LIT_S", 60.0)

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        keys = pilot.app.query_one(Keys)
        await press(pilot, "s")
        assert keys._kind("s") == "lit"
        assert [keys._kind(key) for key in "tex"] == ["likely", "likely", "unlikely"]
        for key in ("t", "\u232b", "e", "space", "\u21e7", "x"):
            x, y = next((x, y) for y in range(4) for x in range(80) if keys._key_at(x, y) == key)
            assert await pilot.click(Keys, offset=(x, y))
            await settled(pilot)
        assert text(pilot) == "se X|"
        assert await pilot.click(Keys, offset=next((x, 3) for x in range(80) if keys._key_at(x, 3) == "send"))
        await settled(pilot)
        assert fake.sent == ["se X"]
        await press(pilot, "f12")
        assert not keys.display

    use(how)


def test_an_emoji_is_offered_for_a_word_and_put_behind_it() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "pizza")
        assert pilot.app.query_one(WordBar).slots[3].word == "\U0001f355"
        await press(pilot, "f5", ".", "enter")
        assert fake.sent == ["pizza \U0001f355."]
        assert pilot.app.query_one(WordBar).slots[3].word is None

    use(how)


def test_the_screen_comes_back_as_it_was_left_but_for_what_was_incognito() -> None:
    async def leave(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "s", "tab", "enter", "half", "f12", "f7")

    async def come_back(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        assert text(pilot) == "half|"
        assert (app.keys.display, app.insight.display) == (False, True)
        assert app._meter.tally.messages == 1
        await press(pilot, "f9", "secret")

    fake = use(come_back, use(leave))
    assert fake.state["draft"] == ""
    assert not any("secret" in str(value) for value in fake.state.values())


class Full(Fake):
    """Keeps nothing of the screen while `broken`."""

    def write_state(self, state: Mapping[str, Any]) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        super().write_state(state)


@pytest.mark.parametrize("leaving", [False, True])
def test_a_draft_that_could_not_be_kept_is_tried_again_and_told_once(leaving: bool) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        await press(pilot, "hello")
        for _ in range(3):
            app._keep_state()
            await settled(pilot)
        assert notes(pilot) == ["No space left on device"]
        fake.broken = False
        if not leaving:
            app._keep_state()
            await settled(pilot)
            assert fake.state["draft"] == "hello"

    assert use(how, Full(broken=True)).state["draft"] == "hello"


def test_what_cannot_be_kept_on_leaving_is_told_then(monkeypatch: pytest.MonkeyPatch) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        apps.append(app)
        await press(pilot, "hello")
        app._keep_state()
        await settled(pilot)
        for _ in range(1000):
            if app.untold:
                await pilot.pause(0.01)
        assert app.untold == []

    apps: list[KeyboardApp] = []
    monkeypatch.setattr("nextword.keyboard.desk.SHOWN_S", 0.1)
    use(how, Full(broken=True))
    assert apps[0].untold == ["No space left on device"]


@pytest.mark.parametrize(
    "state", [{}, {"version": 9}, {"version": 1, "tally": {"keys": "many"}}, {"version": 1, "x": 1}]
)
def test_a_state_that_cannot_be_read_is_as_none(state: dict[str, object]) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        assert text(pilot) == "|"

    use(how, Fake(state=state))


def test_a_training_begins_by_itself_after_so_many_messages() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        line = pilot.app.query_one(TrainingLine)
        await press(pilot, "one", "enter")
        assert not line.goes_on
        await press(pilot, "two", "enter")
        assert line.goes_on
        fake.go_on.set()
        await trained(pilot)

    use(how, settings=KeyboardSettings().with_settings(["learning.train-after=2"]))


def test_keys_are_those_of_the_settings() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "s", "f3")
        assert text(pilot) == "station |"
        await press(pilot, "tab")
        assert text(pilot) == "station |"  # Tab takes nothing any more
        await press(pilot, "s")
        screen = "\n".join(str(strip.text) for strip in pilot.app.screen._compositor.render_strips())
        assert "CTRL+[ s" in screen

    names = ["keys.accept=f3", "keys.middle=f11", "keys.left=ctrl+[", "typing.auto-capital=false"]
    use(how, settings=KeyboardSettings().with_settings(names))


def test_insight_shows_what_the_bar_saved_and_what_would_leave() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f7", "s", "tab", "the", "enter")
        screen = "\n".join(str(strip.text) for strip in pilot.app.screen._compositor.render_strips())
        tally = pilot.app._meter.tally  # type: ignore[attr-defined]
        assert (tally.keys, tally.characters, tally.words, tally.taken.total()) == (5, 11, 2, 1)
        assert f"{100 * (1 - 5 / 11):.1f} %" in screen
        assert "changes of 1,000" in screen

    use(how, size=(100, 40))


def test_insight_shows_a_sure_word_in_one_line() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f7", "s")
        screen = "\n".join(str(strip.text) for strip in pilot.app.screen._compositor.render_strips())
        assert "tomorrow" + " " * 5 + "\u2588" * 10 + " 100 %" in screen

    class Sure(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            return [Word("tomorrow", 0.999), *super().suggest(context, typed)]

    use(how, Sure(), size=(100, 40))


def test_words_shown_for_another_place_are_not_taken() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "see", "tab")
        fake.gate = threading.Event()
        await pilot.press(*"xyz", "tab", "f2", "right")
        assert text(pilot) == "see xyz|"  # the bar still holds what follows "see "
        await pilot.press(*["backspace"] * 3, "t", "tab")
        assert text(pilot) == "see the |"  # which goes on with the letter typed since
        fake.gate.set()
        fake.gate = None
        await settled(pilot)

    class First(Fake):
        def suggest(self, context: str, typed: str) -> list[Word]:
            found = super().suggest(context, typed)
            return [Word("the"), *found] if context and not typed else found

    use(how, First())


def test_the_right_arrow_takes_what_the_ghost_shows_wherever_the_mark_is() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "s", "down", "right")
        assert text(pilot) == "station |"

    use(how)


def test_every_session_counts() -> None:
    async def once(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "one", "enter")

    fake = Fake()
    for sessions in range(1, 4):
        use(once, fake)
        assert fake.state["tally"]["messages"] == sessions


def test_what_was_typed_in_full_was_not_offered_in_time_and_an_emoji_is_no_word() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "zoque pizza", "f5", "the", "enter")
        tally = pilot.app._meter.tally  # type: ignore[attr-defined]
        assert (tally.words, tally.offered, tally.taken.total()) == (3, 1, 0)

    use(how)


def test_a_word_behind_a_space_at_the_beginning_was_offered_in_time() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, " see you ", "enter")
        tally = pilot.app._meter.tally  # type: ignore[attr-defined]
        assert fake.sent == ["see you"]
        assert (tally.characters, tally.words, tally.offered) == (7, 2, 2)

    use(how)


@pytest.mark.parametrize(("keys", "counted"), [(["abcdef", "ctrl+w", "ok"], 9), (["ab", "left", "delete", "c"], 5)])
def test_keys_that_delete_are_counted(keys: list[str], counted: int) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        for key in keys:
            await pilot.press(*(list(key) if key.islower() and key not in ("left", "delete", "ctrl+w") else [key]))
        await press(pilot, "enter")
        moved = sum(key == "left" for key in keys)
        assert pilot.app._meter.tally.keys == counted - moved  # type: ignore[attr-defined]

    use(how)


def test_what_was_pasted_by_key_saves_nothing() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        pilot.app.copy_to_clipboard("pasted words")
        await press(pilot, "ctrl+v", "enter")
        tally = pilot.app._meter.tally  # type: ignore[attr-defined]
        assert (tally.keys, tally.characters) == (12, 12)

    use(how)


def test_a_message_begun_incognito_stays_so_until_it_is_gone() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        await press(pilot, "f9", "secret", "f9")
        app._keep_state()
        assert "incognito" in app.sub_title
        await press(pilot, " more", "enter")
        assert fake.sent == []
        assert "incognito" not in app.sub_title
        await press(pilot, "f9", "x", "f9", "backspace", "open", "enter")
        assert fake.sent == ["open"]
        await press(pilot, "half", "f9", "f9", "enter")
        assert fake.sent == ["open", "half"]
        assert (app._meter.tally.keys, app._meter.tally.characters) == (8, 8)  # x and its Backspace not among them

    fake = use(how)
    assert "secret" not in json.dumps(fake.state)


@pytest.mark.parametrize("gone", ["backspace", "ctrl+z"])
@pytest.mark.parametrize("first", ["gone", "off"])
def test_what_was_written_incognito_and_is_gone_does_not_come_back_to_be_kept(gone: str, first: str) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        away = [gone] * 6
        await press(pilot, "f9", "secret", *([*away, "f9"] if first == "gone" else ["f9", *away]))
        for key in ("ctrl+z", "ctrl+y"):
            await pilot.press(key)
            await settled(pilot)
            assert (text(pilot), app.writing.incognito) == ("|", False)

    use(how)


def test_a_training_that_comes_to_nothing_is_not_begun_again_at_once() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        for _ in range(4):
            await press(pilot, "one", "enter")
            await trained(pilot)
        assert len(notes(pilot)) == 2  # after the second and the fourth

    class Refusing(Fake):
        def send(self, text: str) -> None:
            self.untrained += 1

    use(how, Refusing(broken=True), settings=KeyboardSettings().with_settings(["learning.train-after=2"]))


def test_the_newest_messages_stay_in_sight_where_the_terminal_shrinks() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        conversation = pilot.app.query_one("#conversation")
        for height in (24, 16, 12, 30):
            await pilot.resize_terminal(80, height)
            await settled(pilot)
            assert conversation.scroll_y == conversation.max_scroll_y > 0
        await press(pilot, "f12", "f7")
        assert conversation.scroll_y == conversation.max_scroll_y
        conversation.scroll_to(y=3, animate=False)  # to read what was before
        await settled(pilot)
        await pilot.resize_terminal(80, 20)
        await settled(pilot)
        assert conversation.scroll_y == 3
        await press(pilot, "ok", "enter")
        assert conversation.scroll_y == conversation.max_scroll_y

    use(how, Fake(messages=[f"message {number}" for number in range(40)]))


def test_a_tab_in_a_message_is_a_space_on_the_screen() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        assert shown(pilot) == ["left right\nbelow"]

    use(how, Fake(messages=["left\tright\nbelow"]))


def test_no_text_tells_the_terminal_anything() -> None:
    telling = "a\x1b]0;b\x07c\x9bd"

    async def how(pilot: Pilot[None], fake: Fake) -> None:
        app = pilot.app
        assert isinstance(app, KeyboardApp)
        app.post_message(Paste(telling))
        await press(pilot, "ctrl+o")
        assert isinstance(app.screen, DataScreen)
        app.screen.ask_who("chat.txt", {telling: ["hello"]})
        await settled(pilot)
        for screen, times in zip(app.screen_stack, (2, 1), strict=True):  # sent and being written; a name
            lines = [strip.text for strip in screen._compositor.render_strips()]
            assert "".join(lines).isprintable()
            assert sum("a]0;bcd" in line for line in lines) == times
            assert {cell_len(line) for line in lines} == {80}

    use(how, Fake(messages=[telling]))


def test_the_palette_leaves_the_screen_whole() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert "Maximize" not in titles
        assert "Theme" in titles

    use(how)


def test_a_theme_that_is_not_there_is_told() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        assert "there is no theme dracul" in notes(pilot)[-1]

    use(how, settings=KeyboardSettings().with_settings(["look.theme=dracul"]))


def test_an_emoji_of_several_characters_is_typed_and_taken_back_whole() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        for character in "\U0001f468\u200d\U0001f467\u0645\u200c\u062e":
            pilot.app.post_message(Key("a key", character))
        await settled(pilot)
        assert text(pilot) == "\U0001f468\u200d\U0001f467\u0645\u200c\u062e|"
        await press(pilot, *["backspace"] * 3)
        assert text(pilot) == "\U0001f468\u200d\U0001f467|"
        await press(pilot, "backspace")
        assert text(pilot) == "|"

    use(how)


@pytest.mark.parametrize("drafts", [True, False])
def test_what_is_not_sent_is_written_down_where_that_is_wanted(drafts: bool) -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "h", "i")

    settings = KeyboardSettings(typing=Habits(auto_capital=False), learning=Learning(drafts=drafts))
    assert use(how, settings=settings).state["draft"] == ("hi" if drafts else "")
