"""`nextword type`: the keyboard in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Header, HelpPanel, Static

from nextword.keyboard.bar import Slot, WordBar
from nextword.keyboard.composer import begun
from nextword.keyboard.data import DataScreen
from nextword.keyboard.desk import Desk
from nextword.keyboard.emojis import emojis
from nextword.keyboard.insight import Insight
from nextword.keyboard.keys import Keys
from nextword.keyboard.news import Done, Due, Erased, Foreseen, Forgotten, Learned, Offered, Weighed
from nextword.keyboard.parts import Keyboard
from nextword.keyboard.settings import KeyboardSettings
from nextword.keyboard.state import State
from nextword.keyboard.tally import Meter, Tally
from nextword.keyboard.training import TrainingLine, told
from nextword.keyboard.writing import Writing
from nextword.slips import is_slip
from nextword.text import normalise

_SHOWN = 50  # messages of before
_SHOWN_CHARACTERS = 4000  # of a message
_EVERYWHERE = ("help", "quit")
_SURE = 0.5  # of a word that is put in the place of another one without being asked
_KEPT_EVERY_S = 5.0  # how the screen stands


class KeyboardApp(Desk):
    """Writes, offers words, sends. All that the keyboard is asked runs in one thread beside the screen."""

    TITLE = "nextword"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012  # as Textual declares it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012
    CSS = """
    Screen { overflow: hidden; }
    .-low Keys, .-low Header, .hidden { display: none; }
    .-narrow FooterKey.-command-palette { display: none; }
    WordsScreen.-narrow > Vertical, WordsScreen.-low > Vertical { width: 100%; height: 100%; }
    #above { height: 1fr; }
    #conversation { width: 1fr; padding: 0 1; align-vertical: bottom; }
    .sent { width: auto; max-width: 80%; padding: 0 1; background: $primary 30%; }
    .sent.incognito { background: $warning 20%; text-style: italic; }
    Writing { height: 5; min-width: 12; border: round $primary; }
    .incognito Writing { border: heavy $warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, action, name, id=identifier, show=show, tooltip=tooltip, priority=True)
        for keys, action, name, identifier, show, tooltip in (
            ("f1", "help", "Help", "help", True, "What the keys do"),
            ("f2", "take(0)", "Left", "left", False, ""),
            ("f3", "take(1)", "Middle", "middle", False, ""),
            ("f4", "take(2)", "Right", "right", False, ""),
            ("f5", "take(3)", "Emoji", "emoji", False, ""),
            ("f6", "train", "Learn", "learn", True, "Train on the messages sent; again to stop"),
            ("f7", "insight", "Insight", "insight", True, "What the bar saves, and what would leave this device"),
            ("f8", "block", "Hide", "hide-word", True, "Never offer the marked word again"),
            ("f9", "incognito", "Incognito", "incognito", True, "Keep and learn nothing"),
            ("f10", "words", "Words", "words", True, "What was learned from you"),
            ("ctrl+o", "data", "Data", "data", False, "Learn from a file, take all out, delete everything"),
            ("f12", "keys", "Keys", "keys", False, "Show or hide the keys"),
            ("ctrl+q", "quit", "Quit", "leave", True, ""),
        )
    ]
    _OWN: ClassVar = {
        binding.action.partition("(")[0] for binding in BINDINGS if isinstance(binding, Binding)
    }.difference(_EVERYWHERE)

    def __init__(self, keyboard: Keyboard, settings: KeyboardSettings | None = None) -> None:
        super().__init__(keyboard)
        self.settings = settings or KeyboardSettings()
        self._state = State.of(keyboard.read_state())
        self._kept: dict[str, Any] | None = self._state.to_json()  # None where it could not be
        self._meter = Meter(self._state.tally.model_copy(deep=True))
        self._asked = 0
        self._doomed: Sequence[Widget] | None = None  # messages shown, while all that is kept is being deleted
        self._due = self.settings.learning.train_after  # messages after which a training begins
        keys = self.settings.keys
        self.insight = Insight()
        self.conversation = VerticalScroll(id="conversation", can_focus=False)
        self.training = TrainingLine(keyboard.train, keys.first("learn"))
        self.bar = WordBar([keys.first(name) for name in ("left", "middle", "right", "emoji")])
        self.writing = Writing(self.bar, self._keep, self.settings.typing, self._meter, ghost=self.settings.look.ghost)
        self.writing.tell_keys(keys)
        self.keys = Keys()

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal(id="above"):
            with self.conversation:
                yield from map(_bubble, self.keyboard.messages[-_SHOWN:])
            yield self.insight
        yield from (self.training, self.bar, self.writing, self.keys)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.set_keymap(self.settings.keys.keymap)
        theme = self.settings.look.theme or self._state.theme
        if theme in self.available_themes:
            self.theme = theme
        elif self.settings.look.theme:
            known = ", ".join(self.available_themes)
            self.notify(f"look.theme: there is no theme {theme}; there are {known}", severity="warning", markup=False)
        self._tell()
        self._tell_trouble()
        self.keys.set_class(not self._state.keys, "hidden")
        self.insight.set_class(not self._state.insight, "hidden")
        self.writing.begin_anew(self._state.draft)
        self.writing.focus()
        self.conversation.anchor()  # at its end, however high it is
        self.set_interval(_KEPT_EVERY_S, self._keep_state)
        self.writing.ask()
        self.call_after_refresh(self._show_insight)  # the words first

    async def on_unmount(self) -> None:
        """Stop the training, and have all that was sent kept; the screen's own loop goes on meanwhile.

        What fails in that is `untold` then.
        """
        self._asked += 1
        self._keep_state(leaving=True)
        await self.training.close()
        await asyncio.to_thread(self._worker.shutdown)

    @on(Writing.Asked)
    def _look_for_words(self, asked: Writing.Asked) -> None:
        self._asked += 1
        if self.writing.incognito != self.writing.screen.has_class("incognito"):
            self._tell()
        number = self._asked
        context, typed = asked.context, asked.typed

        def look() -> None:
            if number == self._asked:  # else another key has been typed meanwhile
                offers = list(self.keyboard.suggest(context, typed))
                signs = emojis(typed or begun(context.rstrip())) if self.settings.look.emoji else []
                self.post_message(Offered(number, offers, context, typed, signs[0] if signs else None))

        self._do(look)

    @on(Offered)
    def _show_words(self, offered: Offered) -> None:
        if offered.number != self._asked:
            return
        self.bar.show(offered.offers, offered.context, offered.typed, offered.emoji)
        best = offered.offers[0] if offered.offers else None
        self.writing.show_ghost(best.word if best else None, offered.typed)
        typed = normalise(offered.typed)
        self.writing.correction = None
        # An apostrophe at the end may be one of the plural, or a quote's: what comes before it is whole.
        if best and best.probability >= _SURE and not typed.endswith("'") and is_slip(normalise(best.word), typed):
            self.writing.correction = (offered.typed, best.word)
        ahead = [offer.word for offer in offered.offers if normalise(offer.word) != typed]  # of what is typed
        self._meter.shown(len(offered.context), ahead)
        self.insight.show_offers(offered.offers)
        if self.keys.display:
            self.call_after_refresh(self._look_for_letters, offered)  # the words first

    def _look_for_letters(self, offered: Offered) -> None:
        def look() -> None:
            if offered.number == self._asked:
                chances = self.keyboard.letters(offered.context, offered.typed)
                self.post_message(Foreseen(offered.number, chances))

        self._do(look)

    @on(Foreseen)
    def _show_letters(self, foreseen: Foreseen) -> None:
        if foreseen.number == self._asked:
            self.keys.show(foreseen.chances)

    @on(Writing.Typed)
    def _light_key(self, typed: Writing.Typed) -> None:
        self.keys.light(typed.character)

    @on(Keys.Pressed)
    def _press(self, pressed: Keys.Pressed) -> None:
        self.writing.focus()
        match pressed.character:
            case "\n":
                self.writing.in_turn(self.writing.send)
            case "\b":
                self.writing.in_turn(self.writing.action_delete_left)
            case character:
                self.writing.in_turn(lambda: self.writing.type(character))

    @on(Slot.Clicked)
    def _take_clicked(self, clicked: Slot.Clicked) -> None:
        self.action_take(clicked.number)
        self.writing.focus()

    @on(Writing.Dismissed)
    def _ask_no_more(self) -> None:
        self._asked += 1

    async def _keep(self, text: str) -> bool:
        """Whether a message could be kept; where not, that is told."""
        kept = asyncio.wrap_future(self._do(lambda: self.keyboard.send(text)))
        (failure,) = await asyncio.gather(kept, return_exceptions=True)
        return failure is None

    @on(Writing.Sent)
    def _show_sent(self, sent: Writing.Sent) -> None:
        bubble = _bubble(sent.text)
        bubble.set_class(sent.incognito, "incognito")
        self.conversation.mount(bubble)
        self.conversation.scroll_end(animate=False)
        self._tell()
        if sent.incognito:
            return
        self._do(self._train_in_time)
        self._show_insight()
        self._keep_state()

    @on(Due)
    def _begin_training(self) -> None:
        self.training.begin()

    @on(Weighed)
    def _show_leaving(self, weighed: Weighed) -> None:
        self.insight.show_leaving(weighed.leaving)

    @on(TrainingLine.Finished)
    def _show_trained(self, finished: TrainingLine.Finished) -> None:
        if finished.trained is not None:
            self._due = self.settings.learning.train_after
            self.notify(told(finished.trained), timeout=15, markup=False)
            self._show_insight()
            self.writing.ask()

    @on(Done)
    def _show_done(self, done: Done) -> None:
        self.notify(done.line, markup=False)
        self._tell_trouble()
        self._show_insight()
        self.writing.ask()

    @on(Forgotten)
    def _forget_in_draft(self, forgotten: Forgotten) -> None:
        """Or the word would be written down again."""
        draft = self._draft
        if (left := self.keyboard.without(draft, forgotten.word)) != draft:
            self._meter.discard()
            self.writing.begin_anew(left)
            self._keep_state()

    @on(Learned)
    def _show_learned(self, learned: Learned) -> None:
        if (screen := self._data_screen) is not None:
            screen.go_on(len(self.keyboard.messages), screen.learn)
        self._show_done(Done(learned.line))
        self._do(self._train_in_time)

    @on(DataScreen.Erase)
    def _erase(self) -> None:
        self._doomed = list(self.conversation.children)
        self.training.stop()

        def work() -> None:
            self.keyboard.erase()
            self.post_message(Erased())

        self._do(work, instead=Erased)

    @on(Erased)
    def _show_erased(self, erased: Erased) -> None:
        doomed, self._doomed = self._doomed or (), None
        if (screen := self._data_screen) is not None:
            screen.go_on(len(self.keyboard.messages), screen.erase)
            if erased.failed is None and self.screen is screen:
                screen.dismiss()
        if erased.failed is not None:
            self._show_failure(erased.failed)
            return
        self._due = self.settings.learning.train_after
        self._kept, self._meter.tally = State().to_json(), Tally()
        self._meter.discard()
        for bubble in doomed:  # what was sent since is kept
            bubble.remove()
        self.bar.clear()
        self.writing.begin_anew()
        self._keep_state()
        self._show_done(Done("all that was kept is deleted"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """On another screen, as of the words or the palette, the keyboard's own keys are for nothing."""
        return action not in self._OWN or len(self.screen_stack) == 1

    def action_help(self) -> None:
        """Show what the keys do, or hide it again."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_take(self, number: int) -> None:
        self.writing.in_turn(lambda: self.writing.take(self.bar.slots[number]))

    def action_train(self) -> None:
        """Begin a training, or stop the one that goes on."""
        if self.training.goes_on:
            self.training.stop()
        else:
            self.training.begin()

    def action_undo_training(self) -> None:
        self._change(self.keyboard.undo_training, Done("the last training is undone"))

    def action_block(self) -> None:
        self.writing.in_turn(self._block)

    def _block(self) -> None:
        if (slot := self.bar.marked) is not None and (word := slot.word):
            self._change(lambda: self.keyboard.block(word), Done(f"{word} will not be offered again"))

    def action_keys(self) -> None:
        """Show the keys on the screen, or hide them."""
        self.keys.toggle_class("hidden")
        self.writing.ask()

    def action_insight(self) -> None:
        """Show the figures, or hide them."""
        self.insight.toggle_class("hidden")
        self.writing.ask()
        self.call_after_refresh(self._show_insight)

    def action_incognito(self) -> None:
        self.writing.in_turn(self._turn_incognito)

    def _turn_incognito(self) -> None:
        self.writing.turn_incognito()
        self._tell()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        # What is typed is of no use alone on the screen.
        yield from (command for command in super().get_system_commands(screen) if command.title != "Maximize")
        yield SystemCommand("Learn my habits", "Train on the messages sent, or stop the training", self.action_train)
        yield SystemCommand("Undo the last training", "Use what was used before it", self.action_undo_training)
        yield SystemCommand(
            "Words", "Search what was learned, write it otherwise, hide or forget it", self.action_words
        )
        yield SystemCommand("Your data", "Learn from a file, take all out, delete everything", self.action_data)
        yield SystemCommand("Insight", "What the bar saves, and what would leave this device", self.action_insight)
        yield SystemCommand("Keys on the screen", "Show or hide them", self.action_keys)
        yield SystemCommand("Incognito", "Keep and learn nothing, or go on learning", self.action_incognito)

    def _train_in_time(self) -> None:
        """In the keyboard's thread."""
        enough = self.settings.learning.train_after
        if enough and self.keyboard.untrained >= self._due:
            self._due = self.keyboard.untrained + enough  # if this one comes to nothing
            self.post_message(Due())

    def _show_insight(self) -> None:
        if not self.insight.display:
            return
        self.insight.show_tally(self._meter.tally)

        def weigh() -> None:
            self.post_message(Weighed(self.keyboard.leaving()))

        self._do(weigh)

    def _tell(self) -> None:
        self.sub_title = "incognito: nothing is kept or learned" if self.writing.incognito else self.keyboard.name
        self.writing.screen.set_class(self.writing.incognito, "incognito")

    @property
    def _draft(self) -> str:
        """What is written and not sent, as far as it is kept."""
        return self.writing.text if self.settings.learning.drafts and not self.writing.incognito else ""

    def _keep_state(self, *, leaving: bool = False) -> None:
        """How the screen stands; what is written incognito is no part of it, nor what is about to be deleted.

        What could not be kept is tried again every few seconds, and told the first time, and once more on leaving.
        """
        if self._doomed is not None:
            return
        state = State(
            draft=self._draft,
            theme=self.theme,
            keys=not self.keys.has_class("hidden"),
            insight=not self.insight.has_class("hidden"),
            tally=self._meter.tally,
        )
        before, kept = self._kept, state.to_json()
        if kept == before:
            return
        self._kept = kept

        def keep() -> None:
            try:
                self.keyboard.write_state(kept)
            except OSError:
                self._kept = None
                if leaving or before is not None:
                    raise

        self._do(keep)


def _bubble(text: str) -> Static:
    """A tab would be drawn as a line's end."""
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} \u2026"
    return Static(cut.expandtabs(1), classes="sent", markup=False)
