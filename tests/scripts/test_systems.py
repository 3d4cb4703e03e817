"""What the systems of an evaluation may know when they judge: nothing that was made of what judges."""

from __future__ import annotations

import copy
import gc
import time
import weakref
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from nextword import checkpoint
from nextword.federation.config import ClientConfig, PersonalConfig, RunConfig
from nextword.federation.groups import personal_names
from nextword.federation.published import Published
from nextword.metrics import WordModel
from nextword.model import LanguageModel
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from nextword.vocabulary import Vocabulary
from personalization import device, finetune, stack
from personalization.finetune import FinetuneConfig
from personalization.gate import NOTHING
from personalization.methods import METHODS, Local, State
from personalization.stack import Personal, Shared, StackConfig
from personalization.store import DeviceStore
from scripts import systems
from scripts.by_method import ByMethod
from scripts.subject import check_devices
from scripts.systems import Checkpointed, Clustered, Someone
from server.run_folder import _ENDED, RunFolder

EAGER = ClientConfig(learning_rate=0.3, optimizer="sgd", batch_messages=4, epochs=3)
LASTING = ("fedper", "fedrep", "adapters", "ditto", "apfl")  # that leave something on a device


@pytest.fixture
def shared(model: LanguageModel, vocabulary: Vocabulary, tmp_path: Path) -> Checkpointed:
    checkpoint.save(tmp_path / "shared", model, vocabulary)
    return Checkpointed("federated", tmp_path / "shared")


def _by(method: str, shared: Checkpointed, devices: Path) -> ByMethod:
    personal = PersonalConfig(method=method, epochs=3, learning_rate=0.3, pull=0.01)
    return ByMethod(shared, shared.folder, EAGER, personal, devices)


def _nonsense(number: int) -> tuple[str, ...]:
    """Messages without anything to learn."""
    rng = np.random.default_rng(number)
    words = "see you at station tomorrow ok please haha party tickets ten home late again".split()
    return tuple(" ".join(rng.choice(words, 6)) for _ in range(40))


def _take_part(by: ByMethod, someone: Someone, rounds: int = 6) -> None:
    """Leave on their device what a participant's rounds leave, trained on all of their history."""
    shared = by.base.shared(someone)
    start = {name: value.copy() for name, value in shared.model.weights().items()}
    texts = map(normalise, someone.history)
    messages = [shared.predictor.vocabulary.encode(text) for text in texts]
    model, _ = checkpoint.load(by.start)
    local = Local(model, start, messages, device.train_config(by.client), by.personal, someone.rng())
    parameters = {name: value for name, value in start.items() if name not in local.personal_names}
    store = DeviceStore(by.devices)
    for number in range(1, rounds + 1):
        trained = METHODS[by.name].train(local, parameters, store.load(0))
        assert trained.state is not None
        store.save(0, number, trained.state)


@pytest.mark.parametrize("method", LASTING)
def test_what_a_device_kept_of_all_messages_counts_with_all_of_them_alone(
    shared: Checkpointed, tmp_path: Path, method: str
) -> None:
    """Where a part is to judge, what was kept has met it: the others are learned as by a newcomer."""
    by = _by(method, shared, tmp_path / "devices")
    texts = _nonsense(0)
    someone = Someone("u", 0, texts[:36], texts[36:], seed=0)
    _take_part(by, someone)
    whole, kept = by.history(someone), by.kept(someone)
    made, part = by.of(someone)(whole).weights(), by.of(someone)(whole[:-4]).weights()
    for found, state in ((made, kept), (part, None)):
        expected = by.model(someone, whole if state else whole[:-4], state).weights()
        assert all(np.array_equal(found[name], value) for name, value in expected.items())
    assert any(not np.allclose(made[name], part[name], atol=1e-3) for name in made)


@pytest.mark.parametrize("method", LASTING)
def test_the_row_of_a_method_is_what_the_device_kept_and_learned_of_the_whole_history(
    shared: Checkpointed, tmp_path: Path, method: str
) -> None:
    """A newcomer's model is another one, and so is one of the training part alone, where it is fitted at all."""
    by = _by(method, shared, tmp_path / "devices")
    texts = _nonsense(0)
    participant, newcomer = (Someone("u", ordinal, texts[:36], texts[36:], seed=0) for ordinal in (0, None))
    _take_part(by, participant)
    fresh = [tokens(text) for text in _nonsense(1)[:5]]

    def costs(model: WordModel) -> np.ndarray:
        assert isinstance(model, Predictor)
        return np.concatenate([*map(np.array, model.costs(fresh))])

    def of(messages: int, state: State | None) -> np.ndarray:
        model = by.model(participant, by.history(participant)[:messages], state)
        return costs(Predictor.of(model, shared.predictor.vocabulary))

    found, made = costs(by.for_person(participant).model), by.for_person(newcomer)
    kept = by.kept(participant)
    assert by.for_person(participant).kept_bytes == sum(array.nbytes for array in (kept or {}).values()) > 0
    assert made.kept_bytes is None
    assert np.allclose(found, of(40, kept), atol=1e-5)
    assert np.allclose(costs(made.model), of(40, None), atol=1e-5)
    assert not np.allclose(found, costs(made.model), atol=1e-2)
    assert np.allclose(found, of(36, kept), atol=1e-3) == (method == "fedper")  # which fits nothing in the end
    assert not np.allclose(of(36, None), of(40, None), atol=1e-3)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"fedavg"}))
def test_the_row_of_a_method_is_built_on_the_final_shared_parameters(
    shared: Checkpointed, tmp_path: Path, method: str
) -> None:
    """What is personal begins where the run began. Rates of next to nothing leave all as it was."""
    begun = {name: value + 0.1 for name, value in shared.model.weights().items()}
    model, vocabulary = checkpoint.load(shared.folder)
    model.set_weights(begun)
    checkpoint.save(tmp_path / "start", model, vocabulary)
    still = ClientConfig(learning_rate=1e-30, optimizer="sgd")
    personal = PersonalConfig(method=method, inner_rate=1e-30, pull=0.0)
    by = ByMethod(shared, tmp_path / "start", still, personal, tmp_path / "devices")
    used = by.model(Someone("u", None, _nonsense(0), (), seed=0), [[3, 4]], None).weights()
    own = personal_names(personal, model.config, begun)
    for name, value in shared.model.weights().items():
        np.testing.assert_allclose(used[name], begun[name] if name in own else value, atol=1e-6)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_run_without_what_its_devices_have_kept_is_refused(shared: Checkpointed, tmp_path: Path, method: str) -> None:
    """Participants would be measured as newcomers."""
    settings = {"personal.method": method}
    if method in ("apfl", "per-fedavg"):
        settings["client.optimizer"] = "sgd"
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()

    def check(**more: object) -> None:
        found = {**settings, **more}
        config = RunConfig().with_settings([f"{key}={value}" for key, value in found.items()])
        (run.path / "config.toml").write_text(config.to_toml(), encoding="utf-8")
        check_devices(run)

    check()  # has not ended
    for trained in (0, 3):
        check()  # nobody has trained
        run.write_summary({**dict.fromkeys(_ENDED, 0), "users_trained": trained})
    if method in LASTING:
        (run.path / "devices" / "residuals").mkdir(parents=True)  # no personal state
        with pytest.raises(ValueError, match=f"devices: nothing is kept there.*by {method} what their devices"):
            check()
        if method == "apfl":  # without mixing nothing is kept
            check(**{"personal.mixing": 0.0})
        DeviceStore(run.path / "devices").save(3, 1, {"a": np.zeros(1, np.float32)})
    check()


def test_private_rows_learn_the_whole_history(shared: Checkpointed, monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[int] = []

    def tune(model: LanguageModel, messages: list[list[int]], *_: object) -> LanguageModel:
        learned.append(len(messages))
        return model

    monkeypatch.setattr(systems, "tune", tune)
    texts = _nonsense(0)
    systems.PrivatelyTuned(shared, epsilon=8.0).for_person(Someone("u", None, texts[:36], texts[36:], seed=0))
    assert learned == [40]


@pytest.mark.parametrize("method", LASTING)
def test_a_participant_chooses_their_cluster_as_their_device_did(
    shared: Checkpointed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Under the layers that it has kept, if these are their own, as the round that sent them."""
    clusters = tuple(tmp_path / "clusters" / number for number in "01")
    for folder in clusters:
        checkpoint.save(folder, shared.model, shared.predictor.vocabulary)
    by = _by(method, shared, tmp_path / "devices")
    texts = _nonsense(0)
    participant, newcomer = (Someone("u", ordinal, texts[:36], texts[36:], seed=0) for ordinal in (0, None))
    _take_part(by, participant, rounds=1)
    tried: list[dict[str, np.ndarray]] = []

    def nearest(models: Iterable[LanguageModel], messages: object, *, max_pieces: int) -> int:
        tried.extend({name: value.copy() for name, value in model.weights().items()} for model in models)
        return 1

    monkeypatch.setattr(systems, "nearest", nearest)
    base = Clustered(Published(shared.folder, clusters=clusters), layers=by.layers)
    assert [base.choice(someone) for someone in (participant, newcomer)] == [1, 1]
    kept, before = by.kept(participant) or {}, shared.model.weights()
    for name, value in before.items():
        layer = method in ("fedper", "fedrep") and name in kept
        for weights in tried[:2]:
            assert np.array_equal(weights[name], kept[name] if layer else value)
        for weights in tried[2:]:
            assert np.array_equal(weights[name], value)


def test_a_cluster_is_chosen_by_the_messages_that_the_device_chooses_by(
    shared: Checkpointed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the training part that hold anything, cut as the run cuts them."""
    asked: list[tuple[object, int]] = []

    def nearest(models: object, messages: object, *, max_pieces: int) -> int:
        asked.append((messages, max_pieces))
        return 0

    for module in (systems, device):
        monkeypatch.setattr(module, "nearest", nearest)
    someone = Someone("u", None, (*_nonsense(0), "\u200b", "ok"), ("see you", "haha"), seed=0)
    Clustered(Published(shared.folder, clusters=(shared.folder,) * 2), max_pieces=8).choice(someone)
    weights, vocabulary = shared.model.weights(), shared.predictor.vocabulary
    config = device.train_config(ClientConfig(max_pieces=8))
    local = Local(shared.model, weights, (), config, PersonalConfig(), someone.rng())
    device.nearest_cluster(local, vocabulary, someone.train, [weights] * 2)
    assert asked[0] == asked[1] == ([vocabulary.encode(normalise(text)) for text in (*_nonsense(0), "ok")], 8)


def test_what_is_made_of_a_cluster_must_win_over_the_final_model(
    shared: Checkpointed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a device. Under n-grams of many both have them; what is made of the only model must win over it."""
    for name in ("final", "0", "1"):
        checkpoint.save(tmp_path / name, shared.model, shared.predictor.vocabulary)
    layers = ("n-grams of many",)
    published = Published(tmp_path / "final", clusters=(tmp_path / "0", tmp_path / "1"))
    published.__dict__["layers"] = layers
    monkeypatch.setattr(Predictor, "under", lambda predictor, over: (predictor, over))
    asked: list[tuple[object, object]] = []

    def personalize(over: Shared, *_: object, against: object) -> Personal:
        asked.append((over.predictor, against))
        return Personal(shared.predictor, shared.model, shared.predictor, NOTHING, 0.0, {})

    monkeypatch.setattr(stack, "personalize", personalize)
    someone, clustered = Someone("u", None, _nonsense(0)[:36], _nonsense(0)[36:], seed=0), Clustered(published)
    bases = [
        clustered,
        systems.WithNgrams("+", clustered, published),
        shared,
        systems.WithNgrams("+", shared, published),
    ]
    for base in bases:
        systems.Personalized("personal", base, StackConfig()).for_person(someone)
    cluster, final = clustered.models[0].predictor, clustered.final.predictor
    assert final is not cluster
    (of_cluster, one), (under, both), (alone, same), (over, also) = asked
    assert (of_cluster, one) == (cluster, final)
    assert (under, both) == ((cluster, layers), (final, layers))
    assert alone is same is shared.predictor
    assert over is also


def test_with_few_messages_at_hand_a_person_has_the_newest() -> None:
    someone = Someone("u", None, tuple(f"m{number}" for number in range(36)), ("n0", "n1", "n2", "n3"), seed=0)
    few, more = someone.with_newest(3), someone.with_newest(30)
    assert (few.train, few.validation) == (("n1",), ("n2", "n3"))
    assert more.history == someone.history[-30:]
    assert more.validation == ("n1", "n2", "n3")
    assert someone.with_newest(99).history == someone.history


def test_a_row_takes_as_long_as_if_no_other_had_been_measured(
    shared: Checkpointed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each of its trainings once, however many candidates lie on the way to it."""
    clock = [0.0]

    def tune(model: LanguageModel, messages: object, *_: object, **__: object) -> LanguageModel:
        clock[0] += 100.0
        return copy.deepcopy(model)

    monkeypatch.setattr("time.process_time", lambda: clock[0])
    monkeypatch.setattr(finetune, "tune", tune)
    texts = _nonsense(0)
    someone = Someone("u", None, texts[:36], texts[36:], seed=0)

    def rows() -> list[systems.Personalized]:
        tuners = systems.Tuners(shared, FinetuneConfig())
        nothing = StackConfig(own=None, near=None)
        return [systems.Personalized("a", shared, each, tuners) for each in (nothing, StackConfig(), nothing)]

    alone = [row.for_person(someone).seconds for row in (rows()[0], rows()[1])]
    together = [row.for_person(someone).seconds for row in rows()]
    assert alone[0] == 400.0  # a part at a time of a short history; nothing was learned, so nothing ships
    assert together == [*alone, alone[0]]


def test_a_row_that_forgets_keeps_no_model(shared: Checkpointed, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[LanguageModel]] = []

    def tune(model: LanguageModel, *_: object, **__: object) -> LanguageModel:
        found = copy.deepcopy(model)
        made.append(weakref.ref(found))
        return found

    monkeypatch.setattr(finetune, "tune", tune)
    texts = _nonsense(0)
    row = systems.Personalized("a", shared, StackConfig(own=None, near=None), systems.Tuners(shared, FinetuneConfig()))
    row.for_person(Someone("u", None, texts[:36], texts[36:], seed=0))
    gc.collect()
    assert any(model() for model in made)
    row.forget()
    gc.collect()
    assert not any(model() for model in made)


def test_a_row_above_a_cluster_takes_as_long_as_choosing_it_too(
    shared: Checkpointed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[str] = []

    def nearest(models: object, messages: object, *, max_pieces: int) -> int:
        chosen.append("once")
        until = time.process_time() + 0.5
        while time.process_time() < until:
            pass
        return 0

    monkeypatch.setattr(systems, "nearest", nearest)
    published = Published(shared.folder, clusters=(shared.folder, shared.folder))
    base = Clustered(published)
    texts = _nonsense(0)
    someone = Someone("u", None, texts[:6], texts[6:9], seed=0)
    over = systems.WithNgrams("clustered+ngrams", base, published)
    assert over.for_person(someone).model is over.for_person(someone).model  # which is measured once
    base._chosen = None
    chosen.clear()
    near = systems.Personalized("near", over, StackConfig(own=None))
    rows: list[systems.System] = [near, base, near, near]
    assert min(row.for_person(someone).seconds for row in rows) > 0.5
    assert chosen == ["once"]
