"""`nextword type`: the keyboard in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nextword.keyboard.parts import Trained
    from nextword.predictor import Suggestion
    from personalization.learner import Learner


def command(
    profile: Annotated[str, typer.Option(help="whose keyboard; a new one where there is none of that name")] = "me",
    model: Annotated[
        Path | None, typer.Option(help="a checkpoint's folder, or a run's; else the bundled model")
    ] = None,
    profiles_dir: Annotated[Path | None, typer.Option(help="where profiles are kept; else your data folder")] = None,
    autocorrect: Annotated[bool, typer.Option("--autocorrect", help="correct slips; Backspace takes it back")] = False,
    capitals: Annotated[bool, typer.Option(help="begin sentences with a capital, and write I")] = True,
    replay: Annotated[
        str | None,
        typer.Option(help="CORPUS[:USER]: watch a person's test messages type themselves, shared and personalized"),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="where corpora are kept, for --replay")] = None,
    speed: Annotated[float, typer.Option(min=0.5, max=1000, help="of --replay, in keys per second")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="what --replay comes to as JSON alone, no screen")] = False,
) -> None:
    if replay is not None:
        from scripts.replay import replay as show

        return show(replay, model, data_dir, speed, as_json=as_json)
    if as_json:
        raise ValueError("--json: goes with --replay; other programs use 'nextword predict --stdin'")
    if not sys.stdin.isatty():
        raise ValueError("type: there is no terminal to type in; other programs use 'nextword predict --stdin'")
    from nextword import checkpoint
    from nextword.keyboard.app import KeyboardApp
    from nextword.keyboard.composer import Habits
    from personalization.learner import Learner
    from personalization.profile import Profile
    from scripts.profile import folder_of

    folder = folder_of(profile, profiles_dir)
    model = model or checkpoint.BUNDLED
    with Profile(folder) as kept:
        learner = Learner(kept, model / "final" if (model / "final").is_dir() else model)
        KeyboardApp(_Keyboard(profile, learner), Habits(auto_capital=capitals, autocorrect=autocorrect)).run()


class _Keyboard:
    """What the screen is handed (`nextword.keyboard.parts`)."""

    def __init__(self, name: str, learner: Learner) -> None:
        self.name, self.learner = name, learner

    @property
    def messages(self) -> Sequence[str]:
        return self.learner.profile.contents.messages

    def suggest(self, context: str, typed: str) -> Sequence[Suggestion]:
        return self.learner.predictor.suggest(context, typed)

    def send(self, text: str) -> None:
        self.learner.send(text)

    def train(self, progress: Callable[[int, int], None]) -> Trained:
        import torch

        from nextword.keyboard.parts import Shares, Trained

        torch.set_num_threads(1)  # the other cores are for typing
        change = self.learner.train(progress)
        before, after = (Shares(result.top1, result.keystroke_savings) for result in (change.before, change.after))
        return Trained(change.shipped, before, after)

    def undo_training(self) -> None:
        self.learner.undo()

    def block(self, word: str) -> None:
        self.learner.profile.block(word)
