"""An app with a keyboard that works beside it, and the screens over it: of one's words, and of one's data."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from textual import on
from textual.message import Message

from nextword.keyboard.data import DataScreen
from nextword.keyboard.discreet import DiscreetApp
from nextword.keyboard.known import MOST, WordsScreen
from nextword.keyboard.news import Done, Exported, Failed, Forgotten, Found, Learned, Several
from nextword.keyboard.parts import Keyboard

SHOWN_S = 10.0  # a failure
_BEFORE = "a training made before may still know it"


class Desk(DiscreetApp[None]):
    """All that the keyboard is asked runs in one thread beside the screen, one after another, and posts what it found.

    Posts `Done` where what is offered may have changed, `Forgotten` if by that, and `Learned`.
    """

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__()
        self.keyboard = keyboard
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keyboard")
        self._untold: list[Failed] = []
        self._trouble = ""  # of the keyboard, told already

    def action_words(self) -> None:
        self.push_screen(WordsScreen())

    def action_data(self) -> None:
        if self._data_screen is None:
            self.push_screen(DataScreen(self.keyboard.name, len(self.keyboard.messages)))

    @property
    def untold(self) -> list[str]:
        """What failed too late to be read, a line each: when the screen was left it was not shown, or had just been."""
        return [failed.line for failed in self._untold]

    @on(Failed)
    def _show_failure(self, failed: Failed) -> None:
        if failed not in self._untold:
            self._untold.append(failed)
        self.set_timer(SHOWN_S, lambda: self._untold.remove(failed))
        if failed.field and (screen := self._data_screen) is not None:
            screen.give_up(failed.field)
        self.notify(failed.line, severity="error", timeout=SHOWN_S, markup=False)

    @on(WordsScreen.Wanted)
    def _look_for_known(self, wanted: WordsScreen.Wanted) -> None:
        def look() -> None:
            self.post_message(Found(self.keyboard.words(wanted.beginning, MOST)))

        self._do(look)

    @on(Found)
    def _show_known(self, found: Found) -> None:
        if isinstance(self.screen, WordsScreen):
            self.screen.show(found.known)

    @on(WordsScreen.Changed)
    def _change_word(self, changed: WordsScreen.Changed) -> None:
        keyboard, word, form = self.keyboard, changed.word, changed.form
        change: dict[str, tuple[Callable[[], None], str]] = {
            "forget": (lambda: keyboard.forget(word), f"{word} is forgotten; {_BEFORE}"),
            "block": (lambda: keyboard.block(word), f"{word} will not be offered again"),
            "unblock": (lambda: keyboard.unblock(word), f"{word} is offered again"),
            "write": (lambda: keyboard.write(form), f"{form} is written so from now on"),
            "rename": (lambda: keyboard.rename(word, form), f"{word} is counted as {form} from now on; {_BEFORE}"),
        }
        work, line = change[changed.what]
        self._change(work, Forgotten(line, word) if changed.what == "forget" else Done(line))
        if isinstance(self.screen, WordsScreen):
            self._look_for_known(WordsScreen.Wanted(self.screen.searched))

    @property
    def _data_screen(self) -> DataScreen | None:
        """Where it is open, be it under the palette."""
        return next((screen for screen in self.screen_stack if isinstance(screen, DataScreen)), None)

    @on(DataScreen.Learn)
    def _learn_from_file(self, wanted: DataScreen.Learn) -> None:
        file, messages = wanted.file, wanted.messages

        def work() -> None:
            written = self.keyboard.read(file) if messages is None else {"": messages}
            if any(written):  # names
                self.post_message(Several(file, written))
            else:
                self.post_message(Learned(file, *self.keyboard.learn(written[""])))

        self._do(work, "learn")

    @on(Several)
    def _ask_who(self, several: Several) -> None:
        if (screen := self._data_screen) is not None:
            screen.ask_who(several.file, several.written)

    @on(DataScreen.Export)
    def _export(self, wanted: DataScreen.Export) -> None:
        def work() -> None:
            self.keyboard.export(wanted.file)
            self.post_message(Exported(wanted.file))

        self._do(work, "export")

    @on(Exported)
    def _show_exported(self, exported: Exported) -> None:
        if (screen := self._data_screen) is not None:
            screen.go_on(len(self.keyboard.messages), screen.export)
        self.notify(f"your messages and words are in {exported.file} too; keep that to yourself", markup=False)

    def _tell_trouble(self) -> None:
        """What the keyboard does without, once; another training may do without other things."""
        before, self._trouble = self._trouble, self.keyboard.trouble
        if self._trouble not in ("", before):
            self.notify(self._trouble, severity="warning", timeout=15, markup=False)

    def _change(self, change: Callable[[], None], done: Done) -> None:
        """Have something changed, then say so."""

        def work() -> None:
            change()
            self.post_message(done)

        self._do(work)

    def _do(
        self, work: Callable[[], None], field: str = "", instead: Callable[[Failed], Message] = lambda failed: failed
    ) -> Future[None]:
        """Have it done in the keyboard's thread, after what it was given before; what goes wrong is shown.

        It is posted, or what is posted `instead` of it, and `untold` until it was shown.
        """

        def told(done: Future[Any]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                failed = Failed.of(error, field)
                self._untold.append(failed)
                self.post_message(instead(failed))

        future = self._worker.submit(work)
        future.add_done_callback(told)
        return future
