"""The keyboard's settings: what a person may change in a file of their own, each with its default and what it does."""

from __future__ import annotations

import difflib
from collections import Counter
from string import ascii_lowercase
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from textual.keys import Keys as TextualKeys

from nextword.keyboard.composer import Habits
from nextword.settings import AtLeastOne, Section, Settings, setting

_HELD = {"ctrl", "shift", "alt", "super"}
_PRESSED = {key.value for key in TextualKeys if "+" not in key.value and not key.value.startswith("<")}


def _keys(written: str) -> list[str]:
    return [key.strip().lower() for key in written.split(",")]


class Look(Section):
    """What is shown."""

    theme: str = setting("", "a theme to begin with, of the palette; empty: the one picked last")
    ghost: bool = setting(True, "what is missing of the best word, behind the cursor")
    emoji: bool = setting(True, "an emoji beside the bar for a word that has one")


class Learning(Section):
    """What is learned when."""

    least_times: AtLeastOne = setting(1, "how often a word is sent before your own words have it")
    train_after: Annotated[int, Field(ge=0)] = setting(0, "messages after which a training begins; 0: when asked")
    drafts: bool = setting(True, "what is not sent yet is written down, to be there again after a restart")


class Keys(Section):
    """Which key does what; several are separated by commas."""

    send: str = "enter"
    new_line: str = "ctrl+j,shift+enter"
    accept: str = "tab"
    left: str = "f2"
    middle: str = "f3"
    right: str = "f4"
    emoji: str = "f5"
    help: str = "f1"
    learn: str = "f6"
    insight: str = "f7"
    hide_word: str = "f8"
    incognito: str = "f9"
    words: str = "f10"
    data: str = setting("ctrl+o", "your data: take in, take out, delete")
    keys: str = setting("f12", "the keys on the screen")
    leave: str = "ctrl+q"

    @model_validator(mode="after")
    def _one_thing_each(self) -> Self:
        used = Counter(key for keys in self.model_dump().values() for key in _keys(keys))
        twice = [key for key, times in used.items() if times > 1]
        if twice:
            raise ValueError(f"keys: {twice[0] or 'no key'} is to do two things; give each a key of its own")
        if used[""]:
            raise ValueError("keys: every action needs a key")
        if letters := [key for key in used if len(key) == 1 or key in ("space", "backspace")]:
            raise ValueError(f"keys: {letters[0]} is for writing; take another key, as ctrl+g")
        for key in used:
            *held, pressed = key.split("+")
            if not set(held) <= _HELD or (len(pressed) > 1 and pressed not in _PRESSED):
                near = difflib.get_close_matches(key, _PRESSED | {f"ctrl+{letter}" for letter in ascii_lowercase}, n=1)
                raise ValueError(f"keys: there is no key {key!r}" + (f"; did you mean {near[0]}?" if near else ""))
        return self

    def first(self, name: str) -> str:
        """The key of an action, or the first of several."""
        return self.keymap[name].partition(",")[0]

    @property
    def keymap(self) -> dict[str, str]:
        """The keys by the identifiers of the bindings."""
        return {name.replace("_", "-"): ",".join(_keys(keys)) for name, keys in self.model_dump().items()}


class KeyboardSettings(Settings):
    """Everything that can be set."""

    version: Literal[1] = 1
    typing: Habits = Habits()
    look: Look = Look()
    learning: Learning = Learning()
    keys: Keys = Keys()
