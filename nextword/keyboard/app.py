"""`nextword type`: the keyboard in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Header, HelpPanel, Static

from nextword.keyboard.bar import Slot, WordBar
from nextword.keyboard.composer import Habits
from nextword.keyboard.discreet import DiscreetApp
from nextword.keyboard.parts import Keyboard, Offer, Trained
from nextword.keyboard.training import TrainingLine, told
from nextword.keyboard.writing import Writing

_SHOWN = 50  # messages of before


class Offered(Message):
    """Words have been found for the question of this number."""

    def __init__(self, number: int, offers: list[Offer], typed: str) -> None:
        super().__init__()
        self.number, self.offers, self.typed = number, offers, typed


class Failed(Message):
    """Something could not be done; the line says what and why."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Done(Message):
    """Something was done; the line says what."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Progressed(Message):
    """A training has come so far."""

    def __init__(self, step: int, steps: int) -> None:
        super().__init__()
        self.step, self.steps = step, steps


class Finished(Message):
    """A training has ended: with what it came to, or None where it was stopped or failed."""

    def __init__(self, trained: Trained | None) -> None:
        super().__init__()
        self.trained = trained


class Stopped(Exception):
    """Raised into a training that the person has stopped."""


class KeyboardApp(DiscreetApp[None]):
    """Writes, offers words, sends. All that the keyboard is asked runs in one thread beside the screen."""

    TITLE = "nextword"
    CSS = """
    #conversation { height: 1fr; padding: 0 1; align-vertical: bottom; }
    .sent { width: auto; max-width: 80%; margin: 0 0 0 0; padding: 0 1; background: $primary 30%; }
    .sent.incognito { background: $warning 20%; text-style: italic; }
    TrainingLine { height: 1; padding: 0 1; display: none; }
    WordBar { height: 1; }
    WordBar Slot { width: 1fr; content-align: center middle; height: 1; }
    WordBar Slot.marked { background: $accent; color: $text; text-style: bold; }
    WordBar Slot.own { text-style: underline; }
    Writing { height: 5; border: round $primary; }
    .incognito Writing { border: heavy $warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "take(0)", "Left", show=False, priority=True),
        Binding("f3", "take(1)", "Middle", show=False, priority=True),
        Binding("f4", "take(2)", "Right", show=False, priority=True),
        Binding("f1", "help", "Help", priority=True),
        Binding("f6", "train", "Learn", tooltip="Train on the messages sent; again to stop", priority=True),
        Binding("f8", "block", "Hide word", tooltip="Never offer the marked word again"),
        Binding("f9", "incognito", "Incognito"),
        Binding("ctrl+q", "quit", "Quit"),
    ]

    def __init__(self, keyboard: Keyboard, habits: Habits | None = None) -> None:
        super().__init__()
        self.keyboard, self.habits = keyboard, habits or Habits()
        self._asked = 0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keyboard")
        self._trainer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="training")
        self._training = self._stopping = False

    def compose(self) -> ComposeResult:
        yield Header()
        with VerticalScroll(id="conversation", can_focus=False):
            for text in self.keyboard.messages[-_SHOWN:]:
                yield Static(text, classes="sent", markup=False)
        yield TrainingLine()
        yield WordBar()
        yield Writing(self.habits)
        yield Footer()

    def on_mount(self) -> None:
        self._tell()
        writing = self.query_one(Writing)
        writing.focus()
        self._conversation.scroll_end(animate=False)
        writing.ask()

    async def on_unmount(self) -> None:
        """Stop the training, and have all that was sent kept; the screen's own loop goes on meanwhile."""
        self._stopping = True
        self._asked += 1
        await asyncio.to_thread(self._trainer.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._worker.shutdown)

    @property
    def _conversation(self) -> VerticalScroll:
        return self.query_one("#conversation", VerticalScroll)

    @on(Writing.Asked)
    def _look_for_words(self, asked: Writing.Asked) -> None:
        self._asked += 1
        number = self._asked

        def look() -> None:
            if number == self._asked:  # else another key has been typed meanwhile
                offers = list(self.keyboard.suggest(asked.context, asked.typed))
                self.post_message(Offered(number, offers, asked.typed))

        self._do(look)

    @on(Offered)
    def _show_words(self, offered: Offered) -> None:
        if offered.number != self._asked:
            return
        writing, bar = self.query_one(Writing), self.query_one(WordBar)
        bar.show(offered.offers, offered.typed)
        best = offered.offers[0].word if offered.offers else None
        writing.show_ghost(best, offered.typed)
        slip = best is not None and bool(offered.typed) and not best.lower().startswith(offered.typed.lower())
        writing.correction = (offered.typed, best) if slip and best is not None else None

    @on(Writing.Chosen)
    def _take_marked(self) -> None:
        self._put(self.query_one(WordBar).marked)

    @on(Slot.Clicked)
    def _take_clicked(self, clicked: Slot.Clicked) -> None:
        self._put(clicked.word)
        self.query_one(Writing).focus()

    @on(Writing.Moved)
    def _move_mark(self, moved: Writing.Moved) -> None:
        self.query_one(WordBar).move(moved.by)

    @on(Writing.Dismissed)
    def _clear_bar(self) -> None:
        self._asked += 1
        self.query_one(WordBar).clear()

    @on(Writing.Sent)
    def _send(self, sent: Writing.Sent) -> None:
        bubble = Static(sent.text, classes="sent", markup=False)
        if sent.incognito:
            bubble.add_class("incognito")
        self._conversation.mount(bubble)
        self._conversation.scroll_end(animate=False)
        writing = self.query_one(Writing)
        writing.composer.forget()
        writing.text = ""
        if not sent.incognito:
            self._do(lambda: self.keyboard.send(sent.text))

    @on(Progressed)
    def _show_progress(self, progressed: Progressed) -> None:
        self.query_one(TrainingLine).show(progressed.step, progressed.steps)

    @on(Finished)
    def _show_trained(self, finished: Finished) -> None:
        self._training = self._stopping = False
        self.query_one(TrainingLine).end()
        if finished.trained is not None:
            self.notify(told(finished.trained), timeout=15, markup=False)
            self.query_one(Writing).ask()

    @on(Failed)
    def _show_failure(self, failed: Failed) -> None:
        self.notify(failed.line, severity="error", timeout=10, markup=False)

    @on(Done)
    def _show_done(self, done: Done) -> None:
        self.notify(done.line, markup=False)
        self.query_one(Writing).ask()

    def action_help(self) -> None:
        """Show what the keys do, or hide it again."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_take(self, number: int) -> None:
        self._put(self.query_one(WordBar).word(number))

    def action_train(self) -> None:
        """Begin a training, or stop the one that goes on."""
        if self._training:
            self._stopping = True
            return
        self._training = True
        self.query_one(TrainingLine).begin()
        self._trainer.submit(self._train)

    def action_undo_training(self) -> None:
        def undo() -> None:
            self.keyboard.undo_training()
            self.post_message(Done("the last training is undone"))

        self._do(undo)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield SystemCommand("Learn my habits", "Train on the messages sent, or stop the training", self.action_train)
        yield SystemCommand("Undo the last training", "Use what was used before it", self.action_undo_training)
        yield SystemCommand("Incognito", "Keep and learn nothing, or go on learning", self.action_incognito)

    def _train(self) -> None:
        """In the thread for trainings."""

        def progress(step: int, steps: int) -> None:
            if self._stopping:
                raise Stopped
            self.post_message(Progressed(step, steps))

        trained = None
        try:
            trained = self.keyboard.train(progress)
        except Stopped:
            pass
        except Exception as error:
            self.post_message(Failed(str(error) or type(error).__name__))
        self.post_message(Finished(trained))

    def action_block(self) -> None:
        word = self.query_one(WordBar).marked
        if word is None:
            return

        def block() -> None:
            self.keyboard.block(word)
            self.post_message(Done(f"{word} will not be offered again"))

        self._do(block)

    def action_incognito(self) -> None:
        writing = self.query_one(Writing)
        writing.incognito = not writing.incognito
        self.screen.set_class(writing.incognito, "incognito")
        self._tell()

    def _tell(self) -> None:
        self.sub_title = (
            "incognito: nothing is kept or learned" if self.query_one(Writing).incognito else self.keyboard.name
        )

    def _put(self, word: str | None) -> None:
        if word:
            self.query_one(Writing).put(word)

    def _do(self, work: Callable[[], None]) -> None:
        """Have it done in the keyboard's thread, after what it was given before; what goes wrong is shown."""

        def told(done: Future[Any]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                self.post_message(Failed(str(error) or type(error).__name__))

        self._worker.submit(work).add_done_callback(told)
