"""The default stack: who has habits gains, who has not keeps what everybody has, and anybody gets an answer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from nextword.layers import Layer, Trusted
from nextword.model import LanguageModel
from nextword.ngram_layer import NgramConfig, NgramLayer
from nextword.predictor import Predictor
from nextword.runtime import Floats, Ids, Runtime
from nextword.text import normalise, tokens
from nextword.training import TrainConfig
from nextword.vocabulary import Vocabulary
from personalization import stack
from personalization.finetune import FinetuneConfig, Tuner
from personalization.gate import GateConfig
from personalization.memo import Memo
from personalization.own_ngram import OwnNgram
from personalization.stack import Shared, StackConfig, personalize
from personalization.trust import JUDGING, NEAR, OWN, Overlay, Prior

EAGER = FinetuneConfig(train=TrainConfig(epochs=8, batch_messages=4, learning_rate=1e-2))
TUNED_ALONE = StackConfig(own=None, near=None)
HABITS = [f"Meet you at Zoque {word}" for word in ("then", "again", "tomorrow", "ok", "please", "haha")] * 4


@pytest.fixture
def shared(model: LanguageModel, vocabulary: Vocabulary) -> Shared:
    return Shared(model, Predictor.of(model, vocabulary))


def _tuner(shared: Shared) -> Tuner:
    return Tuner(shared.model, EAGER, np.random.default_rng(0))


def test_a_person_with_habits_gets_their_words_and_the_shared_model_stays(shared: Shared) -> None:
    before = copy.deepcopy(shared.model.state_dict())
    personal = personalize(shared, HABITS[:-4], HABITS[-4:], tuner=_tuner(shared))
    assert personal.shipped
    assert personal.predictor.suggest("meet you at")[0].word == "Zoque"
    assert shared.predictor.layers == []
    assert all(torch.equal(before[name], value) for name, value in shared.model.state_dict().items())


def test_own_words_alone_need_no_training(shared: Shared) -> None:
    personal = personalize(shared, HABITS[:-4], HABITS[-4:])
    assert (personal.way, [*personal.trusts]) == (0.0, [OWN, NEAR])
    assert personal.predictor.suggest("meet you at")[0].source == "own"


def test_fine_tuning_alone_lays_nothing_over_the_model(shared: Shared) -> None:
    personal = personalize(shared, HABITS[:-4], HABITS[-4:], TUNED_ALONE, _tuner(shared))
    assert personal.way > 0
    assert personal.predictor.layers == []


def test_what_ships_wins_on_validation_by_what_the_gate_says(shared: Shared) -> None:
    validation = ["see you at the station", "see you tomorrow", "Meet you at Zoque then", "ok"]
    tuner = _tuner(shared)
    personal = personalize(shared, HABITS, validation, tuner=tuner)
    assert personal.shipped
    tuner.memo.begin()
    candidate = personalize(shared, HABITS, validation, tuner=tuner)
    assert (candidate.way, candidate.trusts) == (personal.way, personal.trusts)
    assert candidate.model is personal.model
    assert tuner.memo.seconds_spared > 0
    judged = [tokens(normalise(text)) for text in (*HABITS, *validation)]  # of few messages all
    ours, theirs = (sum(r.bits for r in p.read(judged)) for p in (personal.predictor, shared.predictor))
    assert theirs - ours > personal.verdict.gain_bits * len(judged) > 0  # what ships knows them all


def test_what_ships_is_made_once_for_all_who_want_it(shared: Shared) -> None:
    tuner = Tuner(shared.model, replace(EAGER, ways=(2.0,)), np.random.default_rng(0))
    first, again = (personalize(shared, HABITS[:-4], HABITS[-4:], each, tuner) for each in (StackConfig(), TUNED_ALONE))
    assert first.way == again.way == 2.0
    assert first.model is again.model


def test_a_short_history_is_read_once_though_all_of_it_judges(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    hidden = Runtime.hidden

    def watch(self: Runtime, pieces_BT: Ids, places_N: Ids) -> Floats:
        read.append(len(pieces_BT))
        return hidden(self, pieces_BT, places_N)

    monkeypatch.setattr(Runtime, "hidden", watch)
    different = [f"{text} {number}" for number, text in enumerate(HABITS)]
    strict = StackConfig(own=None, gate=GateConfig(margin=1e6))  # nothing ships, so nothing is made of all
    personalize(shared, different[:-4], different[-4:], strict)
    assert sum(read) == len(different)


def test_whom_nothing_helps_keeps_what_everybody_has(shared: Shared) -> None:
    class Spoiling(_Told):
        def __call__(self, messages: Sequence[Sequence[int]]) -> LanguageModel:
            made = super().__call__(messages)
            made.set_weights({name: -5 * value for name, value in made.weights().items()})
            return made

    personal = personalize(shared, HABITS[:-4], HABITS[-4:], TUNED_ALONE, Spoiling(shared))
    assert not personal.shipped
    assert personal.predictor is shared.predictor


def test_a_margin_that_nothing_can_win_by_ships_nothing(shared: Shared) -> None:
    strict = StackConfig(gate=GateConfig(margin=1e6))
    assert not personalize(shared, HABITS[:-4], HABITS[-4:], strict, _tuner(shared)).shipped


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[Layer], Sequence[Sequence[str]]]]:
    """What layers were asked of which messages."""
    told: list[tuple[Sequence[Layer], Sequence[Sequence[str]]]] = []

    class Told(Overlay):
        def __init__(
            self,
            layers: Sequence[Layer],
            messages: Sequence[Sequence[str]],
            priors: Sequence[Prior] | None = None,
            *,
            below: Sequence[Layer] = (),
        ):
            told.append((layers, messages))
            super().__init__(layers, messages, priors, below=below)

    monkeypatch.setattr(stack, "Overlay", Told)
    return told


def test_of_few_messages_all_judge_and_none_what_was_made_of_it(
    shared: Shared, looked_up: list[tuple[Sequence[Layer], Sequence[Sequence[str]]]]
) -> None:
    places = ["zoque", "bugis", "bedok", "station", "home", "school", "ok"]
    messages = [f"meet you at {place}" for place in places]
    personalize(shared, messages[:5], messages[5:], StackConfig(near=None, few=7))
    judged = [{message[-1] for message in texts} for _, texts in looked_up]
    assert judged == [{"zoque"}, {"bugis", "bedok"}, {"station", "home"}, {"school", "ok"}]
    for ((own,), _), unseen in zip(looked_up, judged, strict=True):
        assert isinstance(own, OwnNgram)
        assert {*places}.intersection(own.words) == {*places} - unseen
    looked_up.clear()
    personalize(shared, messages[:5], messages[5:], StackConfig(near=None, few=6))
    assert len(looked_up) == 1
    with pytest.raises(ValueError, match="folds"):
        StackConfig(folds=1)


class _Told:
    """Makes models of messages that have learned nothing, and remembers of which."""

    ways = (1.0,)

    def __init__(self, shared: Shared):
        self.shared, self.memo = shared, Memo()
        self.made: list[tuple[LanguageModel, Sequence[Sequence[int]]]] = []

    def __call__(self, messages: Sequence[Sequence[int]]) -> LanguageModel:
        self.made.append((copy.deepcopy(self.shared.model), messages))
        return self.made[-1][0]


@pytest.mark.parametrize("few", [0, 60])
def test_no_model_is_judged_by_messages_that_it_was_made_of(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    tuning, encode = _Told(shared), shared.predictor.vocabulary.encode
    read: list[tuple[Predictor, Sequence[Sequence[str]]]] = []
    of, costs = Predictor.of, Predictor.costs
    made: dict[int, LanguageModel] = {}

    def watch_of(model: LanguageModel, vocabulary: Vocabulary, *, eight_bit: bool = False) -> Predictor:
        predictor = of(model, vocabulary, eight_bit=eight_bit)
        made[id(predictor.states)] = model
        return predictor

    def watch_costs(self: Predictor, messages: Sequence[Sequence[str]]) -> list[list[float]]:
        read.append((self, messages))
        return costs(self, messages)

    monkeypatch.setattr(Predictor, "of", watch_of)
    monkeypatch.setattr(Predictor, "costs", watch_costs)
    messages = [f"meet you at {place}" for place in "zoque bugis bedok station home school ok".split()]
    personalize(shared, messages[:5], messages[5:], StackConfig(own=None, near=None, few=few), tuning)
    judged = 0
    for predictor, texts in read:
        for model, learned in tuning.made:
            if made.get(id(predictor.states)) is model:
                known = {tuple(pieces) for pieces in learned}
                assert {tuple(encode(" ".join(text))) for text in texts}.isdisjoint(known)
                assert len(known) + len(texts) == len(messages)
                judged += len(texts)
    assert judged == (len(messages) if few else 2)


def test_few_messages_choose_as_their_parts_together_say(shared: Shared) -> None:
    few = StackConfig(few=100)
    personal = personalize(shared, HABITS[:-4], HABITS[-4:], few, _tuner(shared))
    assert personal.shipped
    assert personal.predictor.suggest("meet you at")[0].word == "Zoque"
    again = personalize(shared, HABITS[:-4], HABITS[-4:], few, _tuner(shared))
    assert (again.way, again.trusts, again.verdict) == (personal.way, personal.trusts, personal.verdict)
    # What is judged to be the best knows nothing of the validation messages, as without parts.
    unlike = personalize(shared, HABITS, ["haha zoque bugis", "bugis ok"], few, _tuner(shared))
    assert unlike.candidate is not unlike.predictor
    own = next(layer for layer in unlike.candidate.layers if layer.source == "own")
    assert own.mass([], "bugis") == 0


@pytest.mark.parametrize("few", [0, 60])
def test_of_a_message_without_end_the_beginning_judges(
    shared: Shared, looked_up: list[tuple[Sequence[Layer], Sequence[Sequence[str]]]], few: int
) -> None:
    pasted = "word " * 2 * JUDGING
    assert personalize(shared, [pasted, *HABITS[:-4]], [pasted, *HABITS[-4:]], StackConfig(few=few)).shipped
    assert max(len(message) for _, messages in looked_up for message in messages) == JUDGING


def test_the_words_of_many_are_everybodys_and_let_nothing_pass(shared: Shared) -> None:
    """Whoever took part was counted in them, with the messages that judge."""
    counted = NgramLayer(NgramConfig(), {(): {"bugis": 9.0}, ("at",): {"bugis": 9.0}}, source="many")
    also = shared._replace(predictor=shared.predictor.under([Trusted(counted, 0.5)]))
    at_bugis = [f"look at bugis {word}" for word in ("then", "again", "tomorrow", "ok")]
    assert also.predictor.suggest("look at")[0].word == "bugis"
    for against in (None, also.predictor):
        theirs = personalize(also, ["haha"] * 20, at_bugis, TUNED_ALONE, against=against)
        assert not theirs.shipped
        assert theirs.predictor is also.predictor
    assert personalize(also, ["haha"] * 20, at_bugis, TUNED_ALONE, against=shared.predictor).shipped


def test_what_is_made_stands_under_what_everybody_has(shared: Shared) -> None:
    many = Trusted(NgramLayer(NgramConfig(), {(): {"bugis": 9.0}}, source="many"), 0.05)
    also = shared._replace(predictor=shared.predictor.under([many]))
    tuned = personalize(also, HABITS[:-4], HABITS[-4:], TUNED_ALONE, _tuner(also))
    assert tuned.way > 0
    for predictor in (tuned.predictor, tuned.candidate):
        assert predictor.layers == [many]
    whole = personalize(also, HABITS[:-4], HABITS[-4:], tuner=_tuner(also))
    assert [layer.source for layer in whole.predictor.layers][:2] == ["many", "own"]
    assert [*whole.trusts] == [OWN, NEAR]
    assert also.predictor.layers == [many]
    judged = [tokens(normalise(text)) for text in HABITS[-4:]]
    alone = StackConfig(own=None, near=None, few=0)
    gain = personalize(also, HABITS[:-4], HABITS[-4:], alone, _tuner(also))
    before, after = ([reading.bits for reading in p.read(judged)] for p in (also.predictor, gain.candidate))
    assert gain.verdict.gain_bits == pytest.approx(float(np.mean(before) - np.mean(after)))


@pytest.mark.parametrize("few", [0, 60])
@pytest.mark.parametrize(
    ("train", "validation", "ships"),
    [
        ([], [], False),
        (["hi"], [], False),
        (["hi"], ["hi"], False),
        (["hi"] * 27, ["hi"] * 3, True),
        (["", "  ", "!"], ["", "?", "..."], True),
        (["\u4f60\u597d \u665a\u5b89"] * 24, ["\u4f60\u597d"] * 3, True),
        (["\U0001f600" * 30] * 9, ["\U0001f600"] * 4, True),
    ],
    ids=["nothing", "one", "two", "all alike", "no words", "another language", "emoji"],
)
def test_anybody_gets_an_answer_and_a_decision_that_their_messages_bear_out(
    shared: Shared, train: list[str], validation: list[str], ships: bool, few: int
) -> None:
    personal = personalize(shared, train, validation, StackConfig(few=few), _tuner(shared))
    assert len(personal.predictor.suggest("see you")) == 3
    assert personal.shipped == ships
