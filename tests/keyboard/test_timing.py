"""What is measured from a key to the words for it, and what a key must not cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from nextword.keyboard.timing import TimedApp, typed
from nextword.predictor import Suggestion
from personalization.learner import Learner
from personalization.profile import Profile
from scripts.keyboard_latency import Null

WORDS = ["the", "to", "and", "then", "toast", "you"]


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    with Profile(tmp_path) as profile:
        yield Learner(profile)


class Slow(Null):
    """A keyboard that thinks for a while, and notes what it is asked."""

    def __init__(self, learner: Learner, thinks_s: float, answer: Callable[[str], list[str]]) -> None:
        super().__init__("me", learner)
        self.thinks_s, self.answer = thinks_s, answer
        self.asked: list[tuple[str, str]] = []

    def suggest(self, context: str, typed: str) -> list[Suggestion]:
        self.asked.append((context, typed))
        time.sleep(self.thinks_s)
        return [Suggestion(word, 0.1, "shared") for word in self.answer(typed)]


@pytest.mark.parametrize(
    "answer",
    [
        lambda typed: [word for word in WORDS if word.startswith(typed.lower())],
        lambda typed: [],
        lambda typed: [typed],  # what is in the bar already stays there
    ],
)
def test_a_key_takes_no_less_than_its_words_and_is_asked_about_once(
    learner: Learner, answer: Callable[[str], list[str]]
) -> None:
    keyboard = Slow(learner, 0.08, answer)
    took = asyncio.run(typed(keyboard, ["To be", "so"], (80, 24)))
    assert len(took) == 7
    assert all(each.ms >= 80 and each.cpu_ms > 0 for each in took)
    assert median(each.cpu_ms for each in took) < 80  # the sleep is no work; one key may meet a garbage collection
    assert [asked for asked in keyboard.asked if asked != ("", "")] == [
        ("", "T"),
        ("", "To"),
        ("To ", ""),
        ("To ", "b"),
        ("To ", "be"),
        ("", "S"),
        ("", "So"),
    ]


def test_typing_lays_nothing_out_anew(learner: Learner) -> None:
    layouts: list[object] = []

    async def run() -> None:
        app = TimedApp(Slow(learner, 0, lambda typed: [word for word in WORDS if word.startswith(typed)]))
        running = asyncio.create_task(app.run_async(size=(80, 24)))
        await app.painted()
        app.screen.screen_layout_refresh_signal.subscribe(app, layouts.append)
        for words in ["to then ", "the toast"]:
            layouts.clear()  # a busy machine may still build the screen under the first words
            await asyncio.sleep(0.5)
            for key in words:
                await app.time("space" if key == " " else key, key)
        app.exit()
        await running

    asyncio.run(run())
    assert layouts == []
