from __future__ import annotations

from pathlib import Path

import numpy as np

from nextword import checkpoint
from scripts.pretraining import TRAINING, ModelSettings, PretrainSettings, TextSettings, TrainingSettings, prepare

LINES = [f"are you going to tell me because I don't know number {number}" for number in range(400)]


def _prepared(folder: Path, retyped: float) -> tuple[str, list[str]]:
    """The lines held back, and the words to train on."""
    folder.mkdir()
    text = folder / "text.txt"
    text.write_text("\n".join(LINES), encoding="utf-8")
    settings = PretrainSettings(
        text=TextSettings(retyped=retyped, held_back=0.1),
        model=ModelSettings(vocabulary_size=400, width=16, layers=1, heads=2, hidden=16),
        training=TrainingSettings(processes=1),
    )
    prepare(folder / "model", [text], settings)
    made = folder / "model" / TRAINING
    vocabulary = checkpoint.read(made / "start").vocabulary
    spelled = [
        vocabulary.surfaces[piece] + b" " * bool(vocabulary.final[piece]) for piece in np.load(made / "pieces.npy")
    ]
    assert len(np.load(made / "starts.npy")) - 1 == 360
    return (made / "held-back.txt").read_text(encoding="utf-8"), b"".join(spelled).decode().split()


def test_lines_are_retyped_but_none_that_is_held_back(tmp_path: Path) -> None:
    held_back, words = _prepared(tmp_path / "as-written", 0.0)
    assert set(held_back.split("\n")) <= {line.lower() for line in LINES}
    assert words.count("you") == words.count("don't") == 360
    same_held_back, retyped = _prepared(tmp_path / "retyped", 0.5)
    assert same_held_back == held_back
    assert 180 <= retyped.count("you") < 330
    assert 180 <= retyped.count("don't") < 330
    assert _prepared(tmp_path / "again", 0.5) == (held_back, retyped)
