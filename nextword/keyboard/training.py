"""The line that shows while a training goes on: how far it is, and how to stop it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label, ProgressBar

from nextword.keyboard.parts import Trained


class TrainingLine(Horizontal):
    """Shown while it works."""

    def compose(self) -> ComposeResult:
        yield Label("learning your habits, F6 stops it ")
        yield ProgressBar(total=None, show_eta=True)

    def begin(self) -> None:
        self.display = True
        self.query_one(ProgressBar).update(total=None, progress=0)

    def show(self, step: int, steps: int) -> None:
        """Learned once to be judged, then once more to be used; a second pass begins again."""
        self.query_one(ProgressBar).update(total=steps, progress=step)

    def end(self) -> None:
        self.display = False


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
