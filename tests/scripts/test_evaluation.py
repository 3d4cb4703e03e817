"""What the evaluation trains and counts on: never a test message, never a newcomer's where all share the result."""

from __future__ import annotations

import os
import signal
import weakref
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from data.corpus import Person
from data.splits import Population, divide
from nextword import checkpoint
from nextword.metrics import measure
from nextword.ngram import Mixture, Trigram
from nextword.training import Keep, TrainConfig
from personalization import stack
from personalization.finetune import FinetuneConfig
from personalization.stack import StackConfig
from scripts import evaluation, systems
from scripts.evaluate import _keep
from scripts.evaluation_rows import clusters_of, predictors_of, print_table, summarise_all, told_people
from scripts.report import page_of
from server.run_folder import RunFolder

# Of 40 messages 29 are the training part of the history, 3 the validation part, 8 the test: each with its own word.
PERIODS = ["past"] * 29 + ["middle"] * 3 + ["later"] * 8


@pytest.fixture
def population() -> Population:
    people = [
        Person(f"p{letter}", None, tuple(f"hello {period}{letter} {number}" for number, period in enumerate(PERIODS)))
        for letter in "abcdefghij"
    ]
    return divide(people, seed=0)


def _personal(words: Iterable[str]) -> set[str]:
    return {word for word in words if word.startswith(("past", "middle", "later"))}


def _words_of(population: Population, *periods: str) -> set[str]:
    return {period + split.user[1:] for split in population.participants for period in periods}


def _known(trigram: Trigram) -> set[str]:
    return _personal(word for word, _ in trigram.top([], 10_000))


def _in_texts(texts: Iterable[str]) -> set[str]:
    return _personal(word for text in texts for word in text.split())


class Dying:
    """What kills the process that measures, or raises what it is given."""

    name = "dying"

    def __init__(self, error: Exception | None = None):
        self.error = error

    def prepare(self) -> None:
        """Nothing."""

    def for_person(self, someone: systems.Someone) -> systems.Made:
        if self.error:
            raise self.error
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("system", "error", "told"),
    [(Dying(), OSError, "--workers"), (Dying(ZeroDivisionError("as it was")), ZeroDivisionError, "as it was")],
    ids=["killed", "raised"],
)
def test_a_process_that_ends_ends_the_evaluation(
    population: Population, system: Dying, error: type[Exception], told: str
) -> None:
    plan = evaluation.Plan.of(population, [system], seed=0)
    with pytest.raises(error, match=told):
        evaluation.evaluate(plan, workers=2, progress=lambda done, of: None)


def test_people_without_a_word_are_left_out_and_nobody_left_is_told() -> None:
    def result(test: str, participant: bool) -> evaluation.PersonResult:
        measured = {"trigram": measure(Trigram([["hello"]]), [test], user="u")}
        return evaluation.PersonResult("u", None, participant, 40, measured, {}, {}, {})

    rows = summarise_all([result("hello", True), result("...", False)], ["trigram"], "trigram", 0)
    assert {row["people"]: row["users"] for row in rows} == {"participants": 1, "all": 1}
    with pytest.raises(ValueError, match="nobody has a word"):
        summarise_all([result("...", True)], ["trigram"], "trigram", 0)


def test_one_newcomer_is_one() -> None:
    told = [told_people(users, people) for users, people in ((1, "newcomers"), (2, "participants"), (1, "all"))]
    assert told == ["1 newcomer", "2 participants", "1 all"]
    row = {"name": "shared", "people": "newcomers", "users": 1} | dict.fromkeys(
        ("top1", "top3", "keystroke_savings"), 0.5
    )
    row |= {"top1_interval": [0, 1], "bits_per_character": None}
    personal = row | {"name": "fedper", "gain_top1": 0.0123, "gain_interval": [0.01, 0.02], "gain_relative": 0.345}
    personal |= dict.fromkeys(("better_share", "worse_share", "worse_beyond_noise_share", "worst_gain"), 0.0)
    evaluation = {"reference": "shared", "methods": [row, personal]}
    run = {"name": "run-0", "settings": {}, "summary": None, "rejected": 0, "figures": {}, "evaluation": evaluation}
    page = page_of([run])
    assert "<h3>1 newcomer</h3>" in page
    assert "<td>+1.23</td><td>+1.00 to +2.00</td><td>34.5</td>" in page  # in points, its interval, of what there was
    assert "By fedper &#39;shared&#39; is what people share under a top that nobody trained" in page


def test_the_gate_and_the_clusters_are_told_of_those_whom_they_are_of() -> None:
    measured = {name: measure(Trigram([["hello"]]), ["hello"], user="u") for name in ("trigram", "personal")}

    def result(participant: bool, shipped: bool, group: str | None, cluster: int) -> evaluation.PersonResult:
        gate = {"personal": shipped}
        return evaluation.PersonResult("u", group, participant, 40, measured, {}, {}, gate, cluster)

    people = [
        *(result(True, number > 0, "a", 0) for number in range(4)),
        *(result(False, False, "b", 1) for _ in range(2)),
        result(False, True, None, 0),
    ]
    rows = {(row["name"], row["people"]): row for row in summarise_all(people, ["trigram", "personal"], "trigram", 0)}
    shares = {people: rows["personal", people]["shipped_share"] for people in ("participants", "newcomers", "all")}
    assert shares == {"participants": 3 / 4, "newcomers": 1 / 3, "all": 4 / 7}
    assert "shipped_share" not in rows["trigram", "all"]
    last = {"sizes": [9, 4, 0], "stayed_share": 0.5}
    events = [{"event": "clusters", **last, "stayed_share": 0.25}, {"event": "clusters", "round": 9, **last}]
    agreed = clusters_of(people, 3, [*events, {"event": "round", "sizes": [1]}])
    assert agreed == {"sizes": [5, 2, 0], "adjusted_rand_index": 1.0, "users_of_known_group": 6, "in_the_end": last}
    alike = clusters_of(people[:4], 2)  # all of one group, which says nothing
    assert alike == {"sizes": [4, 0], "adjusted_rand_index": None, "users_of_known_group": 4, "in_the_end": None}


def test_what_gain_goes_with_is_told_of_enough_people() -> None:
    def result(messages: int) -> evaluation.PersonResult:
        """Whoever has 34 messages or more has a model that knows their word."""
        texts, known = ["hello"], [["hello"]] if messages > 33 else [["goodbye"]]
        measured = {
            name: measure(Trigram(learned), texts, user="u")
            for name, learned in (("federated", [["goodbye"]]), ("personal", known))
        }
        return evaluation.PersonResult("u", None, True, messages, measured, {}, {}, {})

    people = [result(30 + number) for number in range(10)]
    found = predictors_of(people, "personal", "federated")
    assert set(found) == {"messages"}  # bits are alike
    assert 0.8 < found["messages"] < 1
    assert predictors_of(people[:9], "personal", "federated") == {}
    assert predictors_of([result(30)] * 12, "personal", "federated") == {}


def test_the_pooled_trigrams_know_participants_histories_alone(population: Population) -> None:
    assert len(population.newcomers) == 2
    counts = systems.Counts(population.participants)
    counts.prepare()
    assert _known(counts.trigram) == _words_of(population, "past", "middle")
    assert _known(counts.unseen) == _words_of(population, "past")


@pytest.mark.parametrize(("hold_back", "periods"), [(False, ("past", "middle")), (True, ("past",))])
def test_the_ceiling_is_trained_on_participants_histories_alone(
    population: Population, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hold_back: bool, periods: tuple[str, ...]
) -> None:
    trained: list[str] = []
    vocabulary = SimpleNamespace(encode=lambda text: text)
    monkeypatch.setattr(checkpoint, "load", lambda folder: (None, vocabulary))
    monkeypatch.setattr(checkpoint, "save", lambda *arguments, **options: None)
    monkeypatch.setattr(evaluation, "fit", lambda model, texts, *rest, **options: trained.extend(texts))
    evaluation.train_central(
        Path(),
        population.participants,
        TrainConfig(),
        tmp_path / "central",
        seed=0,
        hold_back=hold_back,
        about={},
        progress=lambda *step: None,
    )
    assert _in_texts(trained) == _words_of(population, *periods)


def test_a_ceiling_that_was_cut_off_goes_on(
    population: Population, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(out: Path, stop_after: int = 0) -> list[int]:
        told: list[int] = []

        def tell(step: int, steps: int, bits: float) -> None:
            told.append(step)
            if step == stop_after:
                raise KeyboardInterrupt

        about = {"training": "a short one"}
        config = TrainConfig(epochs=1, batch_messages=64, dropout=0.1)
        evaluation.train_central(
            checkpoint.BUNDLED,
            population.participants,
            config,
            out,
            seed=0,
            hold_back=False,
            about=about,
            progress=tell,
        )
        return told

    whole = train(tmp_path / "whole")
    monkeypatch.setattr(evaluation, "Keep", partial(Keep, every_s=0.0))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", stop_after=2)
    assert not (tmp_path / "cut").exists()
    assert train(tmp_path / "cut") == whole[2:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]
    weights = [checkpoint.load(tmp_path / name)[0].weights() for name in ("cut", "whole")]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[1])


@pytest.mark.parametrize("participant", [True, False])
def test_a_person_is_personalized_on_their_own_history_alone(
    population: Population, monkeypatch: pytest.MonkeyPatch, participant: bool
) -> None:
    split = (population.participants if participant else population.newcomers)[0]
    letter = split.user[1:]
    seen: dict[str, set[str]] = {}

    def with_own(trigram: Trigram, own: list[list[str]], validation: list[list[str]], *, unseen: Any) -> None:
        seen["counted"], seen["weighed by"] = ({*_in_texts(map(" ".join, texts))} for texts in (own, validation))
        assert (unseen is counts.unseen) == participant

    def stacked(shared: Any, history: Any, validation: Any, config: Any, tuner: Any, *, against: Any) -> Any:
        assert against is base.predictor
        name = "tuned" if tuner else "own"
        seen[name], seen[name + " judged by"] = _in_texts(history), _in_texts(validation)
        return SimpleNamespace(predictor=None, shipped=False, kept_bytes=0)

    def measure_all(models: list[Any], texts: list[str], *, user: str) -> list[None]:
        assert (user, _in_texts(texts)) == (split.user, {"later" + letter})
        return [None] * len(models)

    counts = systems.Counts(population.participants)
    base = systems.Checkpointed("shared", checkpoint.BUNDLED)
    shared = SimpleNamespace(
        model=None,
        predictor=SimpleNamespace(vocabulary=SimpleNamespace(encode=lambda text: text)),
    )
    monkeypatch.setattr(base, "shared", lambda someone: shared)
    monkeypatch.setattr(Mixture, "with_own", with_own)
    monkeypatch.setattr(stack, "personalize", stacked)
    monkeypatch.setattr(evaluation, "measure_all", measure_all)
    rows: list[systems.System] = [
        *(counts, systems.CountsWithOwn(counts), base, systems.Personalized("own", base, StackConfig())),
        systems.Personalized("tuned", base, StackConfig(), systems.Tuners(base, FinetuneConfig())),
    ]
    for row in rows:
        row.prepare()
    evaluation._Inherited.plan = evaluation.Plan.of(population, rows, seed=0)
    _, result = evaluation._evaluate_person((0, split))
    assert result.participant == participant
    assert seen == {
        "counted": {"past" + letter},
        "weighed by": {"middle" + letter},
        "own": {"past" + letter},
        "own judged by": {"middle" + letter},
        "tuned": {"past" + letter},
        "tuned judged by": {"middle" + letter},
    }


def test_a_smaller_evaluation_replaces_none_but_one_of_everybody_whom_a_rule_made_fewer(tmp_path: Path) -> None:
    def evaluation_of(users: int, rows: Iterable[str], at_most: int | None = None) -> dict[str, Any]:
        methods = [{"name": name, "people": "participants", "users": users, "top1": 0.1} for name in rows]
        whose = {"corpus": "nus-sms", "seed": 0, "reference": "federated"}
        return {**whose, "methods": methods, "settings": {"at_most_users": at_most}}

    folder = RunFolder(tmp_path)
    before = evaluation_of(61, ("trigram", "personal"))
    folder.write_evaluation(before)
    for smaller in (evaluation_of(20, ("trigram", "personal"), 20), evaluation_of(61, ("personal",))):
        _keep(folder, smaller)
        assert folder.evaluation() == before
    for later in (evaluation_of(57, ("trigram", "personal")), evaluation_of(57, ("trigram", "near", "personal"), 60)):
        _keep(folder, later)
        assert folder.evaluation() == later


def test_the_table_of_large_gains_fits_the_narrowest_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    large = {
        "people": "newcomers",
        "users": 15,
        "top1": 0.123,
        "top1_interval": [0.1, 0.456],
        "top3": 0.5,
        "bits_per_character": 12.345,
        "keystroke_savings": 0.42,
        "gain_top1": -0.1234,
        "gain_interval": [-0.2345, 0.09996],
        "better_share": 1.0,
        "worse_share": 0.98,
        "worse_beyond_noise_share": 0.97,
        "worst_gain": -0.3,
        "top1_words": 0.1,
        "calibration_error": 0.01,
    }
    names = "federated fedrep personal-per-fedavg federated+ngrams adapters+personal-adapters".split()
    rows = [large | {"name": name} for name in names]
    print_table(
        dict.fromkeys(["clusters", "predictors", "ids_left_out"], None)
        | {key: [] for key in ["at_hand", "groups", "over_the_stack"]}
        | {key: {} for key in ["device_seconds", "device_bytes", "message_privacy"]}
        | {"corpus": "nus-sms", "methods": rows, "reference": "federated", "trigram_of": "participants"}
    )
    shown = capsys.readouterr().out
    assert "less sure" in " ".join(shown.split())
    assert "…" not in shown
    assert "\n personal- " in shown
    assert "\n  per-fedavg " in shown
    assert [line[:13].rstrip() for line in shown.splitlines() if "adapters" in line][:2] == [" adapters", "  adapters"]
    assert max(map(len, shown.splitlines())) <= 80
    assert "-12.3 -23.4 +10.0 100 98 97" in " ".join(shown.split())
    assert "By fedrep 'federated' is what people share under a top that nobody trained" in " ".join(shown.split())


class Dear:
    """A system whose models are too many to be in memory with those of others."""

    def __init__(self, name: str, alive: set[str], seen: list[set[str]]):
        self.name, self._alive, self._seen = name, alive, seen

    def prepare(self) -> None:
        """Nothing."""

    def for_person(self, someone: systems.Someone) -> systems.Made:
        trigram = Trigram([["hello"]])
        self._alive.add(self.name)
        weakref.finalize(trigram, self._alive.discard, self.name)
        self._seen.append(set(self._alive))
        return systems.Made(trigram, shipped=True)


def test_rows_that_stand_apart_are_measured_when_the_others_are_gone(population: Population) -> None:
    alive: set[str] = set()
    seen: list[set[str]] = []
    dear = [Dear(name, alive, seen) for name in ("a", "b+1", "b+2", "c", "z")]
    plan = evaluation.Plan.of(population, dear, seed=0)
    apart = (frozenset({"b+1", "b+2"}), frozenset({"c"}))
    evaluation._Inherited.plan = replace(plan, apart=apart, at_hand=(5,), learning=frozenset({"b+2", "z"}))
    _, result = evaluation._evaluate_person((0, population.newcomers[0]))
    assert seen == [{"a"}, {"a", "z"}, {"a", "z"}, {"b+1"}, {"b+1", "b+2"}, {"b+1", "b+2"}, {"c"}]
    assert {*result.by_method} == {*result.seconds} == {*result.shipped} == {"a", "b+1", "b+2", "c", "z"}
    assert {*result.at_hand} == {("b+2", 5), ("z", 5)}
    assert plan.methods == ("a", "b+1", "b+2", "c", "z")
