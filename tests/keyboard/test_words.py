"""The screen of learned words."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from nextword.keyboard.known import WordsScreen
from nextword.keyboard.parts import Known
from tests.keyboard.driving import Fake, notes, press, settled, text, use


def rows(pilot: Pilot[None]) -> list[list[str]]:
    table = pilot.app.screen.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]


def test_words_are_searched_hidden_shown_and_forgotten() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f10")
        assert rows(pilot) == [["damn", "0", "never offered"], ["Zoque", "3", ""]]
        await press(pilot, "ctrl+b")
        assert fake.changes == [("unblock", "damn")]
        await press(pilot, "zo")
        assert rows(pilot) == [["Zoque", "3", ""]]
        await press(pilot, "ctrl+b")
        assert fake.blocked == ["Zoque"]
        await press(pilot, "delete")  # a letter of what is searched, if there were one
        assert fake.changes == [("unblock", "damn")]
        await press(pilot, "down", "delete")
        assert fake.changes[-1] == ("forget", "Zoque")
        assert rows(pilot) == []
        await press(pilot, "ctrl+b", "delete", "enter")  # there is no word: nothing happens
        await press(pilot, "escape", "hi")
        assert text(pilot) == "hi|"
        assert "Zoque is forgotten; a training made before may still know it" in notes(pilot)

    use(how)


def test_a_word_that_was_forgotten_leaves_what_is_being_written_unless_that_is_not_kept() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "see Zoque", "f10", "down", "down", "delete", "escape")
        assert text(pilot) == "see|"
        assert fake.state["draft"] == "see"
        await press(pilot, "ctrl+z", " Zoque", "enter")  # it may be typed again
        assert fake.sent == ["see Zoque"]
        fake.known.append(Known("Zoque", 1.0, False))
        await press(pilot, "f9", "Zoque", "f10", "down", "down", "delete", "escape")
        assert text(pilot) == "Zoque|"

    use(how)


def test_a_word_is_written_in_other_capitals_or_is_another_word() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f10", "zo", "enter")
        field = pilot.app.screen.query_one(Input)
        assert field.value == "Zoque"
        field.value = "ZOQUE"
        await press(pilot, "enter")
        assert fake.changes == [("write", "ZOQUE")]
        for unchanged in ("Zoque", " "):
            await press(pilot, "zo", "enter")
            field.value = unchanged
            await press(pilot, "enter")
        assert len(fake.changes) == 1
        await press(pilot, "zo", "enter")
        field.value = "Bugis"
        await press(pilot, "enter")
        assert fake.changes[1:] == [("rename", "Zoque Bugis")]
        assert "Zoque is counted as Bugis from now on; a training made before may still know it" in notes(pilot)
        assert rows(pilot)[-1] == ["Bugis", "3", ""]
        await press(pilot, "da", "enter")
        field.value = "darn"
        await press(pilot, "enter")
        assert notes(pilot)[-1] == "damn: not a word that was learned"
        await press(pilot, "b", "enter", "escape")
        assert isinstance(pilot.app.screen, WordsScreen)
        assert field.value == ""
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, WordsScreen)

    use(how)


def test_keys_without_a_pause_are_done_in_their_turn() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f10", "zo", "enter")
        for name in ("ctrl+u", "B", "u", "x", "backspace", "g", "enter"):
            pilot.app.post_message(events.Key(name, name if len(name) == 1 else None))
        await settled(pilot)
        assert fake.changes == [("rename", "Zoque Bug")]

    use(how)


def test_an_answer_for_a_screen_that_was_left_does_not_break_the_next() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        screen = WordsScreen()
        screen.show(fake.known)
        pilot.app.push_screen(screen)
        await settled(pilot)
        assert len(rows(pilot)) == 2

    use(how)


def test_keys_of_the_keyboard_do_nothing_there() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "f10", "f8", "f9", "f6", "f2")
        assert fake.blocked == []
        assert not pilot.app.writing.incognito  # type: ignore[attr-defined]
        await press(pilot, "escape")
        assert text(pilot) == "|"

    use(how, Fake(known=[Known("a", 1.0, False)]))


def test_messages_are_sent_and_state_is_kept_behind_it() -> None:
    async def how(pilot: Pilot[None], fake: Fake) -> None:
        await press(pilot, "hello", "f10")
        pilot.app._keep_state()  # type: ignore[attr-defined]
        await settled(pilot)
        assert fake.state["draft"] == "hello"

    use(how)
