"""`nextword pretrain`: a vocabulary and a model from public text."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import errors, print_json, progress


def command(
    text: Annotated[list[Path], typer.Argument(help="files .txt or .txt.gz, one utterance a line, or folders of them")],
    out: Annotated[Path, typer.Option(help="the checkpoint's folder")],
    start: Annotated[
        Path | None, typer.Option(help="go on from this checkpoint, with its vocabulary; else from random weights")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="passes over the text")] = 1,
    vocabulary_size: Annotated[int, typer.Option(min=300, help="pieces of the vocabulary")] = 8000,
    batch_messages: Annotated[int, typer.Option(min=1, help="utterances a step")] = 64,
    learning_rate: Annotated[float, typer.Option(help="peak of the cosine schedule")] = 2e-3,
    share: Annotated[
        list[str], typer.Option(help="NAME=SHARE: only so much of the file whose name starts with NAME; repeatable")
    ] = [],  # noqa: B006
    invented: Annotated[
        int, typer.Option(min=0, help="also the messages of so many invented people, none of the corpus `synthetic`")
    ] = 0,
    held_back: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="share of the lines kept for validation; --start may have seen them")
    ] = 0.01,
    seed: Annotated[int, typer.Option(help="of the weights and the order of the text")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="torch threads")] = 4,
    eight_bit: Annotated[bool, typer.Option("--eight-bit", help="rounded weights, a quarter of the size")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    import numpy as np
    import torch

    from data import synthetic
    from nextword import checkpoint
    from nextword.casing import Casing
    from nextword.model import LanguageModel
    from nextword.model_config import ModelConfig
    from nextword.text import normalise
    from nextword.training import TrainConfig, fit, text_bits
    from nextword.vocabulary import Vocabulary

    if out.exists():
        raise ValueError(f"{out} exists: name a new folder with --out, or remove it")
    checkpoint.check_writable(out.parent)
    torch.set_num_threads(threads)
    files = sorted(_files(text))
    kept_share = _shares(share, files)
    rng = np.random.default_rng(seed)
    found: dict[str, str] = {}  # a line, and as it stands in its file, with its capitals
    for path in files:
        raw = {clean: line for line in read_lines(path) if (clean := normalise(line))}
        lines_of_file = sorted(raw)
        wanted = round(kept_share[path] * len(lines_of_file))
        found |= {(line := lines_of_file[i]): raw[line] for i in rng.permutation(len(lines_of_file))[:wanted]}
    casing = Casing.learn(found.values())
    found |= {clean: "" for text in synthetic.public_texts(invented) if (clean := normalise(text))}
    lines = sorted(found)
    order = rng.permutation(len(lines))
    kept = max(1, round(held_back * len(lines))) if held_back and len(lines) > 1 else 0
    validation, training = [lines[i] for i in order[:kept]], [lines[i] for i in order[kept:]]
    errors.print(f"{len(training):,} lines from {len(files)} files and {invented:,} invented people")
    if start is None:
        pieces_of = Vocabulary.train(training, size=vocabulary_size, seed=seed)
        vocabulary = Vocabulary(pieces_of.model, casing=casing)
        model = LanguageModel(ModelConfig(vocabulary=len(vocabulary))).initialise(seed)
    else:
        model, vocabulary = checkpoint.load(start)
    pieces = [vocabulary.encode(line) for line in training]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    config = TrainConfig(
        epochs=epochs,
        batch_messages=batch_messages,
        learning_rate=learning_rate,
        schedule="cosine",
        warmup_share=0.05,
        weight_decay=0.05,
    )
    with progress() as display:
        task = display.add_task("pretraining", total=None)
        result = fit(
            model,
            pieces,
            config,
            rng,
            progress=lambda step, steps, _: display.update(task, completed=step, total=steps),
        )
    measured = text_bits(model, vocabulary, validation)
    about = {
        "text": {path.name: kept_share[path] for path in files},
        "invented_people": invented,
        "start": checkpoint.read_config(start)["sha256"]["model.safetensors"] if start else None,
        "lines": len(training),
        "pieces_trained": result.num_pieces,
        "steps": result.num_steps,
        "epochs": epochs,
        "seed": seed,
        "device": device,
        "validation_bits_per_character": measured.bits / measured.num_characters if kept else None,
    }
    checkpoint.save(out, model, vocabulary, extra=about, eight_bit=eight_bit)
    if as_json:
        print_json({"model": str(out), **about})
    else:
        bits = about["validation_bits_per_character"]
        quality = f"{bits:.3f} bits per character on {kept:,} lines held back" if kept else "not validated"
        print(f"{out}: {result.num_steps:,} steps over {result.num_pieces:,} pieces; {quality}")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, gzipped or not."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return data.decode("utf-8").splitlines()
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not UTF-8 text, one utterance a line ({error})") from error


def _shares(options: list[str], files: list[Path]) -> dict[Path, float]:
    """How much of each file is read."""
    shares = dict.fromkeys(files, 1.0)
    for option in options:
        name, equals, number = option.partition("=")
        named = [path for path in files if path.name.startswith(name)]
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not equals or not name or not 0 <= value <= 1:
            raise ValueError(f"--share {option}: write NAME=SHARE, the share between 0 and 1, as in --share sgd=0.2")
        if not named:
            raise ValueError(f"--share {option}: no file's name starts with {name}")
        shares |= dict.fromkeys(named, value)
    return shares


def _files(paths: list[Path]) -> set[Path]:
    found: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder")
        inside = {p for pattern in ("*.txt", "*.txt.gz") for p in path.glob(pattern)} if path.is_dir() else {path}
        if not inside:
            raise ValueError(f"{path}: no .txt or .txt.gz file in this folder")
        found |= inside
    return found
