"""The line that shows while a training goes on: how far it is, and how to stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, ProgressBar

from nextword.keyboard.news import Failed
from nextword.keyboard.parts import Trained


class Stopped(Exception):
    """Raised into a training that the person has stopped."""


class TrainingLine(Horizontal):
    """Shown while it works, in a thread of its own."""

    DEFAULT_CSS = "TrainingLine { height: 1; padding: 0 1; display: none; }"

    @dataclass
    class Progressed(Message):
        """A training has come so far."""

        step: int
        steps: int

    @dataclass
    class Finished(Message):
        """A training has ended: with what it came to, or None where it was stopped or failed."""

        trained: Trained | None

    def __init__(self, train: Callable[[Callable[[int, int], None]], Trained], key: str) -> None:
        super().__init__()
        self._train, self._key = train, key
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="training")
        self._stopping = False
        self.goes_on = False

    def compose(self) -> ComposeResult:
        yield Label(f"learning your habits, {self._key.upper()} stops it ")
        yield ProgressBar(total=None, show_eta=True)

    def begin(self) -> None:
        """Begin a training; nothing where one goes on."""
        if self.goes_on:
            return
        self.display = self.goes_on = True
        self.query_one(ProgressBar).update(total=None, progress=0)
        self._thread.submit(self._work)

    def stop(self) -> None:
        """Have it stop at its next step, if one goes on."""
        self._stopping = self.goes_on

    async def close(self) -> None:
        """Stop, and wait until it has; the screen's own loop goes on meanwhile."""
        self._stopping = True
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    @on(Progressed)
    def _show(self, progressed: Progressed) -> None:
        """Learned once to be judged, then once more to be used; a second pass begins again."""
        progressed.stop()
        self.query_one(ProgressBar).update(total=progressed.steps, progress=progressed.step)

    @on(Finished)
    def _end(self) -> None:
        self.display = self.goes_on = self._stopping = False

    def _work(self) -> None:
        def progress(step: int, steps: int) -> None:
            if self._stopping:
                raise Stopped
            self.post_message(self.Progressed(step, steps))

        trained = None
        try:
            trained = self._train(progress)
        except Stopped:
            pass
        except Exception as error:
            if not self._stopping:
                self.post_message(Failed.of(error))
        self.post_message(self.Finished(trained))


def told(trained: Trained) -> str:
    """What has changed, in a sentence."""
    words, keys = (
        f"{100 * before:.1f} to {100 * after:.1f} %"
        for before, after in (
            (trained.before.first, trained.after.first),
            (trained.before.keys_saved, trained.after.keys_saved),
        )
    )
    measured = f"over the model that everybody has, on your newest messages: first guesses {words}, keys saved {keys}"
    kept = (
        "It is used from now on; the palette takes it back." if trained.shipped else "Not enough, so nothing changed."
    )
    return f"{measured}. {kept}"
