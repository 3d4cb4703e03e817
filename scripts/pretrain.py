"""`nextword pretrain`: a vocabulary and a model from public text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.console import print_json

# The options that `nextword distill` has too.
Text = Annotated[
    list[Path] | None, typer.Argument(help="files .txt or .txt.gz, one utterance a line, or folders of them")
]
Out = Annotated[Path | None, typer.Option(help="the folder of the checkpoint that is made")]
Run = Annotated[Path | None, typer.Option(help="a run file, TOML; without one the defaults hold")]
Set = Annotated[list[str] | None, typer.Option("--set", help="key=value, over the run file")]
Resume = Annotated[Path | None, typer.Option(help="the folder of a training that was cut off")]
EightBit = Annotated[bool, typer.Option("--eight-bit", help="rounded weights, a quarter of the size")]
Json = Annotated[bool, typer.Option("--json", help="print JSON alone")]


def command(
    text: Text = None,
    out: Out = None,
    run: Run = None,
    settings: Set = None,
    resume: Resume = None,
    eight_bit: EightBit = False,
    as_json: Json = False,
) -> None:
    if resume is None and not (text and out):
        raise ValueError("name the files or folders of text, and the checkpoint's folder with --out")
    train(text, out, run, settings, resume, eight_bit=eight_bit, as_json=as_json)


def train(
    text: Text,
    out: Out,
    run: Run,
    settings: Set,
    resume: Resume,
    *,
    eight_bit: bool,
    as_json: bool,
    teacher: Path | None = None,
) -> None:
    """Begin a training or go on with it, and say what it came to."""
    from scripts import pretraining

    if resume is not None:
        if text or out or run or settings or teacher or eight_bit:
            raise ValueError("--resume takes all that the training began with: give nothing else with it")
        folder = resume
    else:
        chosen = pretraining.PretrainSettings.from_toml(run) if run else pretraining.PretrainSettings()
        chosen = chosen.with_settings([*(settings or []), *(["eight-bit=true"] if eight_bit else [])])
        folder = Path(str(out))
        pretraining.prepare(folder, text or [], chosen, teacher=teacher)
    _show(pretraining.train(folder), as_json=as_json)


def _show(about: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(about)
        return
    last = about["bits_per_character"][-1]
    bits = ", ".join(f"{name} {value:.3f}" for name, value in last.items() if name != "epoch")
    print(f"{about['model']}: {about['parameters'] / 1e6:.2f} M parameters, {about['steps']:,} steps")
    print(f"bits per character: {bits}")
    for measured, how in (("words", ""), ("words_in_eight_bits", " in eight bits")):
        for name, words in about.get(measured, {}).items():
            print(
                f"{name}{how}: top-1 {words['top1']:.1%}, top-3 {words['top3']:.1%} of words, {words['users']} people; "
                f"probabilities {words['calibration_error']:.1%} off"
            )
