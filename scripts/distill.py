"""`nextword distill`: a small model that learns from public text and from a larger model's advice on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.pretrain import show


def command(
    text: Annotated[
        list[Path] | None, typer.Argument(help="files .txt or .txt.gz, one utterance a line, or folders of them")
    ] = None,
    teacher: Annotated[Path | None, typer.Option(help="the teacher's checkpoint; its vocabulary is used")] = None,
    out: Annotated[Path | None, typer.Option(help="the student's folder")] = None,
    run: Annotated[Path | None, typer.Option(help="a run file, TOML; without one the defaults hold")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, over the run file")] = None,
    resume: Annotated[Path | None, typer.Option(help="the folder of a training that was cut off")] = None,
    eight_bit: Annotated[bool, typer.Option("--eight-bit", help="rounded weights, a quarter of the size")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    from nextword import checkpoint
    from scripts.pretraining import PretrainSettings, prepare, train

    if resume is None:
        if not text or out is None or teacher is None:
            raise ValueError("name the files or folders of text, --teacher, and the student's folder with --out")
        checkpoint.read_config(teacher)
        chosen = (PretrainSettings.from_toml(run) if run else PretrainSettings()).with_settings(settings or [])
        chosen = chosen.model_copy(update={"eight_bit": chosen.eight_bit or eight_bit})
        prepare(out, text, chosen, teacher=teacher)
    elif text or out or run or settings or teacher or eight_bit:
        raise ValueError("--resume takes the training's own text, teacher and settings: give no others with it")
    show(train(resume or Path(str(out))), as_json=as_json)
