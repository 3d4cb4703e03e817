"""A keyboard that knows six words, and how tests use the screen over it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.bar import EMOJI, WordBar
from nextword.keyboard.composer import Habits
from nextword.keyboard.parts import Known, Leaving, Shares, Trained
from nextword.keyboard.settings import KeyboardSettings
from nextword.keyboard.training import TrainingLine
from nextword.keyboard.writing import Writing

WORDS = ["you", "the", "then", "station", "see", "tomorrow"]
Use = Callable[[Pilot[None], "Fake"], Awaitable[None]]


class _Patient(KeyboardApp):
    NOTIFICATION_TIMEOUT = 600  # seconds, however slow the machine


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
    trouble: str = ""
    untrained: int = 0
    steps: int = 3  # of a training
    undone: int = 0
    files: dict[str, dict[str, int]] = field(default_factory=dict)  # who has written in them, and how many messages
    read_files: list[str] = field(default_factory=list)
    learned: list[tuple[str, str]] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    erased: int = 0
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

    def without(self, text: str, word: str) -> str:
        return " ".join(other for other in text.split() if other != word)

    def write(self, form: str) -> None:
        self.changes.append(("write", form))

    def rename(self, word: str, form: str) -> None:
        if word.lower() not in [known.word.lower() for known in self.known if known.times]:
            raise ValueError(f"{word}: not a word that was learned")
        self.changes.append(("rename", f"{word} {form}"))
        self.known = [Known(form, known.times, False) if known.word == word else known for known in self.known]

    def read(self, file: str) -> dict[str, list[str]]:
        self.read_files.append(file)
        if file not in self.files:
            raise FileNotFoundError(2, "No such file or directory", file)
        return {who: [f"{file}/{who}"] * count for who, count in self.files[file].items()}

    def learn(self, messages: Sequence[str]) -> tuple[int, int]:
        file, _, who = messages[0].partition("/")
        known = (file, who) in self.learned
        self.learned.append((file, who))
        new = 0 if known else len(messages)
        self.messages = [*self.messages, *["learned"] * new]
        self.untrained += new
        return new, len(messages) - new

    def export(self, file: str) -> None:
        if file in self.exported:
            raise FileExistsError(17, "File exists", file)
        self.exported.append(file)

    def erase(self) -> None:
        if self.broken:
            raise PermissionError(13, "Permission denied", "/events.jsonl")
        self.erased += 1
        self.messages, self.sent, self.known, self.state, self.untrained = [], [], [], {}, 0

    def leaving(self) -> Leaving:
        return Leaving([("changes of 1,000 weights", 4000)], [("messages: 3", 120)])

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
        app = _Patient(fake, settings)
        async with app.run_test(size=size) as pilot:
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
        if getattr(app.keyboard, "gate", None) is None:
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
    return [slot.word for slot in pilot.app.query_one(WordBar).slots[:EMOJI]]


def shown(pilot: Pilot[None]) -> list[str]:
    return [str(bubble.content) for bubble in pilot.app.query(".sent").results(Static)]


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(*([key] if len(key) > 1 and key.isascii() and key in KEYS else list(key)))
        await settled(pilot)


KEYS = {"tab", "enter", "backspace", "escape", "left", "right", "up", "down", "space", "home", "end"} | {
    *(f"f{number}" for number in range(1, 13)), "delete", "ctrl+j", "ctrl+q", "ctrl+o", "ctrl+b", "ctrl+v", "ctrl+z",
}  # fmt: skip
