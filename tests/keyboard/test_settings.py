"""The settings file of the keyboard."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from nextword.keyboard.app import KeyboardApp
from nextword.keyboard.settings import KeyboardSettings, Keys
from nextword.keyboard.writing import Writing
from nextword.settings import fields_of


def test_the_documented_file_gives_the_defaults_and_says_what_each_does(tmp_path: Path) -> None:
    text = KeyboardSettings().documented()
    (tmp_path / "keyboard.toml").write_text(text, encoding="utf-8")
    assert KeyboardSettings.from_toml(tmp_path / "keyboard.toml") == KeyboardSettings()
    told = [line for line in text.splitlines() if "  # " in line]
    assert len(told) == sum(field.description is not None for field in fields_of(KeyboardSettings).values())
    assert tomllib.loads(text)["typing"]["auto-space"] is True


def test_every_key_that_can_be_set_is_a_binding() -> None:
    bound = {binding.id for owner in (KeyboardApp, Writing) for binding in owner.BINDINGS}
    assert set(Keys().keymap) <= bound


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("keys.learn=f7", "f7 is to do two things"),
        ("keys.learn=ctl+q", "no key 'ctl.q'; did you mean ctrl.q"),
        ("keys.learn=f77", "no key 'f77'"),
        ("keys.learn=F7", "f7 is to do two things"),
        ("keys.learn=a", "a is for writing"),
        ("keys.learn=", "every action needs a key"),
        ("typing.autospace=true", "did you mean typing.auto-space"),
        ("learning.least-times=0", "at least 1"),
        ("version=2", "version"),
    ],
)
def test_mistakes_are_told_in_one_line(setting: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as error:
        KeyboardSettings().with_settings([setting])
    assert "\n" not in str(error.value)
