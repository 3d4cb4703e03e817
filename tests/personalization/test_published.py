"""What everybody has of a run, and what a keyboard makes of it: clusters and n-grams of many."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nextword import checkpoint
from nextword.federation.ngrams import LEVELS, MANY_TRUST, Found, Growth
from nextword.federation.published import Published
from nextword.metrics import measure
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.predictor import Predictor
from nextword.training import TrainConfig, fit
from nextword.vocabulary import Vocabulary
from personalization.finetune import Tuner
from personalization.gate import NOTHING, Verdict
from personalization.learner import Learner
from personalization.nearest import nearest, nearest_cluster
from personalization.profile import Profile
from personalization.stack import Personal, Shared, StackConfig, personalize

LIKE_MINDED = [f"the station is {word}" for word in ("late", "home", "then", "tomorrow", "late again")] * 9
OTHERS = [f"please bring {word}" for word in ("tickets", "me home", "haha", "ok", "tickets then")] * 9


def trained(vocabulary: Vocabulary, model: LanguageModel, messages: list[str]) -> LanguageModel:
    made = LanguageModel(model.config)
    made.load_state_dict(model.state_dict())
    config = TrainConfig(epochs=15, batch_messages=5, learning_rate=3e-2)
    fit(made, [vocabulary.encode(text) for text in messages], config, np.random.default_rng(0))
    return made.eval()


def growth(vocabulary: Vocabulary) -> Growth:
    """As if nine people had been found to begin with one word, and with no other."""
    word = next(token for token in ("the", "see", "you", "is", "at") if len(vocabulary.encode_token(token)) == 1)
    ids, people = np.zeros(1, np.int64), np.full(1, 9.0, np.float32)
    nothing = Found(ids[:0], ids[:0], people[:0])
    single = Found(ids, np.array(vocabulary.encode_token(word)), people)
    pair = Found(ids, np.array([2]), people)  # the start, and the first word found
    return Growth(vocabulary, [single, nothing, nothing, pair, *[nothing] * (LEVELS - 4)])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary) -> Path:
    """A run of two clusters, numbered 2 and 10: of those who write otherwise, and of those who write alike."""
    folder = tmp_path_factory.mktemp("run")
    shape = ModelConfig(vocabulary=len(vocabulary), width=16, layers=1, heads=2, hidden=24)
    base = LanguageModel(shape).initialise(1).eval()
    others = trained(vocabulary, base, OTHERS)
    checkpoint.save(folder / "final", others, vocabulary)
    checkpoint.save(folder / "clusters" / "2", others, vocabulary)
    checkpoint.save(folder / "clusters" / "10", trained(vocabulary, base, LIKE_MINDED), vocabulary)
    (folder / "clusters" / ".11-ab").mkdir()  # of a run that was killed there
    growth(vocabulary).save(folder / "ngrams.safetensors")
    return folder


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with Profile(tmp_path / "me") as profile:
        profile.add(LIKE_MINDED)
        yield profile


def test_a_run_is_found_whole_and_a_checkpoint_is_the_model_alone(run: Path, tmp_path: Path) -> None:
    clusters = (run / "clusters" / "2", run / "clusters" / "10")
    assert Published.at(run) == Published(run / "final", clusters, run / "ngrams.safetensors")
    assert Published.at(run / "final") == Published(run / "final")
    assert Published.at(run / "final").layers == ()
    (tmp_path / "config.toml").touch()
    with pytest.raises(ValueError, match="has not ended; go on with 'nextword simulate --resume"):
        Published.at(tmp_path)
    with pytest.raises(FileNotFoundError, match="no checkpoint there"):
        Published.at(tmp_path / "nowhere")


def test_the_nearest_model_is_that_of_people_alike(run: Path, vocabulary: Vocabulary) -> None:
    published, told = Published.at(run), []
    assert nearest_cluster(published, LIKE_MINDED, lambda *step: told.append(step)).name == "10"
    assert told == [(0, 3), (1, 3)]
    assert nearest_cluster(published, [*LIKE_MINDED, *OTHERS * 3]).name == "2"  # only the newest count
    assert nearest_cluster(published, ["", "  "]) == nearest_cluster(Published(run / "final"), OTHERS) == run / "final"
    model = checkpoint.load(run / "final")[0]
    messages = [vocabulary.encode("the station")]
    assert nearest([model, model], messages) == 0
    broken = copy.deepcopy(model)
    broken.set_weights({name: value * np.nan for name, value in model.weights().items()})
    assert (nearest([broken, model], messages), nearest([broken, broken], messages)) == (1, 0)


def test_a_cluster_alone_may_win_over_what_everybody_has_but_not_over_itself(run: Path) -> None:
    model, _ = checkpoint.load(run / "clusters" / "10")
    shared = Shared(model, Predictor.load(run / "clusters" / "10"))
    everybodys = Predictor.load(run / "final")
    alone = StackConfig(own=None, near=None)
    won = personalize(shared, LIKE_MINDED[:-5], LIKE_MINDED[-5:], alone, against=everybodys)
    assert won.shipped
    assert (won.model, won.predictor.layers, won.way) == (shared.model, [], 0.0)
    assert not personalize(shared, LIKE_MINDED[:-5], LIKE_MINDED[-5:], alone).shipped
    lost = personalize(shared, OTHERS[:-5], OTHERS[-5:], alone, against=everybodys)
    assert not lost.shipped
    assert lost.predictor is everybodys
    assert personalize(shared, [], [], alone, against=everybodys).predictor is everybodys


def test_a_training_builds_on_the_cluster_and_remembers_which(run: Path, profile: Profile) -> None:
    keyboard = Learner(profile, run)
    assert keyboard.predictor.source == "shared"
    steps: list[tuple[int, int]] = []
    change = keyboard.train(lambda *step: steps.append(step))
    assert change.shipped
    assert steps[:2] == [(0, 3), (1, 3)]
    about = checkpoint.read_config(profile.training_folder(1))["about"]
    assert about["cluster"] == "10"
    assert Learner(profile, run).predictor.source == ("trained" if about["way"] else "cluster")
    everybodys = Predictor.load(run / "final", eight_bit=True).under(Published.at(run).layers)
    assert change.before.top1_hits == measure(everybodys, LIKE_MINDED[-4:], user="").top1_hits


def test_a_training_over_a_cluster_must_win_over_what_everybody_has(
    run: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Predictor, Predictor]] = []

    def spy(shared: Shared, *arguments: Any, against: Predictor) -> Personal:
        asked.append((shared.predictor, against))
        return personalize(shared, *arguments, against=against)

    monkeypatch.setattr("personalization.stack.personalize", spy)
    Learner(profile, run).train()
    final = Predictor.load(run / "final", eight_bit=True).under(Published.at(run).layers)
    texts = [["the", "station"], ["please", "bring"]]
    [costs, expected, of_cluster] = (np.concatenate(model.costs(texts)) for model in (asked[0][1], final, asked[0][0]))
    np.testing.assert_array_equal(costs, expected)
    assert not np.allclose(costs, of_cluster, atol=0.1)


def test_words_of_a_clusters_model_untrained_come_from_it(
    run: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalization.stack.judge", lambda *_: Verdict(0, 1.0, 0.1))
    keyboard = Learner(profile, run)
    keyboard.train()
    about = checkpoint.read_config(profile.training_folder(1))["about"]
    assert (about["cluster"], about["way"]) == ("10", 0.0)
    for learner in (keyboard, Learner(profile, run)):
        assert learner.predictor.source == "cluster"
        learner.profile.forget("station")  # by one's own words no more
        assert "cluster" in {found.source for found in learner.predictor.suggest("the")}
    plain = Predictor.load(run / "clusters" / "10", eight_bit=True)
    keyboard.predictor.layers = []
    assert [s.word for s in keyboard.predictor.suggest("the")] == [s.word for s in plain.suggest("the")]
    keyboard.undo()
    assert keyboard.predictor.source == "shared"


def test_where_nothing_wins_what_everybody_has_stays(
    run: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalization.stack.judge", lambda *_: NOTHING)
    keyboard = Learner(profile, run)
    assert not keyboard.train().shipped
    assert keyboard.predictor.source == "shared"


def test_everybody_has_the_ngrams_of_many_before_any_training_and_after(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (many,) = Published.at(run).layers
    ((word, p),) = many.top([], 1, "")
    assert p == pytest.approx(MANY_TRUST * growth(checkpoint.read(run / "final").vocabulary).layer().mass([], word))
    with Profile(tmp_path / "other") as profile:
        profile.add([*["haha ok"] * 54, *[f"{word} ok"] * 6])
        monkeypatch.setattr(Tuner, "__call__", lambda tuner, _: tuner.shared)  # the layers alone make the difference
        keyboard = Learner(profile, run)
        keyboard.send("ok then")
        assert [layer.source for layer in keyboard.predictor.layers] == ["many", "own"]
        assert keyboard.train().shipped
        for learner in (keyboard, Learner(profile, run)):
            found, own, *_ = learner.predictor.layers
            assert (found.source, own.source) == ("many", "own")
            assert found.mass([], word) == pytest.approx(p)
        assert {layer.source for layer in Learner(profile, run / "final").predictor.layers} == {"own"}


@pytest.mark.parametrize("found", [b"", b"cut", None])
def test_n_grams_that_cannot_be_read_any_more_do_not_keep_anybody_from_typing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: bytes | None
) -> None:
    damaged = tmp_path / "run"
    shutil.copytree(run, damaged)
    ((word, _),) = growth(checkpoint.read(run / "final").vocabulary).layer().top([], 1, "")
    with Profile(tmp_path / "other") as profile:
        profile.add([*["haha ok"] * 54, *[f"{word} ok"] * 6])
        monkeypatch.setattr(Tuner, "__call__", lambda tuner, _: tuner.shared)
        keyboard = Learner(profile, damaged)
        assert keyboard.train().shipped
        assert keyboard.trouble == ""
        file = damaged / "ngrams.safetensors"
        if found is None:
            file.unlink()
            file.mkdir()  # a file that a system refuses to read
            monkeypatch.setattr(Path, "is_file", Path.exists)
        else:
            file.write_bytes(found)
        keyboard = Learner(profile, damaged)
        assert str(file) in keyboard.trouble
        assert keyboard.trouble.endswith("typing goes on without the words of many people")
        assert "\n" not in keyboard.trouble
        assert keyboard.trained == 1
        assert {layer.source for layer in keyboard.predictor.layers} == {
            layer.source for layer in Learner(profile, run).predictor.layers
        } - {"many"}
        assert keyboard.predictor.suggest("haha")[0].word == "ok"
        with pytest.raises(ValueError, match="ngrams"):
            keyboard.train()
        keyboard.undo()
        keyboard.send("zoque")
        assert str(file) in keyboard.trouble
        assert [layer.source for layer in keyboard.predictor.layers] == ["own"]
        assert keyboard.predictor.suggest("", "zoq")[0].word == "zoque"


def test_typing_reads_no_cluster_and_no_torch(run: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nextword import checkpoint; read = []\n"
        "inner = checkpoint.read; checkpoint.read = lambda folder: read.append(str(folder)) or inner(folder)\n"
        "from personalization.learner import Learner; from personalization.profile import Profile\n"
        "keyboard = Learner(Profile(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "keyboard.send('hello there'); keyboard.predictor.suggest('see')\n"
        "import json; print(json.dumps([read, 'torch' in sys.modules]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "me"), str(run)], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == [[str(run / "final")] * 2, False]


def test_a_cluster_that_cannot_be_read_is_told_and_changes_nothing(run: Path, profile: Profile, tmp_path: Path) -> None:
    damaged = tmp_path / "run"
    shutil.copytree(run, damaged)
    (damaged / "clusters" / "10" / "model.safetensors").write_bytes(b"cut")
    keyboard = Learner(profile, damaged)
    with pytest.raises(ValueError, match="damaged"):
        keyboard.train()
    assert (keyboard.trained, profile.contents.tried) == (None, 0)
