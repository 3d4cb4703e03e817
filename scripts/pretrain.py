"""`nextword pretrain`: a vocabulary and a model from public text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.console import print_json


def command(
    text: Annotated[
        list[Path] | None, typer.Argument(help="files .txt or .txt.gz, one utterance a line, or folders of them")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="the checkpoint's folder")] = None,
    run: Annotated[Path | None, typer.Option(help="a run file, TOML; without one the defaults hold")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, over the run file")] = None,
    resume: Annotated[Path | None, typer.Option(help="the folder of a training that was cut off")] = None,
    eight_bit: Annotated[bool, typer.Option("--eight-bit", help="rounded weights, a quarter of the size")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    from scripts.pretraining import PretrainSettings, prepare, train

    if resume is None:
        if not text or out is None:
            raise ValueError("name the files or folders of text, and the checkpoint's folder with --out")
        chosen = (PretrainSettings.from_toml(run) if run else PretrainSettings()).with_settings(settings or [])
        chosen = chosen.model_copy(update={"eight_bit": chosen.eight_bit or eight_bit})
        prepare(out, text, chosen)
    elif text or out or run or settings or eight_bit:
        raise ValueError("--resume takes the training's own text and settings: give no others with it")
    show(train(resume or Path(str(out))), as_json=as_json)


def show(about: dict[str, Any], *, as_json: bool) -> None:
    """What a training came to."""
    if as_json:
        print_json(about)
        return
    last = about["bits_per_character"][-1]
    bits = ", ".join(f"{name} {value:.3f}" for name, value in last.items() if name != "epoch")
    print(f"{about['model']}: {about['parameters'] / 1e6:.2f} M parameters, {about['steps']:,} steps")
    print(f"bits per character: {bits}")
    for name, words in about["words"].items():
        print(f"{name}: top-1 {words['top1']:.1%}, top-3 {words['top3']:.1%} of words, {words['users']} people")
