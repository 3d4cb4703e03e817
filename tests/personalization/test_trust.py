"""Trusts are what serves held-back messages, and cost what the keyboard's own reading says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nextword.layers import Trusted
from nextword.model import LanguageModel
from nextword.ngram_layer import START, NgramConfig, NgramLayer
from nextword.predictor import Predictor
from nextword.text import tokens
from nextword.vocabulary import Vocabulary
from personalization.own_ngram import OwnNgram
from personalization.trust import TRUSTS, Overlay, Prior, trusted

HABITS = ["meet you at zoque then", "see you at zoque", "ok"] * 3
OTHERS = ["traffic again", "she is home"]
JUDGED = [tokens("see you at zoque then"), tokens("ok"), tokens("is she at home ?"), []]


@pytest.fixture
def predictor(model: LanguageModel, vocabulary: Vocabulary) -> Predictor:
    return Predictor.of(model, vocabulary)


def test_bits_are_those_of_a_predictor_with_these_layers(predictor: Predictor) -> None:
    layers = [OwnNgram(messages=OTHERS), OwnNgram(messages=HABITS)]
    nats = predictor.costs(JUDGED)
    assert Overlay(layers, JUDGED).bits(nats) == pytest.approx([r.bits for r in predictor.read(JUDGED)])
    for trusts in ((0.2, 0.7), (0.0, 0.4), (0.85, 0.0)):
        predictor.layers = trusted(dict(zip("ab", layers, strict=True)), dict(zip("ab", trusts, strict=True)))
        assert len(predictor.layers) == sum(trust > 0 for trust in trusts)
        by_hand = [reading.bits for reading in predictor.read(JUDGED)]
        assert Overlay(layers, JUDGED).bits(nats, trusts) == pytest.approx(by_hand)
        assert predictor.costs(JUDGED) == nats  # whatever lies over the model


def test_what_lies_below_is_neither_weighed_nor_left_out(predictor: Predictor) -> None:
    below, layer = (
        [Trusted(OwnNgram(messages=OTHERS), 0.3), OwnNgram(messages=["is she late"])],
        OwnNgram(messages=HABITS),
    )
    nats = predictor.costs(JUDGED)
    predictor.layers = [*below]
    overlay = Overlay([layer], JUDGED, below=below)
    assert overlay.bits(nats) == pytest.approx([r.bits for r in predictor.read(JUDGED)])
    predictor.layers = [*below, Trusted(layer, 0.4)]
    assert overlay.bits(nats, [0.4]) == pytest.approx([r.bits for r in predictor.read(JUDGED)])
    trusts, bits = overlay.best(nats)
    assert bits.sum() == pytest.approx(min(overlay.bits(nats, [trust]).sum() for trust in TRUSTS))
    assert bits == pytest.approx(overlay.bits(nats, trusts))
    parts = Overlay.joined([Overlay([layer], texts, below=below) for texts in (JUDGED[:1], [], JUDGED[1:])])
    assert parts.bits(nats, trusts) == pytest.approx(bits)
    assert Overlay([], JUDGED, below=below).bits(nats) == pytest.approx(overlay.bits(nats))


def test_the_best_trusts_are_the_best_of_all(predictor: Predictor) -> None:
    overlay = Overlay([OwnNgram(messages=OTHERS), OwnNgram(messages=HABITS)], JUDGED)
    nats = predictor.costs(JUDGED)
    trusts, bits = overlay.best(nats)
    assert bits == pytest.approx(overlay.bits(nats, trusts))
    assert trusts[1] > 0
    least = min(overlay.bits(nats, (one, other)).sum() for one in TRUSTS for other in TRUSTS)
    assert bits.sum() == pytest.approx(least)


def test_few_messages_leave_what_is_expected_and_many_overrule_it(predictor: Predictor) -> None:
    layer = OwnNgram(messages=HABITS)

    def best(messages: list[list[str]], prior: Prior) -> tuple[float, float]:
        (trust,), bits = Overlay([layer], messages, [prior]).best(predictor.costs(messages))
        return trust, bits.sum()

    assert best([], Prior(0.15, 6)) == (0.15, 0)
    alone, least = best(JUDGED, Prior(0.5, 0))
    assert alone > 0.15
    between = [best(JUDGED, Prior(0.15, tokens))[0] for tokens in (0, 3, 10, 1e6)]
    assert between == sorted(between, reverse=True)
    assert (between[0], between[-1]) == (alone, 0.15)
    assert best(JUDGED * 1000, Prior(0.15, 10))[0] == alone
    trust, bits = best(JUDGED, Prior(0.15, 10))
    by_hand = {t: Overlay([layer], JUDGED).bits(predictor.costs(JUDGED), [t]).sum() for t in TRUSTS}
    assert (bits, bits >= least) == (pytest.approx(by_hand[trust]), True)  # of the messages alone
    penalty = {t: -10 * (0.15 * math.log2(t / 0.15) + 0.85 * math.log2((1 - t) / 0.85)) for t in TRUSTS if t}
    assert by_hand[trust] + penalty[trust] == pytest.approx(min(by_hand[t] + penalty[t] for t in penalty))


def test_parts_judge_together_as_if_they_were_one(predictor: Predictor) -> None:
    layer, nats = OwnNgram(messages=HABITS), predictor.costs(JUDGED)
    whole = Overlay([layer], JUDGED, [Prior(0.15, 3)])
    parts = [Overlay([layer], messages, [Prior(0.15, 3)]) for messages in (JUDGED[:1], [], JUDGED[1:])]
    together = Overlay.joined(parts)
    assert together.num_messages == len(JUDGED)
    assert together.bits(nats, [0.4]).tolist() == whole.bits(nats, [0.4]).tolist()
    (trusts, bits), (expected, wanted) = together.best(nats), whole.best(nats)
    assert (trusts, bits.tolist()) == (expected, wanted.tolist())
    alone = Overlay.joined([Overlay([], JUDGED[:1]), Overlay([], JUDGED[1:])])
    assert alone.bits(nats).tolist() == whole.bits(nats).tolist()
    assert [part.num_messages for part in parts] == [1, 0, len(JUDGED) - 1]  # left as they were


def test_less_is_expected_of_a_layer_that_has_learned_little(predictor: Predictor) -> None:
    prior = Prior(0.3, 6.0, half=10.0)
    expected = [prior.after(messages).trust for messages in (0, 1, 10, 100, 10**6)]
    assert expected == sorted(expected)
    assert (expected[0], expected[2], expected[-1]) == pytest.approx((0.0, 0.15, 0.3), abs=1e-5)
    assert Prior(0.05, 6.0).after(0) == Prior(0.05, 6.0)
    layer = OwnNgram(messages=HABITS)
    found = [Overlay([layer], [], [prior.after(messages)]).best([])[0][0] for messages in (0, 10, 10**6)]
    assert found == [0.0, 0.15, 0.3]
    assert Overlay([layer], JUDGED, [prior.after(0)]).best(predictor.costs(JUDGED))[0][0] > 0  # messages overrule it


def test_what_misleads_is_not_trusted_at_all(predictor: Predictor) -> None:
    judged = [["ok"], ["haha"]]
    misleading = NgramLayer(NgramConfig(), {(): {"zoque": 9.0}, (START,): {"zoque": 9.0}}, source="many")
    trusts, bits = Overlay([misleading], judged).best(predictor.costs(judged))
    assert trusts == (0.0,)
    assert trusted({"many": misleading}, {"many": trusts[0]}) == []
    assert bits == pytest.approx([reading.bits for reading in predictor.read(judged)])


def test_without_layers_or_messages_nothing_is_weighed(predictor: Predictor) -> None:
    trusts, bits = Overlay([], JUDGED).best(predictor.costs(JUDGED))
    assert (trusts, len(bits)) == ((), len(JUDGED))
    trusts, bits = Overlay([OwnNgram(messages=HABITS)], []).best([])
    assert (len(trusts), bits.sum()) == (1, 0)


def test_a_token_of_no_probability_leaves_the_others_to_be_weighed() -> None:
    overlay = Overlay([OwnNgram(messages=["see zoque"])], [["x" * 900], ["see", "zoque"]])
    trusts, bits = overlay.best([[np.inf, 1.0], [5.0, 20.0, 1.0]])
    assert trusts[0] > 0
    assert np.isfinite(bits).all()


def test_a_trusted_layer_keeps_its_share_of_everything() -> None:
    own = OwnNgram(messages=["Ask Zoque"])
    half = Trusted(own, 0.5)
    assert half.mass(["ask"], "zoque") == own.mass(["ask"], "zoque") / 2
    assert half.rest(["ask"]) == pytest.approx((1 + own.rest(["ask"])) / 2)
    assert half.prefix_mass(["ask"], "z") == own.prefix_mass(["ask"], "z") / 2
    assert half.top(["ask"], 1, "") == [("zoque", own.mass(["ask"], "zoque") / 2)]
    assert (half.written("zoque"), half.source) == ("Zoque", "own")
