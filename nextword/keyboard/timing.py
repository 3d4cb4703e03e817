"""How long the screen takes from a key to the frame in which the bar shows the words for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events, on
from textual.drivers.headless_driver import HeadlessDriver

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.news import Offered
from nextword.keyboard.parts import Keyboard

_GAP_S = 0.04  # between an answer and the next key; a quick typist leaves more
_PATIENCE_S = 20.0


class Took(NamedTuple):
    """What a key took until it was answered on the screen."""

    ms: float
    cpu_ms: float  # of it, the work of this process, which other work on the machine does not lengthen


class Terminal(HeadlessDriver):
    """Takes every frame, and shows none."""

    on_frame: Callable[[], None] = staticmethod(lambda: None)

    @property
    def is_headless(self) -> bool:
        return False  # so that frames are drawn

    def write(self, data: str) -> None:
        """Drop it."""

    def flush(self) -> None:
        self.on_frame()


class TimedApp(KeyboardApp):
    """Tells when the answer to the key pressed stands on the screen."""

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__(keyboard)
        self.driver_class = Terminal
        self._asked_before = 0  # questions, when the key was pressed
        self._answered = 0  # the newest question that was
        self._painted = asyncio.Event()
        self._painted_at = self._painted_cpu = 0.0

    def on_mount(self) -> None:
        """Called beside the keyboard's own."""
        assert isinstance(self._driver, Terminal)
        self._driver.on_frame = self._look

    @on(Offered)
    def _note(self, offered: Offered) -> None:
        """Called before the answer goes to the bar."""
        self._answered = offered.number
        self.call_later(self._look)  # an answer that changes nothing brings no frame

    async def painted(self) -> None:
        """Wait until the answer stands there. Raises TimeoutError if it does not come."""
        await asyncio.wait_for(self._painted.wait(), _PATIENCE_S)

    async def time(self, key: str, character: str | None = None) -> Took:
        """From a key, posted as a terminal does, to its answer on the screen."""
        self._asked_before = self._asked
        self._painted.clear()
        event = events.Key(key, character)
        event.set_sender(self)
        assert self._driver is not None
        began, began_cpu = time.perf_counter(), time.process_time()
        self._driver.send_message(event)
        await self.painted()
        return Took(1000 * (self._painted_at - began), 1000 * (self._painted_cpu - began_cpu))

    def _look(self) -> None:
        """Whether the newest question, asked since the key, is answered, and no slot waits to be painted."""
        answered = self._asked_before < self._asked == self._answered
        if answered and not self._painted.is_set() and not any(slot._repaint_regions for slot in self.bar.slots):
            self._painted_at, self._painted_cpu = time.perf_counter(), time.process_time()
            self._painted.set()


async def typed(keyboard: Keyboard, messages: Sequence[str], size: tuple[int, int]) -> list[Took]:
    """Type and send the messages; what each letter, space and symbol took."""
    app, took = TimedApp(keyboard), []
    running = asyncio.create_task(app.run_async(size=size))
    await app.painted()
    for message in messages:
        for character in message:
            await asyncio.sleep(_GAP_S)
            took.append(await app.time("space" if character == " " else character, character))
        await asyncio.sleep(_GAP_S)
        await app.time("enter")
    app.exit()
    await running
    return took
