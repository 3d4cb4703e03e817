"""Training on public text at full strength: in several processes, with a teacher's advice, able to go on after a stop.

A step's batch depends on the seed and the step's number alone, its dropout on the process too, and gradients are
averaged over all pieces of the batch, whichever process read them. So the weights do not depend on how often a training
was stopped, nor, without dropout and up to rounding, on the number of processes.
"""

# B lines of a batch, T pieces, M pieces predicted, V vocabulary, N pieces of the text, L lines, k pieces advised

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from nextword import training_state
from nextword.distillation import Advice, advised_loss
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig, Weights
from nextword.precision import fast_products
from nextword.training import cosine, padded
from nextword.vocabulary import Vocabulary

_STATE = "state.safetensors"
_STEP = "step"
_LEAVING_S = 10.0  # that the other processes have to end by themselves
_BLOCK = {"cpu": 256, "cuda": 16384}  # places whose logits are held at once


@dataclass(frozen=True)
class PretrainConfig:
    """How a model is trained on public text."""

    epochs: int = 4
    batch_pieces: int = 4096  # of all processes together, padding included
    learning_rate: float = 3e-3  # the peak of a cosine
    warmup_share: float = 0.02  # of all steps
    weight_decay: float = 0.05
    optimizer: Literal["adamw", "muon"] = "muon"
    dropout: float = 0.0
    clip_norm: float = 1.0
    max_pieces: int = 64  # a longer line is cut
    temperature: float = 1.0  # of teacher and student, where there is advice
    advice_weight: float = 0.5  # of the teacher's advice in the loss; the rest is the text's
    seed: int = 0
    processes: int = 1

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.processes < 1 or self.max_pieces < 2:
            raise ValueError("pretraining: epochs and processes must be at least 1, max-pieces at least 2")
        if self.batch_pieces < self.max_pieces * self.processes:
            raise ValueError(
                f"pretraining: a batch of {self.batch_pieces} pieces cannot hold a line of {self.max_pieces} for each "
                f"of {self.processes} processes: raise batch-pieces or lower processes"
            )
        if not (self.learning_rate > 0 and self.clip_norm > 0 and self.weight_decay >= 0 and self.temperature > 0):
            raise ValueError(
                "pretraining: learning-rate, clip-norm and temperature must be above 0, weight-decay at least 0"
            )
        if not (0 <= self.warmup_share < 1 and 0 <= self.dropout < 1 and 0 <= self.advice_weight <= 1):
            raise ValueError("pretraining: warmup-share, dropout and advice-weight must lie in [0, 1]")


class Text(NamedTuple):
    """Lines as pieces, one after another, each followed by the end piece: `pieces` [N], and `starts` [L + 1]."""

    pieces: NDArray[np.uint16]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[Sequence[int]]) -> Text:
        whole = [[*line, Vocabulary.eos] for line in lines]
        starts = np.cumsum([0, *map(len, whole)])
        return cls(np.fromiter((piece for line in whole for piece in line), np.uint16, starts[-1]), starts)

    def save(self, folder: Path) -> None:
        np.save(folder / "pieces.npy", self.pieces)
        np.save(folder / "starts.npy", self.starts)

    @classmethod
    def load(cls, folder: Path) -> Text:
        return cls(np.load(folder / "pieces.npy", mmap_mode="r"), np.load(folder / "starts.npy"))

    def line(self, index: int) -> NDArray[np.uint16]:
        return self.pieces[self.starts[index] : self.starts[index + 1] - 1]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Of each line, its end included."""
        return np.diff(self.starts)


def batches(text: Text, config: PretrainConfig, epoch: int) -> list[NDArray[np.int64]]:
    """The lines of each step of an epoch: of like length together, in random order."""
    rng = np.random.default_rng([config.seed, epoch])
    lengths = np.minimum(text.lengths, config.max_pieces)
    order = np.argsort(lengths + rng.uniform(0, 4, len(lengths)), kind="stable")
    cuts, widest, rows = [0], 0, 0
    for place, length in enumerate(lengths[order].tolist()):
        widest, rows = max(widest, length), rows + 1
        if widest * rows > config.batch_pieces:
            cuts.append(place)
            widest, rows = length, 1
    found = np.split(order, cuts[1:])
    return [found[index] for index in rng.permutation(len(found))]


def pretrain(
    folder: Path,
    model: LanguageModel,
    config: PretrainConfig,
    *,
    advice: Path | None = None,
    progress: Callable[[int, int, float], None] = lambda step, steps, bits: None,
    after_epoch: Callable[[int], None] = lambda epoch: None,
    save_every_s: float = 120.0,
) -> int:
    """Train `model` in place on the text in `folder`, going on where the folder says an earlier call stopped.

    `advice` is the folder of a teacher's advice on this text. `progress` is called after each step with (step, steps,
    bits per piece), `after_epoch` with the epochs done. Returns the number of steps.
    """
    if config.processes == 1:
        return _train(folder, model, config, advice, 0, progress, after_epoch, save_every_s)
    if next(model.parameters()).is_cuda:
        raise ValueError("pretraining: several processes train on CPUs alone; set processes to 1 for a GPU")
    with tempfile.TemporaryDirectory() as meeting:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if os.uname().sysname == "Darwin" else "lo")
        # Arrays, since torch would let the processes write into one and the same weights.
        arguments = (Path(meeting), folder, model.config, model.weights(), config, advice, torch.get_num_threads())
        helpers = torch.multiprocessing.spawn(  # type: ignore[attr-defined,no-untyped-call]
            _help, arguments, nprocs=config.processes - 1, join=False
        )
        try:
            _await(helpers.processes, Path(meeting))
            _join(Path(meeting), 0, config.processes)
            steps = _train(folder, model, config, advice, 0, progress, after_epoch, save_every_s)
            with suppress(RuntimeError):  # the work is done: how the others end does not matter
                dist.barrier()
            for process in helpers.processes:
                process.join(_LEAVING_S)
        except RuntimeError as error:
            raise ChildProcessError(
                f"one of the {config.processes} training processes ended ({str(error).splitlines()[-1]}); "
                "what was saved is kept: go on with --resume"
            ) from error
        finally:
            if dist.is_initialized():
                dist.destroy_process_group()
            for process in helpers.processes:
                process.terminate()
    return steps


def _await(helpers: Sequence[BaseProcess], meeting: Path) -> None:
    """Wait until each has come; a process that died before could be waited for in vain."""
    while len(list(meeting.glob("here-*"))) < len(helpers):
        for process in helpers:
            if process.exitcode is not None:
                raise RuntimeError(f"exit code {process.exitcode} at its start")
        time.sleep(0.05)


def _help(
    number: int,
    meeting: Path,
    folder: Path,
    shape: ModelConfig,
    weights: Weights,
    config: PretrainConfig,
    advice: Path | None,
    threads: int,
) -> None:
    """What the other processes do."""
    torch.set_num_threads(threads)
    model = LanguageModel(shape)
    model.set_weights(weights)
    (meeting / f"here-{number}").touch()
    _join(meeting, number + 1, config.processes)
    _train(folder, model, config, advice, number + 1, lambda *step: None, lambda epoch: None, math.inf)
    dist.barrier()
    dist.destroy_process_group()


def _join(meeting: Path, rank: int, processes: int) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting}/store", rank=rank, world_size=processes)


def _train(
    folder: Path,
    model: LanguageModel,
    config: PretrainConfig,
    advice_folder: Path | None,
    rank: int,
    progress: Callable[[int, int, float], None],
    after_epoch: Callable[[int], None],
    save_every_s: float,
) -> int:
    text, advice = Text.load(folder), Advice.open(advice_folder) if advice_folder else None
    parameters = list(model.parameters())
    optimizers = _optimizers(model, config, rank)
    state, step = folder / _STATE, 0
    if state.is_file():
        training_state.restore(state, model, optimizers)
        step = int(training_state.told(state)[_STEP])
    epochs = [batches(text, config, epoch) for epoch in range(config.epochs)]
    steps, number, saved_s = sum(map(len, epochs)), 0, time.monotonic()
    device = parameters[0].device
    with torch.random.fork_rng(), _dropout(model, config.dropout):
        model.train()
        for epoch, found in enumerate(epochs):
            for lines in found:
                number += 1
                if number <= step:
                    continue
                step = number
                rate = config.learning_rate * cosine(step - 1, steps, config.warmup_share)
                for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                    group["lr"] = rate
                torch.manual_seed(np.random.SeedSequence([config.seed, step, rank]).generate_state(1)[0].item())
                predicted = int(np.minimum(text.lengths[lines], config.max_pieces).sum())
                nats = _backward(model, text, lines[rank :: config.processes], predicted, config, advice, device)
                nats = _average(parameters, nats, config.processes)
                torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
                for optimizer in optimizers:
                    optimizer.step()
                if config.optimizer == "muon":
                    _exchange(_matrices(model), config.processes)
                progress(step, steps, nats / math.log(2))
                if time.monotonic() - saved_s > save_every_s:
                    training_state.save(state, model, optimizers, {_STEP: str(step)})
                    saved_s = time.monotonic()
            if rank == 0 and number == step:
                training_state.save(state, model, optimizers, {_STEP: str(step)})
                after_epoch(epoch + 1)
                model.train()
    return steps


@contextmanager
def _dropout(model: LanguageModel, share: float) -> Iterator[None]:
    model.set_dropout(share)
    try:
        yield
    finally:
        model.set_dropout(0.0)
        model.eval()


def _backward(
    model: LanguageModel,
    text: Text,
    lines: NDArray[np.int64],
    predicted: int,
    config: PretrainConfig,
    advice: Advice | None,
    device: torch.device,
) -> float:
    """The gradients of this process' share of a batch in which all processes together predict so many pieces."""
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.zero_()
    if not len(lines):
        return 0.0
    inputs_BT, targets_BT = padded([text.line(index).tolist() for index in lines], config.max_pieces)
    real_BT = targets_BT >= 0
    targets_M = targets_BT[real_BT].to(device)
    places_M = np.concatenate(
        [np.arange(size) + text.starts[index] for index, size in zip(lines, real_BT.sum(1).tolist(), strict=True)]
    )
    nats, size = torch.zeros((), device=device), _BLOCK[device.type]
    with fast_products(device):
        hidden_MD = model.hidden_at(inputs_BT.to(device), real_BT.to(device))
        # Block by block, since the logits of all places at once overflow a CPU's caches.
        detached_MD = hidden_MD.detach().requires_grad_()
        for start in range(0, len(targets_M), size):
            block = slice(start, start + size)
            logp_MV = model.output(detached_MD[block]).float().log_softmax(-1)
            loss = block_nats = F.nll_loss(logp_MV, targets_M[block], reduction="sum")
            if advice is not None:
                advised = advised_loss(logp_MV, advice.at(places_M[block], device), config.temperature)
                loss = (1 - config.advice_weight) * block_nats + config.advice_weight * advised
            (loss / predicted).backward()  # type: ignore[no-untyped-call]
            nats += block_nats.detach()
    hidden_MD.backward(detached_MD.grad)  # type: ignore[no-untyped-call]
    return float(nats) / predicted


def _average(parameters: Sequence[Tensor], nats: float, processes: int) -> float:
    """Add up the gradients, and the loss, of all processes in each of them."""
    if processes == 1:
        return nats
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([*(gradient.flatten() for gradient in gradients), torch.tensor([nats])])
    dist.all_reduce(flat)
    for gradient, total in zip(gradients, torch.split(flat[:-1], [g.numel() for g in gradients]), strict=True):
        gradient.copy_(total.view_as(gradient))
    return float(flat[-1])


@torch.no_grad()
def _exchange(matrices: Sequence[Tensor], processes: int) -> None:
    """Take each matrix from the process whose turn it was."""
    if processes == 1:
        return
    for rank in range(min(processes, len(matrices))):
        turn = matrices[rank::processes]
        flat = torch.cat([matrix.flatten() for matrix in turn])
        dist.broadcast(flat, rank)
        for matrix, values in zip(turn, torch.split(flat, [matrix.numel() for matrix in turn]), strict=True):
            matrix.copy_(values.view_as(matrix))


def _matrices(model: LanguageModel) -> list[Tensor]:
    """All but the embedding."""
    return [value for name, value in model.named_parameters() if value.dim() > 1 and name != "embedding.weight"]


def _optimizers(model: LanguageModel, config: PretrainConfig, rank: int) -> list[torch.optim.Optimizer]:
    """AdamW, and for the matrices Muon where it is chosen (Jordan et al. 2024; Liu et al. 2025 for the steps' size).

    Muon's iterations cost as much as reading a few hundred pieces, so processes take turns: each keeps all momenta, and
    makes no iteration for a matrix that it will be given (`_exchange`).
    """
    vectors = [value for value in model.parameters() if value.dim() == 1]
    matrices, decay = _matrices(model), config.weight_decay
    with_decay = [model.embedding.weight, *(matrices if config.optimizer == "adamw" else [])]
    groups = [{"params": with_decay, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, config.learning_rate, (0.9, 0.99), fused=True)]
    if config.optimizer == "muon":
        turns = [
            {"params": [matrix], "ns_steps": 5 if number % config.processes == rank else 0}
            for number, matrix in enumerate(matrices)
        ]
        optimizers.append(torch.optim.Muon(turns, config.learning_rate, decay, adjust_lr_fn="match_rms_adamw"))
    return optimizers
