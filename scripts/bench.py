"""`nextword bench`: how fast it is, as ratios against a named peer in the same run."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from scripts.console import print_json
from scripts.group import Group

_HISTORY = 2000  # messages of which a person's own n-gram is made

app = typer.Typer(cls=Group, no_args_is_help=True, add_completion=False)

_Model = Annotated[Path | None, typer.Option(help="a checkpoint's folder, or a run's; else the bundled model")]
_Corpus = Annotated[str, typer.Option(help="whose messages are typed: a name, or a file with user and text")]
_Typed = Annotated[int, typer.Option(min=1, help="how many messages are typed, drawn by lot")]
_DataDir = Annotated[Path | None, typer.Option(help="where prepared corpora are kept")]
_Seed = Annotated[int, typer.Option(min=0, help="of the draw")]
_Invented = Annotated[int, typer.Option(min=1, help="on how many invented messages it is trained")]
_Json = Annotated[bool, typer.Option("--json", help="print JSON alone")]


@app.callback()
def _group() -> None:
    """How fast it is, as ratios against a named peer in the same run."""


@app.command()
def latency(
    model: _Model = None,
    corpus: _Corpus = "synthetic",
    messages: _Typed = 200,
    data_dir: _DataDir = None,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """How long a suggestion takes on one thread, while people's messages are typed."""
    job = _typing(corpus, messages, data_dir, seed)
    _measure("personalization.latency", model, {"corpus": corpus}, job, _print_latency, as_json=as_json)


@app.command()
def keyboard(
    model: _Model = None,
    corpus: _Corpus = "synthetic",
    messages: _Typed = 10,
    data_dir: _DataDir = None,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """How long a key takes until the screen shows the words for it, on one core."""
    from scripts.keyboard_latency import WARM_UP, typable

    job = _typing(corpus, messages, data_dir, seed)
    if sum(len(typable(text)) for text in job["messages"]) <= WARM_UP:
        raise ValueError(f"{corpus}: its messages have no more than the {WARM_UP} keys that are not counted")
    _measure("scripts.keyboard_latency", model, {"corpus": corpus}, job, _print_keyboard, as_json=as_json)


@app.command()
def update(
    codec: Annotated[
        list[str] | None, typer.Option(help="as in a run file, topk:0.1+int4; several times for several")
    ] = None,
    model: _Model = None,
    messages: _Invented = 30,
    as_json: _Json = False,
) -> None:
    """How small updates become, and how fast, on one thread."""
    from nextword.federation.codec import Codec
    from personalization.update_speed import CODECS

    for name in codec or ():
        Codec(name)
    job = {"messages": _invented(messages), "codecs": codec or list(CODECS)}
    _measure("personalization.update_speed", model, {}, job, _print_update, as_json=as_json)


@app.command()
def private(
    batch: Annotated[
        list[int] | None, typer.Option(min=1, help="messages in a step, on average; several times")
    ] = None,
    model: _Model = None,
    messages: _Invented = 128,
    as_json: _Json = False,
) -> None:
    """How long private training takes for a message, beside plain training, on one thread."""
    job = {"messages": _invented(messages), "batch_messages": batch or [16, 64]}
    _measure("personalization.private_speed", model, {}, job, _print_private, as_json=as_json)


def _typing(corpus: str, messages: int, data_dir: Path | None, seed: int) -> dict[str, Any]:
    """Messages of a corpus that are typed, drawn by lot, and others that were sent before."""
    from data import corpus as corpora

    texts = [text for person in corpora.people(corpora.load(corpus, data_dir=data_dir)) for text in person.messages]
    drawn = [texts[index] for index in np.random.default_rng(seed).permutation(len(texts))]
    return {"messages": drawn[:messages], "history": drawn[messages : messages + _HISTORY]}


def _invented(messages: int) -> list[str]:
    """A message of each person, then another one of each, and so on. Raises ValueError for more than there are."""
    from data import corpus as corpora

    people = [person.messages for person in corpora.people(corpora.load("synthetic"))]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*people))
    found = list(itertools.islice((text for text in turns if text is not None), messages))
    if len(found) < messages:
        raise ValueError(f"--messages {messages}: there are {len(found):,} invented messages")
    return found


def _measure(
    module: str,
    model: Path | None,
    about: dict[str, Any],
    job: dict[str, Any],
    tell: Callable[[dict[str, Any]], None],
    *,
    as_json: bool,
) -> None:
    """Have a module measure a model, run alone in a process with one thread, and tell what it found."""
    from nextword import checkpoint
    from nextword.federation.published import Published

    model = model or checkpoint.BUNDLED
    folder = Published.at(model).final  # checked here, in one line
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps({"model": str(folder), "published": str(model), **job, "sent": time.time()}),
        stdout=subprocess.PIPE,
        text=True,
        env=one_thread,
    )
    if process.returncode:
        raise ValueError(f"{folder}: the measurement failed (exit code {process.returncode})")
    answer = {"model": str(model), **about, **json.loads(process.stdout)}
    if as_json:
        print_json(answer)
    else:
        tell(answer)


def _print_update(answer: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("codec", "bytes", "ratio", "encode", "decode", "train", "error"):
        table.add_column(name, justify="left" if name.startswith("codec") else "right", no_wrap=True)
    record = answer["record"]
    for row in ({"name": "Flower's record", "relative_error": 0.0, **record}, *answer["codecs"]):
        speeds = (f"{row[key]:,.0f}" for key in ("encode_mb_s", "decode_mb_s"))
        smaller = answer["float32_bytes"] / row["upload_bytes"]
        times = f"{row['ratio_to_training']:.1f}" if "ratio_to_training" in row else ""
        table.add_row(
            row["name"], f"{row['upload_bytes']:,}", f"{smaller:.1f}", *speeds, times, f"{row['relative_error']:.3f}"
        )
    console = Console()
    console.print(table)
    console.print(
        f"{answer['parameters']:,} parameters after {answer['training_messages']} messages; encode, decode: MB/s, "
        f"where copying has {answer['memcpy_mb_s']:,.0f}; train: {answer['training_s']:.2f} s of training over both"
    )


def _print_private(answer: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = {"plain": "plain", "clipped": "clipped", "private": "private", "private_secure": "secure noise"}
    for name in ("ms a message, times plain", *names.values()):
        table.add_column(name, justify="left" if name.startswith("ms") else "right", no_wrap=True)
    for row in answer["batches"]:
        ms, ratio = row["ms_a_message"], row["ratio_to_plain"]
        figures = (f"{ms[key]:.2f}" + (f" ({ratio[key]:.2f})" if key in ratio else "") for key in names)
        table.add_row(f"{row['batch_messages']} messages in a step", *figures)
    console = Console()
    console.print(table)
    console.print(f"{answer['parameters']:,} parameters, {answer['messages']} messages")


def _print_latency(answer: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("one thread, ms a call", "calls", "p50", "p95", "max", "times the floor"):
        table.add_column(name, justify="left" if name.startswith("one") else "right")
    peer, personal = answer["peer"], answer["personal"]
    rows = [*((kind["kind"], kind) for kind in answer["kinds"]), ("all calls", answer)]
    rows += [(row["name"], row) for row in (personal, peer)]
    for name, row in rows:
        ratio = row["p50_ms"] / answer["floor_ms"]
        figures = (f"{row[key]:.2f}" for key in ("p50_ms", "p95_ms", "max_ms"))
        table.add_row(name, f"{row['calls']:,}", *figures, f"{ratio:.1f}")
    console = Console()
    console.print(table)
    memory = f"{answer['rss_mb']:.0f} MB resident" if answer["rss_mb"] else "memory not told by this system"
    console.print(
        f"floor: the bare eight-bit products of one step, {answer['floor_ms']:.3f} ms "
        f"(in floats {peer['floor_ms']:.3f}); loaded in {answer['load_s']:.2f} s "
        f"after {answer['start_s']:.2f} s of starting Python; {memory}"
    )


def _print_keyboard(answer: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("key to words on screen, ms", "p50", "p95", "max", "work p50", "p95", "alone p50", "p95"):
        table.add_column(name, justify="left" if name.startswith("key") else "right")
    for row in (*answer["sizes"], {"size": "all keys", **answer}):
        keys = ("p50_ms", "p95_ms", "max_ms", "cpu_p50_ms", "cpu_p95_ms", "null_p50_ms", "null_p95_ms")
        table.add_row(row["size"], *(f"{row[key]:.1f}" for key in keys))
    cores = "one core" if answer["one_core"] else "all cores, since this system gives a process no single one"
    console = Console()
    console.print(table)
    console.print(
        f"{answer['keys']:,} keys, one at a time, on {cores}; work: processor time of the keyboard, which "
        "other work on the machine does not lengthen; alone: without a model"
    )
