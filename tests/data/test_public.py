from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from data import public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "talk.txt").write_text("Hello\nhello\nSee YOU\n\n" + "\n".join(f"line {n}" for n in range(98)))
    (tmp_path / "more.txt.gz").write_bytes(gzip.compress(b"see you\nBye\n", mtime=0))
    (tmp_path / "notes.md").write_text("not text of the corpus")
    return tmp_path


def test_files_are_found_in_folders_and_by_name(folder: Path) -> None:
    both = [folder / "more.txt.gz", folder / "talk.txt"]
    assert public.files([folder]) == both
    assert public.files([folder / "talk.txt", folder]) == both


def test_different_lines_in_normal_form_are_drawn_with_one_of_their_written_forms(folder: Path) -> None:
    share_of = public.shares("", public.files([folder]))
    lines = public.sample(share_of, str.lower, np.random.default_rng(0))
    assert len(lines) == 101
    assert all(written.lower() == line for line, written in lines.items())
    assert lines["bye"] == "Bye"


def test_a_share_of_a_file_is_drawn_by_the_seed(folder: Path) -> None:
    share_of = public.shares("talk=0.5, more=1", public.files([folder]))

    def draw(seed: int) -> set[str]:
        return set(public.sample(share_of, str.lower, np.random.default_rng(seed)))

    assert {"see you", "bye"} <= draw(0)
    assert len(draw(0) - {"see you", "bye"}) in (49, 50)
    assert draw(0) == draw(0) != draw(1)


@pytest.mark.parametrize("wanted", ["talk", "talk=2", "talk=-1", "=0.5", "talk=half", "novel=0.5"])
def test_shares_that_cannot_be_are_refused(folder: Path, wanted: str) -> None:
    with pytest.raises(ValueError, match=r"text\.share"):
        public.shares(wanted, public.files([folder]))
