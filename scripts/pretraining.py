"""What `nextword pretrain` and `nextword distill` share: text to pieces, training that can be resumed, measuring."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator

from data import corpus, public, splits, synthetic
from nextword import checkpoint
from nextword.casing import Casing
from nextword.distillation import advise, lines_advised
from nextword.files import check_writable, locked, write_whole
from nextword.metrics import measure
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.predictor import Predictor
from nextword.pretraining import PretrainConfig, Text, pretrain
from nextword.settings import AtLeastOne, NotNegative, Positive, Section, Seed, Settings, Share
from nextword.statistics import calibration_error
from nextword.text import normalise
from nextword.training import text_bits
from nextword.vocabulary import Vocabulary
from scripts.console import errors, progress

TRAINING = "training"  # the folder inside the checkpoint's folder that holds what is needed to go on
_SETTINGS, _HELD_BACK, _LOG, _TEACHER = "settings.toml", "held-back.txt", "log.jsonl", "teacher.json"


class TextSettings(Section):
    """Which public text."""

    share: str = ""  # "NAME=SHARE, …": only so much of the files whose names begin with NAME
    invented: Annotated[int, Field(ge=0)] = 0  # messages of so many invented people too, none of the corpus `synthetic`
    retyped: Annotated[float, Field(ge=0, le=1)] = 0.0  # share of the lines put as invented people would type them
    held_back: Annotated[float, Field(ge=0, le=0.5)] = 0.01  # share of the lines kept for validation


class ModelSettings(Section):
    """The model: a checkpoint's folder to go on from, with its vocabulary, or else random weights of this shape."""

    start: str = ""
    vocabulary_size: Annotated[int, Field(ge=300, le=60_000)] = 12_000
    width: AtLeastOne = 224
    layers: AtLeastOne = 4
    heads: AtLeastOne = 4
    hidden: AtLeastOne = 608

    @model_validator(mode="after")
    def _fits(self) -> Self:
        ModelConfig(self.vocabulary_size, self.width, self.layers, self.heads, self.hidden)
        return self


class TrainingSettings(Section):
    """The fields of `nextword.pretraining.PretrainConfig`."""

    epochs: AtLeastOne = 4
    batch_pieces: AtLeastOne = 4096
    learning_rate: Positive = 3e-3
    warmup_share: Share = 0.02
    weight_decay: NotNegative = 0.05
    optimizer: Literal["adamw", "muon"] = "muon"
    dropout: Share = 0.0
    clip_norm: Positive = 1.0
    max_pieces: Annotated[int, Field(ge=2, le=4096)] = 64
    processes: Annotated[int, Field(ge=0)] = 0  # 0: one for each core, each with one thread


class DistillSettings(Section):
    """A teacher's advice, where there is a teacher."""

    temperature: Positive = 1.0
    weight: Annotated[float, Field(ge=0, le=1)] = 0.5  # of the advice in the loss; the rest is the text's
    pieces: Annotated[int, Field(ge=1, le=256)] = 32  # the teacher's most probable ones at each place


class ValidationSettings(Section):
    """On whose validation messages the model is measured; none of them is trained on."""

    corpora: str = ""  # names, separated by commas
    users: AtLeastOne = 60
    messages: AtLeastOne = 12  # of each, the newest


class PretrainSettings(Settings):
    """Everything that decides a training on public text."""

    seed: Seed = 0
    eight_bit: bool = False  # the checkpoint's weights rounded, a quarter of the size
    text: TextSettings = TextSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    distill: DistillSettings = DistillSettings()
    validation: ValidationSettings = ValidationSettings()

    def config(self) -> PretrainConfig:
        """Raises ValueError for values that do not go together."""
        return PretrainConfig(
            **self.training.model_dump(),
            temperature=self.distill.temperature,
            advice_weight=self.distill.weight,
            seed=self.seed,
        )

    def settled(self) -> PretrainSettings:
        """What does not depend on this machine and this folder any more: processes, and files' whole paths."""
        training, names = self.training, _names(self.validation.corpora)
        if not training.processes:
            fitting = max(1, training.batch_pieces // training.max_pieces)
            processes = 1 if torch.cuda.is_available() else min(_cores(), fitting)
            training = training.model_copy(update={"processes": processes})
        validation = self.validation.model_copy(update={"corpora": ", ".join(map(corpus.settled, names))})
        return self.model_copy(update={"training": training, "validation": validation})


def prepare(out: Path, text: list[Path], settings: PretrainSettings, *, teacher: Path | None = None) -> None:
    """Write all that the training needs into the checkpoint's folder. Raises OSError or ValueError for a mistake."""
    if (out / TRAINING).exists():
        raise ValueError(f"{out} holds a training that was cut off: go on with --resume {out}, or remove it")
    if out.exists():
        raise ValueError(f"{out} exists: name a new folder with --out, or remove it")
    settings = settings.settled()
    settings.config()
    for name in _names(settings.validation.corpora):
        if not any(_people(name, settings)):
            raise ValueError(f"validation.corpora: {name}: nobody has the 30 different messages to be measured on")
    share_of = public.shares(settings.text.share, public.files(text))
    check_writable(out.parent)
    with progress() as display:
        task = display.add_task("reading the text", total=None)
        rng = np.random.default_rng(settings.seed)
        written = public.sample(share_of, normalise, rng)
        invented = filter(None, map(normalise, synthetic.public_texts(settings.text.invented)))
        lines = sorted({*written, *invented})
        order = rng.permutation(len(lines))
        kept = max(1, round(settings.text.held_back * len(lines))) if settings.text.held_back and len(lines) > 1 else 0
        training = [lines[index] for index in order[kept:]]
        if not training:
            raise ValueError(f"{', '.join(map(str, text))}: no line of text to train on")
        errors.print(f"{len(training):,} lines from {len(share_of)} files, {settings.text.invented:,} invented people")
        display.update(task, description="learning the vocabulary")
        typed = _retyped(training, written, settings.text.retyped, rng)
        model, vocabulary = _start(settings, typed, teacher)
        if not vocabulary.casing.forms:
            casing = Casing.learn(written[line] for line in training if line in written)
            vocabulary = Vocabulary(vocabulary.model, casing=casing)
        display.remove_task(task)
        pieces = Text.of([vocabulary.encode(line) for line in display.track(typed, description="text to pieces")])
    building = out.with_name(f".{out.name}-{secrets.token_hex(4)}")
    folder = building / TRAINING
    folder.mkdir(parents=True)
    pieces.save(folder)
    checkpoint.save(folder / "start", model, vocabulary)
    (folder / _HELD_BACK).write_text("\n".join(lines[index] for index in order[:kept]), encoding="utf-8")
    (folder / _SETTINGS).write_text(settings.to_toml(), encoding="utf-8")
    about = {
        "text": {path.name: share for path, share in share_of.items()},
        "lines": len(training),
        "pieces": len(pieces.pieces),
        "start": _hash_of(settings.model.start) if settings.model.start else None,
        "teacher": _hash_of(teacher) if teacher else None,
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    if teacher:
        (folder / _TEACHER).write_text(json.dumps(str(teacher.absolute())), encoding="utf-8")
    building.rename(out)


def train(out: Path) -> dict[str, Any]:
    """Train what `prepare` left in `out`, or go on with it; the checkpoint takes its place. Returns what it came to."""
    folder = out / TRAINING
    if not (folder / _SETTINGS).is_file():
        raise ValueError(f"{out}: no training was cut off there")
    with locked(folder, "training"):
        return _train(out, folder)


def _train(out: Path, folder: Path) -> dict[str, Any]:
    settings = PretrainSettings.from_toml(folder / _SETTINGS)
    config, text = settings.config(), Text.load(folder)
    model, vocabulary = checkpoint.load(folder / "start")
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(1)
    with progress() as display:
        advice = None
        if (folder / _TEACHER).is_file():
            task = display.add_task("asking the teacher", total=None)
            teacher = Path(json.loads((folder / _TEACHER).read_text(encoding="utf-8")))
            advice = _advice(teacher, text, settings, device, lambda n, of: display.update(task, completed=n, total=of))
            display.remove_task(task)
        task = display.add_task("training", total=None)
        steps = pretrain(
            folder,
            model.to(device),
            config,
            advice=advice,
            progress=lambda step, of, bits: display.update(task, completed=step, total=of),
            after_epoch=lambda epoch: _log(folder, epoch, bits_of(model, vocabulary, folder, settings)),
        )
    log = [json.loads(line) for line in (folder / _LOG).read_text(encoding="utf-8").splitlines()]
    about |= {
        "steps": steps,
        "parameters": model.config.num_parameters,
        "settings": settings.to_flat(),
        "device": device.type,
        "bits_per_character": log,
        "words": words_of(Predictor.of(model, vocabulary), settings),
    }
    if settings.eight_bit:
        about["words_in_eight_bits"] = words_of(Predictor.of(model, vocabulary, eight_bit=True), settings)
    checkpoint.save(out, model, vocabulary, extra=about, eight_bit=settings.eight_bit)
    return {"model": str(out), **about}


def bits_of(model: LanguageModel, vocabulary: Vocabulary, folder: Path, settings: PretrainSettings) -> dict[str, float]:
    """Bits per character on the public lines held back, and on people's validation messages."""
    texts = {"public": (folder / _HELD_BACK).read_text(encoding="utf-8").splitlines()}
    for name in _names(settings.validation.corpora):
        texts[name] = [text for person in _people(name, settings) for text in person]
    found = {}
    for name, lines in texts.items():
        bits = text_bits(model, vocabulary, lines, max_pieces=settings.training.max_pieces)
        if bits.num_characters:
            found[name] = round(bits.bits / bits.num_characters, 4)
    return found


def words_of(predictor: Predictor, settings: PretrainSettings) -> dict[str, dict[str, float]]:
    """Of words on people's validation messages: top-1 and top-3, means over people, and how well probabilities fit.

    The calibration error is over the three suggestions at each word, all people's together.
    """
    found = {}
    for name in _names(settings.validation.corpora):
        results = [measure(predictor, texts, user="") for texts in _people(name, settings)]
        shares = [(result.top1, result.top3) for result in results if result.words]
        if not shares:
            continue
        top1, top3 = np.mean(shares, axis=0).tolist()
        said, was = np.concatenate([r.said for r in results]), np.concatenate([r.was for r in results])
        found[name] = {
            "users": len(shares),
            "top1": round(top1, 4),
            "top3": round(top3, 4),
            "calibration_error": round(calibration_error(said.astype(np.float64), was), 4),
        }
    return found


def _retyped(lines: list[str], written: Mapping[str, str], share: float, rng: np.random.Generator) -> list[str]:
    """The lines, but so many of those `written` by somebody (here as they stand there) retyped in invented styles."""
    chosen = [number for number, line in enumerate(lines) if line in written]
    chosen = rng.permutation(chosen)[: round(share * len(chosen))].tolist()
    retyped = dict(zip(chosen, synthetic.retyped(written[lines[number]] for number in chosen), strict=True))
    # A line of a question mark alone may come back empty.
    return [normalise(retyped.get(number, "")) or line for number, line in enumerate(lines)]


def _people(name: str, settings: PretrainSettings) -> list[list[str]]:
    """The newest validation messages of people drawn by lot."""
    population = splits.divide(corpus.people(corpus.load(name)), seed=0, newcomer_share=0.0)
    chosen = splits.sample(population.evaluated_participants, settings.validation.users, seed=0)
    return [[normalise(text) for text in split.validation[-settings.validation.messages :]] for split in chosen]


def _start(settings: PretrainSettings, lines: list[str], teacher: Path | None) -> tuple[LanguageModel, Vocabulary]:
    """The weights and the vocabulary to begin with; a student has its teacher's vocabulary."""
    shape = settings.model
    if shape.start:
        model, vocabulary = checkpoint.load(shape.start)
        if teacher and checkpoint.read(teacher).vocabulary.sha256 != vocabulary.sha256:
            raise ValueError(f"{shape.start}: its vocabulary is not the teacher's, so the teacher cannot advise it")
        return model, vocabulary
    if teacher:
        vocabulary = checkpoint.read(teacher).vocabulary
    else:
        vocabulary = Vocabulary.train(lines, size=shape.vocabulary_size, seed=settings.seed)
    config = ModelConfig(len(vocabulary), shape.width, shape.layers, shape.heads, shape.hidden)
    return LanguageModel(config).initialise(settings.seed), vocabulary


def _advice(
    teacher: Path,
    text: Text,
    settings: PretrainSettings,
    device: torch.device,
    report: Callable[[int, int], None],
) -> Path:
    """The folder of the teacher's advice on this text, in the user's cache, where other students find it again."""
    digest = hashlib.sha256(np.ascontiguousarray(text.pieces).tobytes() + text.starts.tobytes())
    digest.update(f"{_hash_of(teacher)} {settings.distill.pieces} {settings.training.max_pieces}".encode())
    folder = corpus.data_home() / "advice" / digest.hexdigest()[:24]
    check_writable(folder)
    with locked(folder, "teacher's advice"):
        if lines_advised(folder) < len(text.starts) - 1:
            model, _ = checkpoint.load(teacher)
            torch.set_num_threads(_cores())
            k = min(settings.distill.pieces, model.config.vocabulary - 1)
            advise(folder, model.to(device), text, k=k, max_pieces=settings.training.max_pieces, progress=report)
            torch.set_num_threads(1)
    return folder


def _log(folder: Path, epoch: int, bits: Mapping[str, float]) -> None:
    """Add an epoch's line, in place of one that a training that was cut off may have written."""
    path = folder / _LOG
    lines = path.read_text(encoding="utf-8").splitlines()[: epoch - 1] if path.is_file() else []
    write_whole(path, ("\n".join([*lines, json.dumps({"epoch": epoch, **bits})]) + "\n").encode())
    told = ", ".join(f"{name} {value:.3f}" for name, value in bits.items())
    errors.print(f"epoch {epoch}: bits per character: {told}", highlight=False)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _hash_of(folder: Path | str) -> str:
    return str(checkpoint.read_config(Path(folder))["sha256"]["model.safetensors"])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
