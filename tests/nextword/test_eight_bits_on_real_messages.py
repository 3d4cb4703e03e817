"""The bundled model as a device runs it beside its floats, on real messages, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.corpus import load, people
from data.splits import divide, sample
from nextword import checkpoint
from nextword.metrics import measure
from nextword.predictor import Predictor

SHARED = Path(__file__).parents[3] / "shared" / "corpora"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpora beside the repository are not here")
@pytest.mark.parametrize("name", ["nus-sms", "self-dialogue"])
def test_eight_bits_hit_as_many_words_as_floats(name: str, tmp_path: Path) -> None:
    population = divide(people(load(str(SHARED / name), data_dir=tmp_path)), seed=0, newcomer_share=0.0)
    messages = [text for split in sample(population.evaluated_participants, 40, seed=0) for text in split.test[-30:]]
    floats, rounded = (
        measure(Predictor.load(checkpoint.BUNDLED, eight_bit=eight_bit), messages, user="")
        for eight_bit in (False, True)
    )
    assert rounded.words == floats.words > 4_000
    assert abs(rounded.top1 - floats.top1) <= 0.002
    assert abs(rounded.top3 - floats.top3) <= 0.004
    assert rounded.bits == pytest.approx(floats.bits, rel=0.005)
