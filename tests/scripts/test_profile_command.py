"""`nextword profile`: a person's data in their hands."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nextword.keyboard.app import KeyboardApp
from personalization.profile import Profile
from personalization.scrubbing import STAND_IN

Do = Callable[..., Any]


@pytest.fixture
def do(nextword: Do, tmp_path: Path) -> Do:
    def run(*arguments: Any) -> Any:
        return nextword("profile", *arguments, "--profiles-dir", tmp_path / "profiles")

    return run


def test_messages_go_in_are_seen_and_come_out(do: Do, tmp_path: Path) -> None:
    assert "none yet" in do("list").out
    (tmp_path / "mine.txt").write_text("\ufeffAsk Zoque\n\nsee Zoque and Bugis\n", encoding="utf-8")
    assert do("import", tmp_path / "mine.txt").out == "2 messages learned, 2 in all\n"
    assert do("list").out == "me\n"
    assert "Zoque" in do("words", "Z").out
    assert do("block", "BUGIS").code == do("forget", "zoque").code == do("write", "SEE").code == 0
    told = do("words").out
    assert "Zoque" not in told
    assert "SEE" in told
    assert "never offered: bugis" in told
    assert do("unblock", "bugis").code == 0
    assert "never" not in do("words").out
    assert do("export", tmp_path / "out.jsonl").code == 0
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0]) == {
        "sent": f"Ask {STAND_IN}",
        "import": 1,
    }
    assert do("erase", "--yes").out == "me: 2 messages deleted; the profile goes on, empty\n"
    with Profile(tmp_path / "profiles" / "me") as profile:
        assert profile.contents.messages == []


def test_an_export_is_taken_back(do: Do, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Ask Zoque\nsee Bugis\n", encoding="utf-8")
    do("import", tmp_path / "mine.txt")
    do("block", "bugis")
    do("export", tmp_path / "out.jsonl")
    told = do("words").out
    assert "nothing new" in do("import", tmp_path / "out.jsonl").out
    do("erase", "--yes")
    assert do("import", tmp_path / "out.jsonl").out == "2 messages learned, 2 in all\n"
    assert do("words").out == told
    (tmp_path / "out.jsonl").write_text('{"text": "hello"}\n', encoding="utf-8")
    other = do("import", tmp_path / "out.jsonl")
    assert (other.code, "JSON lines, not a text" in other.err, other.err.count("\n")) == (2, True, 1)


def test_what_is_kept_is_told_to_programs_as_json(do: Do, tmp_path: Path) -> None:
    parent = str(tmp_path / "profiles")
    assert json.loads(do("list", "--json").out) == {"profiles_dir": parent, "profiles": []}
    (tmp_path / "mine.txt").write_text("ask Zoque\n", encoding="utf-8")
    do("import", tmp_path / "mine.txt")
    do("block", "ask")
    assert json.loads(do("list", "--json").out)["profiles"] == ["me"]
    assert json.loads(do("words", "Z", "--json").out) == {"words": [{"word": "Zoque", "times": 1}], "never_offered": []}
    assert json.loads(do("words", "--json").out)["never_offered"] == ["ask"]
    assert len(json.loads(do("words", "--json", "--most", 1).out)["words"]) == 1


def test_a_file_that_has_grown_is_known_by_three_messages(do: Do, tmp_path: Path) -> None:
    """As the help says: two that begin alike may be two files."""
    assert "three different messages or more" in " ".join(do("import", "--help").out.split())
    for before, after, told in (
        (2, 3, "3 messages learned, 5 in all"),
        (3, 4, "1 message learned, 6 in all; 3 before"),
    ):
        for lines in (before, after):
            (tmp_path / "mine.txt").write_text("".join(f"message {n}\n" for n in range(lines)), encoding="utf-8")
            out = do("import", tmp_path / "mine.txt").out
        assert told in out


def test_one_message_is_one(do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").write_text("hello\n", encoding="utf-8")
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("typer.confirm", agree)
    told = [
        do("import", tmp_path / "mine.txt").out,
        do("export", tmp_path / "out.jsonl").out,
        do("erase").out,
    ]
    assert told[0] == "1 message learned, 1 in all\n"
    assert "1 message," in told[1]
    assert told[2] == "me: 1 message deleted; the profile goes on, empty\n"
    assert asked == ["Delete 1 message and all that was learned?"]


def test_of_a_chat_only_ones_own_messages_are_learned(do: Do, tmp_path: Path) -> None:
    chat = tmp_path / "chat.txt"
    chat.write_text("31/12/2023, 22:15 - Ann: hello\n31/12/2023, 22:16 - Ben: ok\n", encoding="utf-8")
    unsaid = do("import", chat)
    assert (unsaid.code, "which of these is you: Ann, Ben" in unsaid.err) == (2, True)
    assert do("import", chat, "--who", "Ben").code == 0
    with Profile(tmp_path / "profiles" / "me") as profile:
        assert profile.contents.messages == ["ok"]


def test_a_word_is_renamed(do: Do, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("teh train\nTeh end\n", encoding="utf-8")
    do("import", tmp_path / "mine.txt")
    renamed = do("rename", "Teh", "the")
    assert (renamed.code, renamed.out) == (0, "Teh: counted as the from now on\n")
    assert "teh" not in do("words").out
    with Profile(tmp_path / "profiles" / "me") as profile:
        assert profile.contents.messages == ["the train", "The end"]


def test_mistakes_are_told_in_one_line_and_change_nothing(do: Do, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("hello\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    do("import", tmp_path / "plain.txt")
    (tmp_path / "profiles" / "docs").mkdir()
    cases = {
        ("import", tmp_path / "plain.txt", "--who", "Ann"): "no chat with names",
        ("import", tmp_path / "binary"): "not a text in UTF-8",
        ("import", tmp_path / "nowhere"): "No such file",
        ("forget", "unknown"): "not a word that was learned",
        ("rename", "unknown", "hello"): "not a word that was learned",
        ("rename", "hello", "two words"): "is not one word",
        ("import", tmp_path / "plain.txt", "--profile", "two words"): "a name of letters",
        ("unblock", "hello"): "not among the words",
        ("block", "two words"): "is not one word",
        ("words", "--profile", "other"): "no such profile",
        ("erase", "--yes", "--profile", "docs"): "no such profile",
        ("export", tmp_path / "plain.txt"): "File exists",
    }
    for arguments, told in cases.items():
        outcome = do(*arguments)
        assert outcome.code == 2, arguments
        assert told in outcome.err
        assert outcome.err.count("\n") == 1
    with Profile(tmp_path / "profiles" / "me") as profile:
        assert profile.contents.messages == ["hello"]


@pytest.mark.parametrize(("file", "content"), [("profile.json", b""), ("profile.json", b"{"), ("events.jsonl", b"?\n")])
def test_a_damaged_profile_is_deleted_as_any_other(
    nextword: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: bytes
) -> None:
    def do(*arguments: str) -> Any:
        return nextword("profile", *arguments, "--profiles-dir", "its profiles")

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "its profiles" / "me"
    with Profile(folder) as profile:
        profile.send("a secret")
        profile.write_state({"draft": "a secret"})
        profile.training_folder(1).mkdir(parents=True)
        (folder / file).write_bytes(content)
        taken = do("erase", "--yes")  # by the keyboard that is open
        assert (taken.code, "another process" in taken.err) == (2, True)
        assert profile.training_folder(1).exists()
    told = do("words")
    assert (told.code, told.err.count("\n")) == (2, 1)
    _, _, advice = told.err.partition("or delete all that is kept: nextword ")
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda question: asked.append(question))
    assert nextword(*shlex.split(advice)).code == 1
    assert file in asked[0]
    assert "profile erase" not in asked[0]
    assert profile.training_folder(1).exists()
    assert do("erase", "--yes").out == "me: all deleted\n"
    assert {path.name for path in folder.iterdir()} == {"profile.json", ".lock"}
    with Profile(folder) as again:
        assert again.contents.messages == []
    assert do("erase", "--yes").out == "me: 0 messages deleted; the profile goes on, empty\n"


def test_a_deletion_that_fails_once_the_keyboard_is_left_is_told(
    nextword: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave(app: KeyboardApp) -> None:
        async with app.run_test() as pilot:
            await pilot.press("ctrl+o", "tab", "tab", "m", "e", "enter", "ctrl+q")

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", "events.jsonl")

    folder = tmp_path / "profiles"
    with Profile(folder / "me") as profile:
        profile.send("a secret")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(KeyboardApp, "run", lambda app: asyncio.run(leave(app)))
    with monkeypatch.context() as patch:
        patch.setattr("personalization.profile.delete_all", refuse)
        told = nextword("type", "--profiles-dir", folder)
    assert (told.code, told.err) == (2, "nextword: events.jsonl: Permission denied\n")
    assert (nextword("type", "--profiles-dir", folder).code, (folder / "me" / "events.jsonl").exists()) == (0, False)


def test_what_a_later_version_keeps_is_not_deleted_by_one_that_does_not_know_it(do: Do, tmp_path: Path) -> None:
    folder = tmp_path / "profiles" / "me"
    Profile(folder).close()
    (folder / "profile.json").write_text('{"version": 99}', encoding="utf-8")
    (folder / "events.jsonl").write_text('{"sung": "la"}\n', encoding="utf-8")
    told = do("erase", "--yes")
    assert (told.code, "a later nextword" in told.err) == (2, True)
    assert (folder / "events.jsonl").is_file()
