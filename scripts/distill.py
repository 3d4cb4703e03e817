"""`nextword distill`: a small model that learns from public text and from a larger model's advice on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.pretrain import EightBit, Json, Out, Resume, Run, Set, Text, train


def command(
    text: Text = None,
    teacher: Annotated[Path | None, typer.Option(help="the teacher's checkpoint; its vocabulary is used")] = None,
    out: Out = None,
    run: Run = None,
    settings: Set = None,
    resume: Resume = None,
    eight_bit: EightBit = False,
    as_json: Json = False,
) -> None:
    from nextword import checkpoint

    if resume is None and not (text and out and teacher):
        raise ValueError("name the files or folders of text, --teacher, and the student's folder with --out")
    if teacher:
        checkpoint.read_config(teacher)
    train(text, out, run, settings, resume, eight_bit=eight_bit, as_json=as_json, teacher=teacher)
