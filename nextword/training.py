"""One training loop: for pretraining, for a round on a device, and for the central ceiling."""

# B messages of a batch, T pieces, V vocabulary

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from nextword import training_state
from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.precision import fast_products
from nextword.vocabulary import Vocabulary

IGNORED = -100  # a target that is none: padding
_EVALUATION_MESSAGES = 64
_PLACES = 64  # at which logits are worked out together


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; every field has one meaning wherever the loop is used."""

    epochs: int = 1
    batch_messages: int = 16
    learning_rate: float = 1e-3
    optimizer: Literal["sgd", "adamw"] = "adamw"
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_share: float = 0.0  # of all steps
    weight_decay: float = 0.0
    clip_norm: float = 1.0  # of each step's gradient
    dropout: float = 0.0  # Srivastava et al. 2014
    prox: float = 0.0  # FedProx's mu: pull towards the starting parameters (Li et al. 2020, equation 2)
    max_pieces: int = 64  # a longer message is cut

    def __post_init__(self) -> None:
        if self.epochs < 0 or self.batch_messages < 1 or self.max_pieces < 2:
            raise ValueError("training: epochs must be at least 0, batch-messages at least 1, max-pieces at least 2")
        if not (0 < self.learning_rate < math.inf and self.clip_norm > 0 and self.prox >= 0 and self.weight_decay >= 0):
            raise ValueError(
                "training: learning-rate must be finite and above 0, clip-norm above 0, prox and decay at least 0"
            )
        if not (0 <= self.warmup_share < 1 and 0 <= self.dropout < 1):
            raise ValueError("training: warmup-share and dropout must lie in [0, 1)")


@dataclass(frozen=True)
class Keep:
    """Where a training keeps its state, so that one that was cut off goes on.

    `of` says which training it is: the state of another one is not taken up, but written over.
    """

    path: Path
    of: str
    every_s: float = 120.0


@dataclass(frozen=True)
class TrainResult:
    """What a training did: `bits_per_piece` is the mean over the last epoch, measured while training."""

    num_pieces: int
    num_steps: int
    bits_per_piece: float


def fit(
    model: LanguageModel,
    messages: Sequence[Sequence[int]],
    config: TrainConfig,
    rng: np.random.Generator,
    *,
    only: Container[str] | None = None,
    anchor: Weights | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    keep: Keep | None = None,
) -> TrainResult:
    """Train `model` in place on `messages` (pieces without start and end).

    The result depends only on the arguments, and with `keep` not on how often it was cut off. `only` names the
    parameters that are trained, for None all of them. `progress` is called after each step with (step, steps, bits per
    piece). With `prox` the loss has prox / 2 * |w - anchor|^2 more; the anchor is where training starts, if no other
    is given. Raises ValueError where the state that is kept is damaged.
    """
    messages = [message for message in messages if message]
    steps = config.epochs * math.ceil(len(messages) / config.batch_messages)
    descent = Descent(model, config, steps, only=only, anchor=anchor)
    device = descent.parameters[0].device
    model.train()
    num_pieces, nats, counted, step = 0, 0.0, 0, 0
    with dropping(model, config.dropout, rng), frozen(model, descent.trained):
        nats_before = descent.take_up(keep) if keep else 0.0
        for _ in range(config.epochs):
            nats, counted = 0.0, 0
            for inputs_BT, targets_BT in batches(messages, config, rng):
                size, step = num_targets(targets_BT), step + 1
                num_pieces, counted = num_pieces + size, counted + size
                if step <= descent.done:  # before it was cut off
                    nats = nats_before
                    continue
                loss = piece_loss(model, inputs_BT.to(device), targets_BT.to(device))
                descent.forget_gradients()
                loss.backward()  # type: ignore[no-untyped-call]
                descent.step(config.clip_norm)
                nats += float(loss.detach()) * size
                if keep:
                    descent.keep(keep, nats)
                if progress:
                    progress(descent.done, steps, float(loss.detach()) / math.log(2))
    return TrainResult(num_pieces, descent.done, nats / math.log(2) / counted if counted else math.nan)


class Descent:
    """The steps of a training along gradients that others leave in the parameters: rate, schedule, pull.

    The pull is a proximal step after the optimizer's, w <- (w + rate prox anchor) / (1 + rate prox), which no strength
    makes overshoot (Duchi and Singer 2009, "Efficient online and batch learning using forward backward splitting").

    `trained` are the parameters that move, by name: those in `only`, for None all.
    """

    def __init__(
        self,
        model: LanguageModel,
        config: TrainConfig,
        steps: int,
        *,
        only: Container[str] | None = None,
        anchor: Weights | None = None,
    ):
        self.trained = {name: value for name, value in model.named_parameters() if only is None or name in only}
        self.parameters = list(self.trained.values())
        self.done = 0
        self._model, self._config, self._steps, self._kept_s = model, config, steps, time.monotonic()
        self._start = _anchors(self.trained, anchor) if config.prox else []
        self._optimizer = _optimizer(self.parameters, config)

    def forget_gradients(self) -> None:
        """Before the gradients of a step are made."""
        self._optimizer.zero_grad(set_to_none=True)

    def step(self, clip_norm: float = math.inf) -> None:
        """One step, by a gradient made no longer than `clip_norm`; then the pull."""
        rate = self._config.learning_rate * _schedule(self.done, self._steps, self._config)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        if clip_norm < math.inf:
            torch.nn.utils.clip_grad_norm_(self.parameters, clip_norm)
        self._optimizer.step()
        with torch.no_grad():
            for parameter, origin in zip(self.parameters, self._start, strict=False):
                parameter.lerp_(origin, 1 - 1 / (1 + rate * self._config.prox))
        self.done += 1

    def keep(self, keep: Keep, nats: float) -> None:
        """Write the state if that is due, with the `nats` of the epoch so far."""
        if time.monotonic() - self._kept_s < keep.every_s:
            return
        told = {"of": keep.of, "step": str(self.done), "nats": repr(nats)}
        training_state.save(keep.path, self._model, [self._optimizer], told, random=self._config.dropout > 0)
        self._kept_s = time.monotonic()

    def take_up(self, keep: Keep) -> float:
        """Go on from the state that is kept, if it is this training's; the nats of its epoch.

        Raises ValueError for a damaged file.
        """
        told = training_state.told(keep.path)
        if told.get("of") != keep.of:
            return 0.0
        training_state.restore(keep.path, self._model, [self._optimizer])
        self.done = int(told["step"])
        return float(told["nats"])


def piece_loss(model: LanguageModel, inputs_BT: Tensor, targets_BT: Tensor) -> Tensor:
    """Mean negative log-likelihood of a piece, in nats; the matrix products as this machine is fast at."""
    places_BT = _rounded_up(targets_BT != IGNORED)
    with fast_products(inputs_BT.device):
        logits_MV = model.logits_at(inputs_BT, places_BT)
    return F.cross_entropy(logits_MV.float(), targets_BT[places_BT], ignore_index=IGNORED)


def _rounded_up(real_BT: Tensor) -> Tensor:
    """These places, and so many others that all together are a multiple of `_PLACES`, or all there are.

    For each number of places that it has met, oneDNN keeps a product with all that it works in: gigabytes in a process
    that trains for person after person.
    """
    places_N = real_BT.flatten().clone()
    more = -int(places_N.sum()) % _PLACES
    places_N[torch.nonzero(~places_N).flatten()[:more]] = True
    return places_N.view_as(real_BT)


def num_targets(targets_BT: Tensor) -> int:
    """How many pieces a batch predicts."""
    return int((targets_BT != IGNORED).sum())


class Scores(NamedTuple):
    """How a model does on each of N messages, their ends included, as arrays [N]."""

    bits: NDArray[np.float64]
    pieces: NDArray[np.int64]


@torch.no_grad()
def score(model: LanguageModel, messages: Sequence[Sequence[int]], *, max_pieces: int = 64) -> Scores:
    """Score `messages` (pieces without start and end), each cut at `max_pieces`."""
    model.eval()
    device = next(model.parameters()).device
    n = len(messages)
    scores = Scores(np.zeros(n), np.zeros(n, np.int64))
    order = np.argsort([len(message) for message in messages], kind="stable")
    for first in range(0, n, _EVALUATION_MESSAGES):
        rows = order[first : first + _EVALUATION_MESSAGES]
        inputs_BT, targets_BT = padded([messages[row] for row in rows], max_pieces)
        logits_BTV, targets_BT = model(inputs_BT.to(device)), targets_BT.to(device)
        nats_BT = F.cross_entropy(logits_BTV.transpose(1, 2), targets_BT, ignore_index=IGNORED, reduction="none")
        scores.bits[rows] = nats_BT.double().sum(1).cpu().numpy() / math.log(2)
        scores.pieces[rows] = (targets_BT != IGNORED).sum(1).cpu().numpy()
    return scores


@dataclass(frozen=True)
class TextBits:
    """What texts cost a model together; a text's end counts as one character."""

    num_messages: int
    num_pieces: int
    num_characters: int
    bits: float


def text_bits(model: LanguageModel, vocabulary: Vocabulary, texts: Iterable[str], *, max_pieces: int = 64) -> TextBits:
    """The bits that normalised `texts` cost, empty ones left out.

    Of a text longer than `max_pieces` only the beginning is measured, and its characters count in proportion.
    """
    encoded = [(text, pieces) for text in texts if (pieces := vocabulary.encode(text))]
    scores = score(model, [pieces for _, pieces in encoded], max_pieces=max_pieces)
    shares = (min(1.0, max_pieces / (len(pieces) + 1)) for _, pieces in encoded)
    characters = sum(round((len(text) + 1) * share) for (text, _), share in zip(encoded, shares, strict=True))
    return TextBits(len(encoded), int(scores.pieces.sum()), characters, float(scores.bits.sum()))


def padded(messages: Sequence[Sequence[int]], max_pieces: int) -> tuple[Tensor, Tensor]:
    """Inputs (start, pieces) and targets (pieces, end), padded to the longest, at most `max_pieces` wide."""
    width = min(max_pieces, max(len(message) for message in messages) + 1)
    inputs = np.full((len(messages), width), Vocabulary.pad, dtype=np.int64)
    targets = np.full((len(messages), width), IGNORED, dtype=np.int64)
    for row, message in enumerate(messages):
        whole = [Vocabulary.bos, *message[:width], Vocabulary.eos]
        length = min(width, len(message) + 1)
        inputs[row, :length] = whole[:length]
        targets[row, :length] = whole[1 : length + 1]
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def _anchors(trained: Mapping[str, Tensor], anchor: Weights | None) -> list[Tensor]:
    if anchor is None:
        return [value.detach().clone() for value in trained.values()]
    return [torch.from_numpy(np.array(anchor[name])).to(value.device) for name, value in trained.items()]


@contextmanager
def frozen(model: LanguageModel, trained: Container[str]) -> Iterator[None]:
    """No gradient for the other parameters meanwhile."""
    others = [value for name, value in model.named_parameters() if name not in trained]
    for value in others:
        value.requires_grad_(False)
    try:
        yield
    finally:
        for value in others:
            value.requires_grad_(True)


@contextmanager
def dropping(model: LanguageModel, share: float, rng: np.random.Generator) -> Iterator[None]:
    """Drop activations meanwhile, as `rng` says; torch's own stream of random numbers goes on untouched."""
    if not share:
        yield
        return
    model.set_dropout(share)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**63)))
            yield
    finally:
        model.set_dropout(0.0)


def batches(
    messages: Sequence[Sequence[int]], config: TrainConfig, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch: messages of like length together, the batches in random order."""
    lengths = np.array([min(len(message), config.max_pieces) for message in messages])
    order = np.argsort(lengths + rng.uniform(0, 4, len(messages)), kind="stable")
    batches = [order[first : first + config.batch_messages] for first in range(0, len(order), config.batch_messages)]
    for batch in rng.permutation(len(batches)):
        yield padded([messages[index] for index in batches[batch]], config.max_pieces)


def _optimizer(parameters: list[torch.nn.Parameter], config: TrainConfig) -> torch.optim.Optimizer:
    if config.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    decayed = [parameter for parameter in parameters if parameter.dim() > 1]
    plain = [parameter for parameter in parameters if parameter.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def cosine(step: int, steps: int, warmup_share: float) -> float:
    """The share of the peak rate at a step (from 0): a linear rise, then half a cosine down to 0."""
    warmup = warmup_share * steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(1.0, steps - warmup))


def _schedule(step: int, steps: int, config: TrainConfig) -> float:
    share = cosine(step, steps, config.warmup_share)
    return share if config.schedule == "cosine" or step < config.warmup_share * steps else 1.0
