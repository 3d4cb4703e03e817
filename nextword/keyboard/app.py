"""`nextword type`: the keyboard in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Footer, Header, Static

from nextword.keyboard.bar import Bar, Slot
from nextword.keyboard.composer import Habits
from nextword.keyboard.parts import Keyboard, Offer
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


class KeyboardApp(App[None]):
    """Writes, offers words, sends. All that the keyboard is asked runs in one thread beside the screen."""

    TITLE = "nextword"
    CSS = """
    #conversation { height: 1fr; padding: 0 1; align-vertical: bottom; }
    .sent { width: auto; max-width: 80%; margin: 0 0 0 0; padding: 0 1; background: $primary 30%; }
    .sent.incognito { background: $warning 20%; text-style: italic; }
    Bar { height: 1; }
    Bar Slot { width: 1fr; content-align: center middle; height: 1; }
    Bar Slot.marked { background: $accent; color: $text; text-style: bold; }
    Bar Slot.own { text-style: underline; }
    Writing { height: 5; border: round $primary; }
    .incognito Writing { border: heavy $warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "take(0)", "Left", show=False, priority=True),
        Binding("f3", "take(1)", "Middle", show=False, priority=True),
        Binding("f4", "take(2)", "Right", show=False, priority=True),
        Binding("f8", "block", "Never offer this"),
        Binding("f9", "incognito", "Incognito"),
        Binding("ctrl+q", "quit", "Quit"),
    ]

    def __init__(self, keyboard: Keyboard, habits: Habits | None = None) -> None:
        super().__init__()
        self.keyboard, self.habits = keyboard, habits or Habits()
        self.incognito = False
        self._asked = 0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keyboard")

    def compose(self) -> ComposeResult:
        yield Header()
        with VerticalScroll(id="conversation", can_focus=False):
            for text in self.keyboard.messages[-_SHOWN:]:
                yield Static(text, classes="sent", markup=False)
        yield Bar()
        yield Writing(self.habits)
        yield Footer()

    def on_mount(self) -> None:
        self._tell()
        writing = self.query_one(Writing)
        writing.focus()
        self._conversation.scroll_end(animate=False)
        writing.ask()

    def on_unmount(self) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)

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
        writing, bar = self.query_one(Writing), self.query_one(Bar)
        bar.show(offered.offers, offered.typed)
        best = offered.offers[0].word if offered.offers else None
        writing.show_ghost(best, offered.typed)
        slip = best is not None and bool(offered.typed) and not best.lower().startswith(offered.typed.lower())
        writing.correction = best if slip else None

    @on(Writing.Chosen)
    def _take_marked(self) -> None:
        self._put(self.query_one(Bar).marked)

    @on(Slot.Clicked)
    def _take_clicked(self, clicked: Slot.Clicked) -> None:
        self._put(clicked.word)
        self.query_one(Writing).focus()

    @on(Writing.Moved)
    def _move_mark(self, moved: Writing.Moved) -> None:
        self.query_one(Bar).move(moved.by)

    @on(Writing.Dismissed)
    def _clear_bar(self) -> None:
        self._asked += 1
        self.query_one(Bar).clear()

    @on(Writing.Sent)
    def _send(self, sent: Writing.Sent) -> None:
        bubble = Static(sent.text, classes="sent", markup=False)
        if self.incognito:
            bubble.add_class("incognito")
        self._conversation.mount(bubble)
        self._conversation.scroll_end(animate=False)
        writing = self.query_one(Writing)
        writing.composer.forget()
        writing.text = ""
        if not self.incognito:
            self._do(lambda: self.keyboard.send(sent.text))

    @on(Failed)
    def _show_failure(self, failed: Failed) -> None:
        self.notify(failed.line, severity="error", timeout=10)

    def action_take(self, number: int) -> None:
        self._put(self.query_one(Bar).word(number))

    def action_block(self) -> None:
        word = self.query_one(Bar).marked
        if word:
            self._do(lambda: self.keyboard.block(word))
            self.notify(f"{word} will not be offered again")
            self.query_one(Writing).ask()

    def action_incognito(self) -> None:
        self.incognito = not self.incognito
        self.screen.set_class(self.incognito, "incognito")
        self._tell()

    def _tell(self) -> None:
        self.sub_title = "incognito: nothing is kept or learned" if self.incognito else self.keyboard.name

    def _put(self, word: str | None) -> None:
        if word:
            self.query_one(Writing).put(word)

    def _do(self, work: Callable[[], None]) -> None:
        """Have it done in the keyboard's thread, after what it was given before; what goes wrong is shown."""

        def told(done: Future[Any]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                self.post_message(Failed(str(error) or type(error).__name__))

        self._worker.submit(work).add_done_callback(told)
