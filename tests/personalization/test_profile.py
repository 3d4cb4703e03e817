"""A profile: nobody else reads it, no crash loses it, and what is deleted is gone."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nextword.text import normalise, tokens
from personalization import scrubbing
from personalization.profile import Profile, TakenBack
from personalization.profile_folder import VERSION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles" / "me"


def test_what_was_kept_is_there_again(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.send("Ask Zoque Hall")
        profile.send("   ")
        assert profile.add(["see you at Zoque", "", "ok\u2028fine\x85then \U0001f600"]) == 2
        profile.forget("Hall")
        profile.block("Ok")
        profile.block("fine")
        profile.unblock("FINE")
        profile.write("ZOQUE")
        before = profile.contents
    with Profile(folder) as again:
        assert again.contents.messages == ["Ask Zoque", "see you at Zoque", "ok\u2028fine\x85then \U0001f600"]
        assert again.contents.blocked == {"ok"}
        assert again.contents.own.written("zoque") == "ZOQUE"
        assert "hall" not in again.contents.own
        assert again.contents.own.followers == before.own.followers


def test_only_the_owner_may_read_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        with Profile(folder) as profile:
            profile.send("secret")
            profile.export(folder.parent / "mine.jsonl")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (folder / "events.jsonl", folder.parent / "mine.jsonl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_a_file_cut_anywhere_loses_at_most_the_last_message(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("profile")
    sent = ["see you at the station", "h\u00e9llo \U0001f600", "ok"]
    with Profile(folder) as profile:
        profile.add(sent)
    events = folder / "events.jsonl"
    whole = events.read_bytes()
    events.write_bytes(whole[:cut])
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    with Profile(folder) as again:
        # Without the line's end alone a message is whole.
        assert again.contents.messages == sent[: sum(end - 1 <= cut for end in ends)]
        again.send("later")
    with Profile(folder) as once_more:
        assert once_more.contents.messages[-1] == "later"


def test_a_disk_that_is_full_keeps_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Profile(folder) as profile:
        profile.send("first")

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                profile.send("second")
        assert profile.contents.messages == ["first"]
        profile.send("third")
    with Profile(folder) as again:
        assert again.contents.messages == ["first", "third"]


def test_two_keyboards_do_not_share_a_profile(folder: Path) -> None:
    with Profile(folder), pytest.raises(ValueError, match="another process is at work in this profile"):
        Profile(folder)
    Profile(folder).close()


def test_a_first_start_that_was_cut_off_is_begun_again(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / ".lock").touch()
    (folder / ".profile.json.new").write_bytes(b"{")
    Profile(folder).close()
    assert (folder / "profile.json").is_file()


def test_what_is_erased_is_gone_and_the_profile_goes_on(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.send("Ask Zoque")
        profile.write_state({"draft": "Zoque"})
        profile.erase()
        assert (profile.contents.messages, "zoque" in profile.contents.own) == ([], False)
        assert not any(b"Zoque" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
        profile.send("hello")
    with Profile(folder) as again:
        assert again.contents.messages == ["hello"]


def test_an_export_holds_everything_and_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    with Profile(folder) as profile:
        profile.export(tmp_path / "none.jsonl")
        profile.send("Ask Zoque")
        profile.export(tmp_path / "mine.jsonl")
        assert json.loads((tmp_path / "mine.jsonl").read_text(encoding="utf-8")) == {"sent": "Ask Zoque"}
        with pytest.raises(FileExistsError):
            profile.export(tmp_path / "mine.jsonl")
    assert (tmp_path / "none.jsonl").read_bytes() == b""


@pytest.fixture
def exported(folder: Path, tmp_path: Path) -> Path:
    """Of a profile of which all that can be said of words was said, and with a training."""
    with Profile(folder) as profile:
        profile.take_in(["ask Zoque", "teh train", "see you"])
        profile.send("hall at ten")
        profile.rename("teh", "The")
        profile.forget("hall")
        profile.block("damn")
        profile.write("ZOQUE")
        profile.end_training(profile.begin_training(), 1)
        profile.export(tmp_path / "mine.jsonl")
    return tmp_path / "mine.jsonl"


def _events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_an_export_makes_an_empty_profile_what_the_other_was_but_for_trainings(folder: Path, exported: Path) -> None:
    with Profile(folder) as before, Profile(folder.parent / "other") as other:
        assert other.restore(_events(exported)) == (4, 0)
        assert other.contents == dataclasses.replace(
            before.contents, own=other.contents.own, trainings=[], taken_back={}, tried=0
        )
        assert other.contents.own.followers == before.contents.own.followers
        assert other.contents.own.fixed_forms == before.contents.own.fixed_forms == {"the": "The", "zoque": "ZOQUE"}
        assert other.take_in(["ask Zoque", "teh train", "see you", "later"]) == (1, 3)


def test_an_export_adds_to_its_own_profile_just_what_came_after(folder: Path, exported: Path) -> None:
    with Profile(folder) as profile:
        assert profile.restore(_events(exported)) == (0, 4)
        profile.send("more")
        assert profile.restore(_events(exported)) == (0, 4)
        profile.export(exported.with_name("later.jsonl"))
    with Profile(folder.parent / "other") as other:
        other.restore(_events(exported))
        begun = other.begin_training()
        assert other.restore(_events(exported.with_name("later.jsonl"))) == (1, 4)
        other.check(begun)  # nothing is taken back
        assert other.contents.messages[-1] == "more"


def test_an_export_of_another_profile_adds_its_messages_and_what_was_said_of_words(
    folder: Path, exported: Path
) -> None:
    with Profile(folder.parent / "other") as other:
        other.send("teh hall")
        assert other.restore(_events(exported)) == (4, 0)
        assert other.contents.messages == ["teh hall", "ask Zoque", "The train", "see you", "at ten"]
        assert (other.contents.blocked, other.contents.own.written("zoque")) == ({"damn"}, "ZOQUE")
        before = (folder.parent / "other" / "events.jsonl").read_bytes()
        assert other.restore(_events(exported)) == (0, 4)
        assert (folder.parent / "other" / "events.jsonl").read_bytes() == before


def test_two_profiles_that_went_on_from_one_add_just_what_the_other_has_written_since(
    folder: Path, tmp_path: Path
) -> None:
    old = [f"message {number} of before" for number in range(20)]
    with Profile(folder) as profile, Profile(tmp_path / "other") as other:
        profile.add(old)
        profile.export(tmp_path / "before.jsonl")
        assert other.restore(_events(tmp_path / "before.jsonl")) == (20, 0)
        other.send("typed there")
        profile.send("typed here")
        profile.export(tmp_path / "after.jsonl")
        assert other.restore(_events(tmp_path / "after.jsonl")) == (1, 20)
        assert other.contents.messages == [*old, "typed there", "typed here"]


def test_what_was_forgotten_on_either_side_comes_back_by_no_export(folder: Path, tmp_path: Path) -> None:
    with Profile(folder) as profile, Profile(tmp_path / "other") as other:
        profile.add(f"the Hunter2 of Zoque {number}" for number in range(12))
        profile.write("ZOQUE")
        profile.export(tmp_path / "before.jsonl")
        other.restore(_events(tmp_path / "before.jsonl"))
        other.forget("zoque")
        profile.forget("hunter2")
        profile.export(tmp_path / "after.jsonl")
        assert other.restore(_events(tmp_path / "after.jsonl")) == (0, 12)
        assert other.contents.messages[0] == "the of 0"
        other.send("typed there")
        profile.send("later")
        profile.export(tmp_path / "later.jsonl")
        assert other.restore(_events(tmp_path / "later.jsonl")) == (1, 12)
        assert "zoque" not in other.contents.own.fixed_forms
    written = (tmp_path / "other" / "events.jsonl").read_bytes().lower()
    assert (b"zoque" in written, b"hunter2" in written) == (False, False)


SENT = [("send", text) for text in ("Teh Zoque", "the\nteh  end!", "zoque, the end")]
SAID = [
    *(("forget", word) for word in ("teh", "the", "zoque", "end")),
    *(("rename", words) for words in ("teh The", "the Zoque", "zoque teh", "end zoque")),
    ("write", "ZOQUE"),
]
THERE, HERE = (st.lists(st.sampled_from(steps), max_size=5) for steps in (SENT + SAID, SAID))


def _say(profile: Profile, steps: list[tuple[str, str]]) -> None:
    for step, text in steps:
        word, _, form = text.partition(" ")
        if step != "rename":
            getattr(profile, step)(text)
        elif word in profile.contents.own:
            profile.rename(word, form)


@given(THERE, THERE, HERE, st.booleans())
@example([], [("rename", "teh The")], [], True)
@example([("forget", "the")], [], [], True)
@example([("rename", "the Zoque")], [("rename", "teh the")], [], True)
@example([("write", "ZOQUE")], [("forget", "end")], [("forget", "zoque")], True)
@example([], [("forget", "end")], [("forget", "zoque")], False)
@settings(max_examples=60, deadline=None)
def test_whatever_was_said_of_words_a_later_export_adds_what_was_sent_since_and_no_forgotten_word(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str, str]],
    since: list[tuple[str, str]],
    here: list[tuple[str, str]],
    typed: bool,
) -> None:
    parent = tmp_path_factory.mktemp("profiles")
    sent = [text for step, text in since if step == "send"]
    with Profile(parent / "one") as one, Profile(parent / "other") as other:
        one.add(f"teh end of the zoque {number}" for number in range(12))
        if typed:
            other.send("typed there")
        for steps, name in ((before, "before.jsonl"), (since, "after.jsonl")):
            _say(one, steps)
            one.export(parent / name)
        other.restore(_events(parent / "before.jsonl"))
        _say(other, here)
        known = set(other.contents.own.words)
        assert other.restore(_events(parent / "after.jsonl")).new == len(sent)
        if "rename" not in dict(since):
            assert set(other.contents.own.words) <= known.union(*(tokens(normalise(text)) for text in sent))
        kept = (parent / "other" / "events.jsonl").read_bytes()
        assert other.restore(_events(parent / "after.jsonl")).new == 0
        assert (parent / "other" / "events.jsonl").read_bytes() == kept
    with Profile(parent / "other") as again:
        assert again.restore(_events(parent / "after.jsonl")).new == 0
        assert (parent / "other" / "events.jsonl").read_bytes() == kept


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("profile.json", b'{"version": 99}', "a later nextword"),
        ("profile.json", b"{", "damaged"),
        ("profile.json", b'{"version": 1e999}', "damaged"),
        ("events.jsonl", b'{"sent": "ok"}\n{"flew": 1}\n', r"line 2: an unknown event \['flew'\]"),
        ("events.jsonl", b"\xff\n", "line 1: an unknown event"),
        ("profile.json", b"[" * 100_000, "damaged"),
        ("events.jsonl", b'{"sent": 3}\n', "line 1"),
        ("events.jsonl", b"[" * 100_000 + b"\n", "line 1: an unknown event"),
    ],
)
def test_what_cannot_be_read_is_told_and_left_alone(folder: Path, name: str, content: bytes, told: str) -> None:
    Profile(folder).close()
    (folder / name).write_bytes(content)
    for _ in range(2):
        with pytest.raises(ValueError, match=told):
            Profile(folder)
        assert (folder / name).read_bytes() == content


def test_what_is_no_word_is_refused(folder: Path) -> None:
    with Profile(folder) as profile:
        for act in (profile.forget, profile.block, profile.unblock, profile.write):
            with pytest.raises(ValueError, match="is not one word"):
                act("two words")
        assert not (folder / "events.jsonl").exists()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir(mode=0o755)
    (tmp_path / "docs" / "thesis").write_text("years of work")
    with pytest.raises(ValueError, match="holds other things"):
        Profile(tmp_path / "docs")
    assert [path.name for path in (tmp_path / "docs").iterdir()] == ["thesis"]
    assert stat.S_IMODE((tmp_path / "docs").stat().st_mode) == 0o755
    with Profile(tmp_path / "me") as profile:
        profile.send("hello")
        (tmp_path / "me" / "notes").write_text("mine")
        profile.erase()
    assert (tmp_path / "me" / "notes").read_text() == "mine"


def test_a_forgotten_word_is_no_part_of_what_is_trained_on(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.add(["my Hunter2 is secret", "hunter2!", "hunters2 see"])
        profile.forget("hunter2")
        assert profile.contents.messages == ["my is secret", "!", "hunters2 see"]
        profile.send("hunter2 again")
    with Profile(folder) as again:
        assert again.contents.messages == ["my is secret", "!", "hunters2 see", "hunter2 again"]


def test_a_forgotten_word_is_nowhere_in_what_is_written_down(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.take_in(["my Hunter2 is", "HUNTER2\nhuntre2 it is!", "hunter22", "ok"])
        profile.rename("huntre2", "Hunter2")
        profile.write("hunter2")
        profile.send("caf\u00e9 hunter2")
        profile.forget("Hunter2")
        before = profile.contents
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()
    assert (written.count(b"hunter2"), written.count(b"hunter22"), b"huntre2" in written) == (1, 1, False)
    with Profile(folder) as again:
        assert again.contents.messages == before.messages == ["my is", "it is!", "hunter22", "ok", "caf\u00e9"]
        assert again.contents.own.followers == before.own.followers
        known = ["my Hunter2 is", "HUNTER2\nhuntre2 it is!", "hunter22", "ok"]
        assert again.take_in([*known, "later"]) == (1, 4)
        again.send("hunter2 again")  # it may be learned again
        assert "hunter2" in again.contents.own


def test_a_word_that_a_training_may_know_stays_written_down_alone(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.add(["my Zoque is", "teh end"])
        profile.training_folder(1).mkdir(parents=True)
        profile.end_training(profile.begin_training(), 1)
        profile.rename("teh", "the")
        for word in ("zoque", "the"):
            profile.forget(word)
        before = profile.contents
    events = _events(folder / "events.jsonl")
    assert [event for event in events if "Zoque" in str(event) or "zoque" in str(event)] == [{"forgot": "zoque"}]
    with Profile(folder) as again:
        assert again.contents.taken_back[1][-1] == before.taken_back[1][-1] == ("the", None)
        assert ("zoque", None) in again.contents.taken_back[1]
        assert again.contents.messages == before.messages == ["my is", "end"]
        profile.training_folder(1).rmdir()  # as an older one is, once later ones are in use
        again.forget("end")
    assert {"forgot": "end"} not in _events(folder / "events.jsonl")


def test_a_forgotten_word_is_nowhere_once_no_training_is_kept_that_may_know_it(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.add(["my Hunter2 is secret", "huntre2 again", "ask Zoque", "ok"])
        profile.rename("huntre2", "Hunter2")
        for number, word in ((1, "hunter2"), (2, "zoque")):
            profile.training_folder(number).mkdir(parents=True)
            profile.end_training(profile.begin_training(), number)
            profile.forget(word)
        shutil.rmtree(profile.training_folder(1))  # as an older one is, once later ones are in use
    with Profile(folder) as profile:
        written = (folder / "events.jsonl").read_bytes().lower()
        assert [written.count(word) for word in (b"hunter2", b"huntre2", b"zoque")] == [0, 0, 1]
        profile.drop_training(2)
        assert not profile.training_folder(2).exists()
        assert b"zoque" not in (folder / "events.jsonl").read_bytes().lower()
        before = profile.contents
    with Profile(folder) as again:
        assert again.contents.messages == before.messages == ["my is secret", "again", "ask", "ok"]
        assert again.contents.own.words == before.own.words


def test_a_forgotten_word_is_no_longer_in_the_draft(folder: Path) -> None:
    with Profile(folder) as profile:
        profile.write_state({"draft": "my Pin is Zoque", "hidden": True})
        profile.forget("pin")
        assert profile.read_state() == {"draft": "my is Zoque", "hidden": True}


@given(st.lists(st.sampled_from(
    [
        *(("send", text) for text in ("teh Zoque", "the\nteh end!", "Zoque zoque", "ok", "The  don't")),
        *(("forget", word) for word in ("teh", "the", "zoque")),
        *(("write", word) for word in ("ZOQUE", "The")),
        *(("rename", words) for words in ("teh the", "the Zoque", "zoque teh")),
        ("train", ""),
        ("remove", ""),
        ("undo", ""),
    ]
), max_size=14))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_whatever_was_forgotten_when_the_profile_is_what_it_was_when_it_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("profiles") / "me"
    with Profile(folder) as profile:
        for step, text in steps:
            if step == "train":
                number = max((0, *profile.contents.trainings)) + 1
                profile.training_folder(number).mkdir(parents=True)
                profile.end_training(profile.begin_training(), number)
            elif step == "remove":
                shutil.rmtree(folder / "trainings", ignore_errors=True)
            elif step == "undo":
                if profile.contents.trainings:
                    profile.drop_training(profile.contents.trainings[-1])
            elif step == "rename":
                old, _, new = text.partition(" ")
                if old in profile.contents.own:
                    profile.rename(old, new)
            else:
                getattr(profile, step)(text)
        before = profile.contents
    with Profile(folder) as again:
        found = again.contents
        assert (found.messages, found.trainings, found.blocked) == (before.messages, before.trainings, before.blocked)
        assert found.own.words == before.own.words
        assert found.own.fixed_forms == before.own.fixed_forms
        assert {w: found.own.written(w) for w in found.own.words} == {
            w: before.own.written(w) for w in before.own.words
        }
        for context in before.own.followers | found.own.followers:
            assert dict(found.own.top(context, 9, "")) == pytest.approx(dict(before.own.top(context, 9, "")))


def test_an_export_of_before_a_word_was_forgotten_is_known_again(folder: Path, tmp_path: Path) -> None:
    with Profile(folder) as profile:
        profile.take_in(["my Zoque is", "teh end", "ok"])
        profile.rename("teh", "the")
        profile.write("ZOQUE")
        profile.export(tmp_path / "before.jsonl")
        profile.forget("zoque")
        profile.forget("the")
        written = (folder / "events.jsonl").read_bytes()
        assert profile.restore(_events(tmp_path / "before.jsonl")) == (0, 3)
        assert (folder / "events.jsonl").read_bytes() == written


def test_a_word_forgotten_before_an_export_is_forgotten_where_it_is_taken_in(folder: Path, tmp_path: Path) -> None:
    with Profile(folder) as profile:
        profile.add(["my Zoque is", "teh end", "ok"])
        shutil.copytree(folder, tmp_path / "other")
        profile.forget("zoque")
        profile.send("later")
        profile.export(tmp_path / "after.jsonl")
    with Profile(tmp_path / "other") as other:
        other.end_training(other.begin_training(), 1)
        assert other.restore(_events(tmp_path / "after.jsonl")) == (1, 3)
        assert "zoque" not in other.contents.own
        assert other.contents.messages == profile.contents.messages == ["my is", "teh end", "ok", "later"]
        assert other.contents.trainings == [1]
        before = other.contents
    assert b"Zoque" not in (tmp_path / "other" / "events.jsonl").read_bytes()
    with Profile(tmp_path / "other") as again:
        assert again.contents.messages == before.messages


def test_what_was_cut_off_while_it_was_written_is_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Profile(folder) as profile:
        profile.add(["my Zoque is", "ok"])
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", full)
            with pytest.raises(OSError, match="No space left"):
                profile.forget("ok")
        assert [path.name for path in folder.glob(".*")] == [".lock"]
        assert profile.contents.messages == ["my Zoque is", "ok"]
    left = folder / "trainings" / ".1-00ff"
    left.mkdir(parents=True)
    (left / "near_contexts.safetensors").write_bytes(b"Zoque")
    (folder / ".events.jsonl.new").write_bytes(b"Zoque")
    with Profile(folder) as again:
        assert not list((folder / "trainings").iterdir())
        assert [path.name for path in folder.glob(".*")] == [".lock"]
        (folder / ".events.jsonl.new").write_bytes(b"Zoque")
        again.erase()
    assert not any(b"Zoque" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("text", "word", "left"),
    [
        ("Hey, that's great!\nSee you at 3.30pm (maybe)...", "a", "Hey, that's great!\nSee you at 3.30pm (maybe)..."),
        ("Hey Zoque, see you (Zoque)", "zoque", "Hey, see you ()"),
        ("Zoque zoque ok", "zoque", "ok"),
        (
            "\u039a\u0391\u039b\u03a9\u03a3.\u03b7 \u039a\u0391\u039b\u03a9\u03a3",
            "\u03ba\u03b1\u03bb\u03c9\u03c3",
            ".\u03b7 \u039a\u0391\u039b\u03a9\u03a3",
        ),
    ],
)
def test_a_message_without_a_word_is_the_rest_of_it_as_it_was_written(text: str, word: str, left: str) -> None:
    assert word in tokens(normalise(text)) or left == text
    assert scrubbing.without(text, word) == left


def test_how_the_screen_was_left_is_kept_and_a_damaged_file_is_none(folder: Path) -> None:
    with Profile(folder) as profile:
        assert profile.read_state() == {}
        profile.write_state({"draft": "half \U0001f355"})
    with Profile(folder) as again:
        assert again.read_state() == {"draft": "half \U0001f355"}
        for damaged in (b"", b"[1]", b"\xff", b"{"):
            (folder / "state.json").write_bytes(damaged)
            assert again.read_state() == {}


def test_words_sent_too_seldom_are_not_learned_however_the_profile_is_opened(folder: Path) -> None:
    with Profile(folder, least_times=2) as profile:
        profile.send("ask zoque")
        assert "zoque" not in profile.contents.own
        profile.send("ask zoque")
        assert "zoque" in profile.contents.own
    with Profile(folder, least_times=3) as stricter:
        assert "zoque" not in stricter.contents.own


def test_a_keyboard_that_is_killed_loses_nothing_that_was_kept(folder: Path) -> None:
    code = (
        "import itertools, sys; from pathlib import Path; from personalization.profile import Profile\n"
        f"profile = Profile(Path({str(folder)!r}))\n"
        "for number in itertools.count(): profile.send(f'message {number}'); print(number, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as keyboard:
        assert keyboard.stdout is not None
        kept = [int(keyboard.stdout.readline()) for _ in range(200)]
        keyboard.kill()
        kept += [int(line) for line in keyboard.stdout if line.strip().isdigit()]
    with Profile(folder) as again:
        assert again.contents.messages[: len(kept)] == [f"message {number}" for number in kept]
        assert len(again.contents.messages) - len(kept) in (0, 1)  # one may be on disk and not yet told


def test_a_renamed_word_is_the_other_in_all_that_is_kept_and_gone_until_it_is_typed(folder: Path) -> None:
    sent = ["teh train", "ask  Teh,\nor TEH!", "Teh  end", "other \u201ctext\u201d", "tehran is not teh"]
    with Profile(folder) as profile:
        profile.add(sent)
        profile.forget("end")
        profile.rename("Teh", "the")
        corrected = ["the train", "ask The,\nor THE!", "The", "other \u201ctext\u201d", "tehran is not the"]
        assert profile.contents.messages == corrected
        shutil.copytree(folder, killed := folder.parent / "killed")  # as the keyboard would leave it if it were
    with Profile(killed) as again:
        assert again.contents.messages == corrected
        assert "teh" not in again.contents.own
    with Profile(folder) as again:
        own = again.contents.own
        assert again.contents.messages == corrected
        assert "teh" not in own
        assert own.times("the") == pytest.approx(5, rel=1e-2)
        with pytest.raises(ValueError, match="teh: not a word that was learned"):
            again.rename("teh", "the")
        with pytest.raises(ValueError, match="is not one word"):
            again.rename("the", "two words")
        again.send("teh again")
        assert "teh" in own
        assert "the" in own


WORDS = st.lists(
    st.lists(st.sampled_from(["teh", "Teh", "the", "go", "Zoque", "!"]), min_size=1, max_size=5), max_size=8
)


@given(WORDS, WORDS)
@settings(max_examples=40, deadline=None)
def test_a_renamed_word_leaves_what_corrected_messages_would(
    tmp_path_factory: pytest.TempPathFactory, before: list[list[str]], after: list[list[str]]
) -> None:
    parent = tmp_path_factory.mktemp("profiles")
    named = {"teh": "the", "Teh": "The"}
    if not any(word in named for message in before for word in message):
        before = [*before, ["teh"]]
    with Profile(parent / "renamed") as profile:
        profile.add(" ".join(message) for message in before)
        profile.rename("teh", "the")
        profile.add(" ".join(message) for message in after)
    with Profile(parent / "corrected") as profile:
        profile.add(" ".join(named.get(word, word) for word in message) for message in before)
        profile.write("the")
        profile.add(" ".join(message) for message in after)
    with Profile(parent / "renamed") as renamed, Profile(parent / "corrected") as corrected:
        assert renamed.contents.messages == corrected.contents.messages
        ours, theirs = renamed.contents.own, corrected.contents.own
        assert ours.words == theirs.words
        assert {word: ours.written(word) for word in ours.words} == {word: theirs.written(word) for word in ours.words}
        for context in theirs.followers:
            assert dict(ours.top(context, 9, "")) == pytest.approx(dict(theirs.top(context, 9, "")))


@given(st.text(alphabet="aß İé'T\n \u0130\u2028.<#>-\u0301", max_size=20), st.sampled_from(["a", "aß", "t", "é"]))
def test_renaming_changes_one_word_of_a_message_and_nothing_else(text: str, word: str) -> None:
    found = tokens(normalise(text))
    renamed = scrubbing.renamed(text, word, "Straße")
    assert tokens(normalise(renamed)) == ["straße" if token == word else token for token in found]
    if word not in found:
        assert renamed == text


@given(
    st.text(alphabet="aAb B`'\u2019\t\n\x00\u212b\u0130\u200b", max_size=9),
    st.text(alphabet="aab'åi\u0307", min_size=1, max_size=3),
)
@example("don`t", "don't")
def test_a_word_that_a_message_lacks_is_told_as_by_normalising_it(text: str, word: str) -> None:
    assert scrubbing.lacks(text, word) == (word not in normalise(text))


def test_a_plain_message_without_the_word_is_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or opening a profile of many messages takes twice as long for each word that was forgotten."""
    monkeypatch.setattr(scrubbing, "normalise", None)
    assert scrubbing.without("See you, at TEN.", "teh") == "See you, at TEN."
    assert scrubbing.renamed("See you, at TEN.", "teh", "the") == "See you, at TEN."


def test_a_profile_of_before_opens_and_is_of_this_version_once_it_holds_what_is_new(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "profile.json").write_text('{"version": 1}')
    (folder / "events.jsonl").write_text('{"sent": "teh end"}\n')
    with Profile(folder) as profile:
        profile.send("more")
        assert json.loads((folder / "profile.json").read_text()) == {"version": 1}
        profile.rename("teh", "the")
        assert json.loads((folder / "profile.json").read_text()) == {"version": VERSION}
    with Profile(folder) as again:
        assert again.contents.messages == ["the end", "more"]


@pytest.mark.parametrize("how", ["forget", "rename", "erase"])
def test_what_was_learned_from_what_is_taken_back_is_not_used(folder: Path, how: str) -> None:
    with Profile(folder) as profile:
        profile.send("ask Zoque")
        begun = profile.begin_training()
        profile.send("more")
        profile.block("more")
        profile.write("ASK")
        profile.check(begun)
        {"forget": profile.forget, "rename": lambda word: profile.rename(word, "Bugis")}.get(
            how, lambda _: profile.erase()
        )("zoque")
        for number in (None, 1):
            with pytest.raises(TakenBack, match="this training changes nothing; begin another"):
                profile.end_training(begun, number)
        assert (profile.contents.trainings, profile.contents.tried) == ([], 0)
        profile.end_training(profile.begin_training(), 1)
    with Profile(folder) as again:
        assert (again.contents.trainings, again.contents.tried) == ([1], 0 if how == "erase" else 2)


def test_what_cannot_be_deleted_is_told_and_the_messages_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Profile(folder) as profile:
        profile.send("Ask Zoque")
        profile.training_folder(1).mkdir(parents=True)

        def refuse(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        with monkeypatch.context() as patch:
            patch.setattr("shutil.rmtree", refuse)
            with pytest.raises(PermissionError):
                profile.erase()
        assert profile.contents.messages == ["Ask Zoque"]
        profile.erase()
        assert sorted(path.name for path in folder.iterdir()) == [".lock", "profile.json"]


def test_an_export_that_fails_leaves_no_half_of_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Profile(folder) as profile:
        profile.send("Ask Zoque")

        def unreadable(path: Path) -> bytes:
            raise OSError(5, "Input/output error", str(path))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", unreadable)
            with pytest.raises(OSError, match="Input/output"):
                profile.export(tmp_path / "mine.jsonl")
        assert not (tmp_path / "mine.jsonl").exists()
        profile.export(tmp_path / "mine.jsonl")
