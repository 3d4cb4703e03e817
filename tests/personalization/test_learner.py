"""What a keyboard learns, and how it is taken back."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from nextword import checkpoint
from nextword.federation.ngrams import LEVELS, Growth, Sketching
from nextword.layers import Trusted
from nextword.model import LanguageModel
from nextword.near_contexts import ModelStates, NearContexts
from nextword.vocabulary import Vocabulary
from personalization import chats
from personalization.gate import NOTHING
from personalization.learner import FEWEST, Learner
from personalization.profile import Profile, TakenBack
from personalization.trust import OWN, PRIORS


class Cancelled(Exception):
    """As the screen raises one of its own."""


HABITS = [f"Meet you at Zoque {word}" for word in ("then", "again", "tomorrow", "ok", "please", "haha")] * 7


@pytest.fixture
def shared(model: LanguageModel, vocabulary: Vocabulary, tmp_path: Path) -> Path:
    checkpoint.save(tmp_path / "shared", model, vocabulary)
    return tmp_path / "shared"


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with Profile(tmp_path / "me") as profile:
        yield profile


def _first(keyboard: Learner) -> tuple[str, str]:
    found = keyboard.predictor.suggest("meet you at")[0]
    return found.word, found.source


def test_a_word_is_offered_once_it_was_sent_and_after_a_restart(profile: Profile, shared: Path) -> None:
    keyboard = Learner(profile, shared)
    for _ in range(3):
        keyboard.send("Meet you at Zoque")
    assert _first(keyboard) == ("Zoque", "own")
    assert _first(Learner(profile, shared)) == ("Zoque", "own")
    profile.forget("Zoque")
    assert _first(keyboard)[0] != "Zoque"
    for _ in range(3):
        keyboard.send("Meet you at Zoque")
    profile.block("zoque")
    assert "Zoque" not in [s.word for s in keyboard.predictor.suggest("meet you at", "zo")]
    profile.unblock("zoque")
    profile.write("ZoQue")
    assert _first(keyboard)[0] == "ZoQue"


def test_an_export_is_taken_in_as_what_it_was(profile: Profile, shared: Path, tmp_path: Path) -> None:
    with Profile(tmp_path / "before") as before:
        before.add(["Meet you at Zoque"] * 3)
        before.block("you")
        before.export(tmp_path / "mine.jsonl")
    keyboard = Learner(profile, shared)
    [messages] = chats.read(tmp_path / "mine.jsonl").values()
    assert keyboard.take_in(messages) == (3, 0)
    assert _first(keyboard) == ("Zoque", "own")
    assert "you" not in [found.word for found in keyboard.predictor.suggest("meet", "y")]
    assert keyboard.take_in(messages) == (0, 3)


def test_own_words_are_trusted_the_more_the_more_was_sent(profile: Profile, shared: Path) -> None:
    keyboard = Learner(profile, shared)

    def trust() -> float:
        (layer,) = keyboard.predictor.layers
        assert isinstance(layer, Trusted)
        assert layer.layer is profile.contents.own
        return layer.trust

    seen = [trust()]
    for number in (1, 4, 15, 80):
        keyboard.add(f"message {number} {i}" for i in range(number))
        seen.append(trust())
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[2] < seen[3] < seen[4] < PRIORS[OWN].trust
    again = Learner(profile, shared).predictor.layers[0]
    assert isinstance(again, Trusted)
    assert again.trust == seen[-1]


def test_a_training_that_wins_is_used_kept_and_undone(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    untrained = keyboard.predictor
    steps: list[tuple[int, int]] = []
    change = keyboard.train(lambda step, of: steps.append((step, of)))
    assert change.shipped
    assert change.after.top1_hits > change.before.top1_hits
    about = checkpoint.read_config(profile.training_folder(1))["about"]
    assert len([step for step, of in steps if step == 1 < of]) == 4 + bool(about["way"])  # to judge by, and to use
    assert keyboard.trained == 1
    assert keyboard.predictor is not untrained
    assert _first(keyboard)[0] == "Zoque"
    assert Learner(profile, shared).trained == 1
    assert about["messages"] == len(HABITS)
    keyboard.train()
    assert keyboard.trained == 2
    keyboard.undo()
    assert keyboard.trained == 1
    keyboard.undo()
    assert (keyboard.trained, keyboard.predictor.source) == (None, "shared")
    with pytest.raises(ValueError, match="no training to undo"):
        keyboard.undo()
    assert Learner(profile, shared).trained is None


def test_a_training_that_is_cancelled_changes_nothing(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    before = keyboard.predictor

    def stop(step: int, steps: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        keyboard.train(stop)
    assert (keyboard.trained, keyboard.predictor) == (None, before)
    assert not (profile.folder / "trainings").exists()


def test_a_short_history_is_not_trained_on(profile: Profile, shared: Path) -> None:
    profile.add(["see you"] * (FEWEST - 1))
    with pytest.raises(ValueError, match=f"{FEWEST} messages or more; there are {FEWEST - 1} yet"):
        Learner(profile, shared).train()
    profile.erase()
    profile.send("see you")
    with pytest.raises(ValueError, match="there is 1 yet"):
        Learner(profile, shared).train()


def test_nothing_ships_where_nothing_wins(profile: Profile, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile.add(HABITS)
    monkeypatch.setattr("personalization.stack.judge", lambda *_: NOTHING)
    keyboard = Learner(profile, shared)
    change = keyboard.train()
    assert (change.shipped, keyboard.trained) == (False, None)
    assert change.after.words == change.before.words > 0


def test_messages_sent_while_it_trains_are_kept_and_learned(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    begun, go_on = threading.Event(), threading.Event()

    def wait(step: int, steps: int) -> None:
        begun.set()
        assert go_on.wait(60)

    worker = threading.Thread(target=keyboard.train, args=(wait,))
    worker.start()
    assert begun.wait(60)
    for _ in range(9):
        keyboard.send("look at Bugis")
    assert keyboard.predictor.suggest("look at")[0].word == "Bugis"
    go_on.set()
    worker.join()
    assert keyboard.trained == 1
    assert keyboard.predictor.suggest("look at")[0].word == "Bugis"


def test_old_trainings_are_removed(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    for _ in range(4):
        keyboard.train()
    assert sorted(path.name for path in (profile.folder / "trainings").iterdir()) == ["3", "4"]


def test_a_training_over_another_shared_model_is_not_used(
    profile: Profile, shared: Path, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    profile.add(HABITS)
    Learner(profile, shared).train()
    other = LanguageModel(checkpoint.read(shared).config).initialise(9)
    checkpoint.save(tmp_path / "other", other, vocabulary)
    assert Learner(profile, tmp_path / "other").trained is None
    assert Learner(profile, shared).trained == 1


def test_messages_without_words_judge_nothing(profile: Profile, shared: Path) -> None:
    profile.add([*HABITS, *[":)"] * 5])
    assert Learner(profile, shared).train().before.words > 0
    profile.add([":)"] * 200)
    with pytest.raises(ValueError, match="the newest have none"):
        Learner(profile, shared).train()


def test_a_training_is_stopped_up_to_the_end(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)

    def stop_at_the_end(step: int, steps: int) -> None:
        if steps == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        keyboard.train(stop_at_the_end)
    assert keyboard.trained is None


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "near_contexts.safetensors"])
def test_a_damaged_training_does_not_keep_anybody_from_typing(profile: Profile, shared: Path, file: str) -> None:
    profile.add(HABITS)
    Learner(profile, shared).train()
    (profile.training_folder(1) / file).write_bytes(b"{")
    keyboard = Learner(profile, shared)
    assert (keyboard.trained, keyboard.predictor.source) == (None, "shared")
    keyboard.train()
    assert keyboard.trained == 2


def test_a_training_that_was_removed_between_starts_is_not_used(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    keyboard.train()
    keyboard.train()
    shutil.rmtree(profile.training_folder(2))
    keyboard = Learner(profile, shared)
    assert keyboard.trained == 1
    keyboard.undo()
    assert (keyboard.trained, keyboard.predictor.source) == (None, "shared")


def test_what_a_training_holds_is_read_when_it_is_loaded_and_not_at_each_message(
    profile: Profile, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.add(HABITS)
    Learner(profile, shared).train()
    keyboard = Learner(profile, shared)
    _, kept = keyboard.leaving()
    files = list(profile.training_folder(1).iterdir())
    assert kept[2] == ("what was trained on them", sum(len(path.read_bytes()) for path in files))
    read: list[str] = []
    monkeypatch.setattr(Path, "open", lambda path, *_, **__: read.append(path.name))
    keyboard.send("hello")
    assert keyboard.leaving()[1][2] == kept[2]
    assert (keyboard.trained, read) == (1, [])


def test_what_is_new_since_the_last_training_is_counted_whatever_that_came_to(profile: Profile, shared: Path) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    assert keyboard.untrained == len(HABITS)
    keyboard.train()
    assert keyboard.untrained == 0
    keyboard.send("hello")
    assert Learner(profile, shared).untrained == 1


def test_messages_too_few_to_train_on_are_no_reason_to_train(profile: Profile, shared: Path) -> None:
    profile.add(["see you"] * (FEWEST - 1))
    keyboard = Learner(profile, shared)
    assert keyboard.untrained == 0
    keyboard.send("see you")
    assert keyboard.untrained == FEWEST


def test_what_would_leave_is_the_size_of_an_update_and_what_stays_is_told(
    profile: Profile, shared: Path, model: LanguageModel
) -> None:
    profile.send("h\u00e9llo zoque")
    sent, kept = Learner(profile, shared).leaving()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert sent[0] == (f"changes of {parameters:,} weights", 4 * parameters)
    growth = Growth(checkpoint.read(shared).vocabulary)
    sketching = Sketching(seed=0)
    sketch = sketching.sketch(np.zeros((0, 2), np.int64), growth.level, growth.parents, growth.symbols)
    assert sent[1][1] == LEVELS * sketch.nbytes
    assert kept[:2] == [("messages: 1", 12), ("words: 2", 11)]
    assert kept[2] == ("what was trained on them", 0)


TAKE_BACK: dict[str, Callable[[Learner], None]] = {
    "forgotten": lambda keyboard: keyboard.profile.forget("zoque"),
    "renamed": lambda keyboard: keyboard.profile.rename("zoque", "Bugis"),
    "erased": lambda keyboard: keyboard.erase(),
}


@pytest.mark.parametrize("moment", ["at its first step", "after its last", "while it is written down"])
@pytest.mark.parametrize("how", TAKE_BACK)
def test_what_is_taken_back_while_it_trains_does_not_ship(
    profile: Profile, shared: Path, monkeypatch: pytest.MonkeyPatch, how: str, moment: str
) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    held, go_on, failures = threading.Event(), threading.Event(), []

    def hold() -> None:
        held.set()
        assert go_on.wait(60)

    def progress(step: int, steps: int) -> None:
        if (moment == "at its first step" and step == 1 < steps) or (moment == "after its last" and steps == 1):
            hold()

    def save(folder: Path, *arguments: object, **options: object) -> None:
        if moment == "while it is written down":
            hold()
        write(folder, *arguments, **options)

    def train() -> None:
        try:
            keyboard.train(progress)
        except TakenBack as error:
            failures.append(str(error))

    write = checkpoint.save
    monkeypatch.setattr(checkpoint, "save", save)
    trainer = threading.Thread(target=train)
    trainer.start()
    assert held.wait(60)
    taker = threading.Thread(target=TAKE_BACK[how], args=(keyboard,))
    taker.start()
    if not (how == "erased" and moment == "while it is written down"):  # deleting waits for what is being written
        taker.join(60)
        assert not taker.is_alive()
    go_on.set()
    trainer.join(60)
    taker.join(60)
    if how == "erased" and moment == "while it is written down":
        assert failures == []
    else:
        assert len(failures) == 1
        assert "\n" not in failures[0]
        assert "this training changes nothing" in failures[0]
    assert (keyboard.trained, keyboard.predictor.source, profile.contents.tried) == (None, "shared", 0)
    folders = profile.folder / "trainings"
    assert not folders.exists() or list(folders.iterdir()) == []
    assert "zoque" not in [found.word.lower() for found in keyboard.predictor.suggest("meet you at")]
    with_all = Learner(profile, shared)
    assert (with_all.trained, with_all.untrained) == (None, 0 if how == "erased" else len(HABITS))


def test_after_everything_is_erased_what_is_offered_is_what_a_new_keyboard_offers(
    profile: Profile, shared: Path, tmp_path: Path
) -> None:
    profile.add(HABITS)
    profile.block("please")
    keyboard = Learner(profile, shared)
    keyboard.train()
    keyboard.erase()
    with Profile(tmp_path / "new") as new:
        fresh = Learner(new, shared)
        for context in ("meet you at", "see you", ""):
            assert keyboard.predictor.suggest(context) == fresh.predictor.suggest(context)
        for learner in (keyboard, fresh):
            learner.send("ask zoque")
        assert keyboard.predictor.suggest("ask") == fresh.predictor.suggest("ask")
    assert b"Meet" not in b"".join(path.read_bytes() for path in profile.folder.rglob("*") if path.is_file())


def test_where_not_all_can_be_erased_that_is_told_and_what_is_gone_is_not_offered(
    profile: Profile, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    keyboard.train()

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(PermissionError):
            keyboard.erase()
    assert (keyboard.trained, len(profile.contents.messages)) == (None, len(HABITS))
    for context in ("meet you at", "see"):
        assert keyboard.predictor.suggest(context) == Learner(profile, shared).predictor.suggest(context)
    keyboard.erase()
    assert profile.contents.messages == []


def test_what_was_written_after_like_contexts_is_kept_with_a_training_learned_on_and_forgotten(
    profile: Profile, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.add(HABITS)
    Learner(profile, shared).train()
    assert checkpoint.read_config(profile.training_folder(1))["about"]["near_trust"] > 0
    keyboard = Learner(profile, shared)
    states = keyboard.predictor.states.of
    asked: list[int] = []

    def listen(_: ModelStates, messages: Sequence[Sequence[str]]) -> Any:
        asked.append(len(messages))
        return states(messages)

    monkeypatch.setattr(ModelStates, "of", listen)
    again = Learner(profile, shared)
    assert sum(asked) == 0  # what the training kept is not read again
    for learner in (keyboard, again):
        assert _near(learner).mass(["meet", "you", "at"], "zoque") > 0.5
    keyboard.send("look at Bugis")
    keyboard.add(["look at Bugis"] * 9)
    assert Learner(profile, shared).predictor.suggest("look at") == keyboard.predictor.suggest("look at")
    assert keyboard.predictor.suggest("look at")[0].word == "Bugis"
    keyboard.forget("Zoque")
    keyboard.rename("bugis", "Bedok")
    keyboard.rename("then", "Then")  # itself, with a capital
    for learner in (keyboard, Learner(profile, shared)):
        assert not {"zoque", "bugis"} & {*_near(learner).words}
        assert {"at", "look", "meet", "you"} <= {*_near(learner).words}
    assert "then" not in _near(keyboard).words  # it stood after what was forgotten
    assert keyboard.predictor.suggest("look at")[0].word == "Bedok"


def test_a_word_is_offered_once_it_was_sent_often_enough_whatever_was_trained(shared: Path, tmp_path: Path) -> None:
    with Profile(tmp_path / "slow", least_times=3) as profile:
        profile.add(HABITS)
        keyboard = Learner(profile, shared)
        keyboard.train()
        assert "zoque" in _near(keyboard).words
        for times in (1, 2, 3):
            keyboard.send("meet you at Xyzzy")
            for learner in (keyboard, Learner(profile, shared)):
                offered = [found.word for found in learner.predictor.suggest("meet you at", "xy")]
                assert ("Xyzzy" in offered) == (times == 3)


@pytest.mark.parametrize(("other", "became"), [(None, 0), ("Bedok", len(HABITS))])
def test_a_word_taken_back_and_typed_again_brings_back_no_context_of_before(
    profile: Profile, shared: Path, other: str | None, became: int
) -> None:
    profile.add(HABITS)
    keyboard = Learner(profile, shared)
    for _ in range(2):
        keyboard.train()
    keyboard.forget("zoque") if other is None else keyboard.rename("zoque", other)
    keyboard.send("look at Zoque")
    again = Learner(profile, shared)
    assert _near(again).stored() == _near(keyboard).stored()
    again.undo()
    for learner in (keyboard, again):
        followed = safetensors.numpy.load(_near(learner).stored())["next"].tobytes().decode().split("\n")
        assert (followed.count("zoque"), followed.count("bedok")) == (1, became)


def _near(keyboard: Learner) -> NearContexts:
    layers = keyboard.predictor.layers
    (near,) = (each.layer for each in layers if isinstance(each, Trusted) and isinstance(each.layer, NearContexts))
    return near
