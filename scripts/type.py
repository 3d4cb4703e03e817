"""`nextword type`: the keyboard in the terminal, or in a browser on this machine."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.text import normalise
from personalization import chats
from personalization.scrubbing import without

if TYPE_CHECKING:
    from nextword.keyboard.parts import Known, Leaving, Trained
    from nextword.keyboard.settings import KeyboardSettings
    from nextword.predictor import Suggestion
    from personalization.learner import Learner


def command(
    profile: Annotated[
        str | None, typer.Option(help="whose keyboard, else me; a new one where there is none of that name")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="a checkpoint's folder, or a run's; else the bundled model")
    ] = None,
    profiles_dir: Annotated[Path | None, typer.Option(help="where profiles are kept; else your data folder")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="a settings file; else keyboard.toml in your configuration folder, where it is")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="one setting, as typing.autocorrect=true")] = None,
    print_settings: Annotated[
        bool, typer.Option("--print-settings", help="print all settings, as a file to begin from, and leave")
    ] = False,
    web: Annotated[bool, typer.Option("--web", help="serve it to a browser on this machine instead")] = False,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="of --web")] = 8765,
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

        if web or print_settings or settings is not None or set_:
            raise ValueError("--replay: shows one person's messages, without settings and not in a browser")
        if profile is not None or profiles_dir is not None:
            raise ValueError("--replay: shows a person of a corpus and takes no profile")
        if not math.isfinite(speed):
            raise ValueError(f"--speed {speed:g}: give keys per second, from 0.5 to 1000")
        return show(replay, model, data_dir, speed, as_json=as_json)
    if as_json:
        raise ValueError("--json: goes with --replay; other programs use 'nextword predict --stdin'")
    from nextword import checkpoint
    from nextword.federation.published import Published
    from scripts.profile import folder_of

    chosen = _settings(settings, set_ or [])
    if print_settings:
        print(chosen.documented(), end="")
        return
    name = "me" if profile is None else profile
    folder = folder_of(name, profiles_dir)
    model = model or checkpoint.BUNDLED
    Published.at(model)  # what is wrong with it is told here, not in a browser
    if web:
        from scripts.web import serve

        serve([argument for argument in sys.argv[1:] if argument != "--web"], port)
        return
    if not sys.stdin.isatty() and "TEXTUAL_DRIVER" not in os.environ:
        raise ValueError("type: there is no terminal to type in; other programs use 'nextword predict --stdin'")
    from nextword.keyboard.app import KeyboardApp
    from personalization.learner import Learner
    from personalization.profile import Profile

    with Profile(folder, least_times=chosen.learning.least_times) as kept:
        app = KeyboardApp(PersonKeyboard(name, Learner(kept, model)), chosen)
        app.run()
    for line in app.untold:
        print(f"nextword: {line}", file=sys.stderr)
    if code := app.return_code or (2 if app.untold else 0):
        raise typer.Exit(code)


def _settings(file: Path | None, changes: Sequence[str]) -> KeyboardSettings:
    import platformdirs

    from nextword.keyboard.settings import KeyboardSettings

    if file is None:
        file = platformdirs.user_config_path("nextword") / "keyboard.toml"
        if not file.is_file():
            return KeyboardSettings().with_settings(changes)
    return KeyboardSettings.from_toml(file).with_settings(changes)


class PersonKeyboard:
    """What the screen is handed (`nextword.keyboard.parts`)."""

    def __init__(self, name: str, learner: Learner) -> None:
        self.name, self.learner, self.profile = name, learner, learner.profile
        self.block, self.unblock = self.profile.block, self.profile.unblock
        self.forget, self.rename, self.write = learner.forget, learner.rename, self.profile.write
        self.read_state, self.undo_training, self.erase = self.profile.read_state, learner.undo, learner.erase

    @property
    def messages(self) -> Sequence[str]:
        return self.profile.contents.messages

    @property
    def untrained(self) -> int:
        return self.learner.untrained

    @property
    def trouble(self) -> str:
        return self.learner.trouble

    def suggest(self, context: str, typed: str) -> Sequence[Suggestion]:
        return self.learner.predictor.suggest(context, typed)

    def letters(self, context: str, typed: str) -> Mapping[str, float]:
        return self.learner.predictor.letters(context, typed)

    def send(self, text: str) -> None:
        self.learner.send(text)

    def train(self, progress: Callable[[int, int], None]) -> Trained:
        import torch

        from nextword.keyboard.parts import Shares, Trained

        torch.set_num_threads(1)  # the other cores are for typing
        change = self.learner.train(progress)
        before, after = (Shares(result.top1, result.keystroke_savings) for result in (change.before, change.after))
        return Trained(change.shipped, before, after)

    def without(self, text: str, word: str) -> str:
        return without(text, normalise(word))

    def words(self, beginning: str, most: int) -> Sequence[Known]:
        from nextword.keyboard.parts import Known

        own, blocked, begun = self.profile.contents.own, self.profile.contents.blocked, normalise(beginning)
        times = dict(own.frequent(most, begun))
        hidden = {word: own.times(word) for word in sorted(blocked) if word.startswith(begun)}
        return [Known(own.written(word) or word, count, word in blocked) for word, count in (hidden | times).items()][
            :most
        ]

    def read(self, file: str) -> Mapping[str, Sequence[str]]:
        return chats.read(Path(file).expanduser())

    def learn(self, messages: Sequence[str]) -> tuple[int, int]:
        return self.learner.take_in(messages)

    def export(self, file: str) -> None:
        self.profile.export(Path(file).expanduser())

    def leaving(self) -> Leaving:
        from nextword.keyboard.parts import Leaving

        return Leaving(*self.learner.leaving())

    def write_state(self, state: Mapping[str, Any]) -> None:
        self.profile.write_state(state)
