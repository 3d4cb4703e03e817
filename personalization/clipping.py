"""Messages' gradients, each made no longer than a bound, summed without any of them being made.

The gradient of a message with respect to a matrix W that is used as y_t = W a_t is G, the sum over its places t of
g_t a_t^T with g_t the gradient of y_t. So, with c = min(1, bound / |G|) for each message,

    |G|^2 = sum_{s,t} (g_s . g_t)(a_s . a_t),      sum over messages of c G = sum over messages and t of (c g_t) a_t^T

(Goodfellow 2015, "Efficient per-example gradient computations"; Li et al. 2022, "Large language models can be strong
differentially private learners", section 4, which names it ghost clipping; Bu et al. 2023, "Differentially private
optimization on large foundation models at small cost", book-keeping: the second formula from what the first one has.)
A message is short, so the first costs little, and the second is what training costs anyway. A matrix in several
places, as the embedding that is the output too, has the places of all its uses, so products between uses count as well.
Opacus makes every message's gradient: 20 MB of each for 5 M parameters, and 14 times the time of plain training.

The model's products are as in plain training, in bfloat16 or not; norms and sums are of the very numbers that came out
of them, in float32. So a message's part in the sum is never longer than the bound but by float32's rounding.
"""

# B messages of a batch, T pieces, M real places, V vocabulary, D width of any layer

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations_with_replacement
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextword.model import LanguageModel
from nextword.precision import fast_products
from nextword.training import IGNORED, frozen


class Clipped(NamedTuple):
    """The sum over a batch by parameter, each message's norm before, and its loss in nats, a mean over its pieces."""

    total: dict[str, Tensor]
    norms_B: Tensor
    nats_B: Tensor


def clipped_sum(
    model: LanguageModel, inputs_BT: Tensor, targets_BT: Tensor, trained: Collection[str], bound: float
) -> Clipped:
    """Of the gradients of each message's loss, the mean over its pieces, with respect to the parameters `trained`.

    The loss is a mean, not a sum: gradients of long and short messages are about as long then, so one bound fits all,
    and a rate for plain training is one for this. A message whose gradient is not finite is left out, so that no
    message has more than the bound. Raises KeyError for parameters of modules that are not known here.
    """
    real_BT = targets_BT != IGNORED
    with frozen(model, ()), _recorded(model, trained) as calls:
        with fast_products(inputs_BT.device):
            logits_MV = model.logits_at(inputs_BT, real_BT)
        nats_M = F.cross_entropy(logits_MV.float(), targets_BT[real_BT], reduction="none")
        nats_BT = torch.zeros(real_BT.shape, device=nats_M.device).masked_scatter(real_BT, nats_M)
        nats_B = nats_BT.sum(1) / real_BT.sum(1)
        gradients = torch.autograd.grad(nats_B.sum(), [call.output for call in calls])
    with torch.no_grad():
        uses: dict[nn.Parameter, list[_Use]] = {}
        for call, gradient in zip(calls, gradients, strict=True):
            for parameter, use in call.uses(_placed(gradient, real_BT), _placed(call.input, real_BT)):
                uses.setdefault(parameter, []).append(use)
        trained_by = {name: value for name, value in model.named_parameters() if name in trained}
        found = {name: uses[value] for name, value in trained_by.items()}
        norms_B = sum(map(_squares, found.values()), torch.zeros(len(inputs_BT))).clamp(min=0).sqrt()
        if not bool((finite_B := norms_B.isfinite()).all()):  # such a message has no gradient that could be clipped
            if not bool(finite_B.any()):
                return Clipped({name: torch.zeros_like(trained_by[name]) for name in found}, norms_B, nats_B.detach())
            return clipped_sum(model, inputs_BT[finite_B], targets_BT[finite_B], trained, bound)
        factors_B = (bound / norms_B.clamp(min=1e-12)).clamp(max=1.0)
        total = {name: _total(places, factors_B, real_BT) for name, places in found.items()}
    return Clipped(total, norms_B, nats_B.detach())


class _Outer(NamedTuple):
    """A use of a matrix: a message's gradient is the sum over its places of left right^T.

    Where rows are looked up, `left` is 1 at the row's number and 0 elsewhere, and given as these numbers [B, T].
    """

    left: Tensor
    right_BTD: Tensor
    rows: int

    @property
    def looks_up(self) -> bool:
        return not self.left.is_floating_point()


class _Scale(NamedTuple):
    """A use of a vector: each message's gradient."""

    gradient_BD: Tensor


_Use = _Outer | _Scale


class _Call(NamedTuple):
    """A module that was called, what it read and what it gave."""

    module: nn.Module
    input: Tensor
    output: Tensor

    def uses(self, gradient_BTD: Tensor, input_BTD: Tensor) -> Iterator[tuple[nn.Parameter, _Use]]:
        """Of each of the module's parameters."""
        module, own = self.module, dict(self.module.named_parameters())
        if isinstance(module, nn.Embedding):
            yield own["weight"], _Outer(input_BTD, gradient_BTD, module.num_embeddings)
        elif isinstance(module, nn.RMSNorm):
            normed_BTD = F.rms_norm(input_BTD, module.normalized_shape, None, module.eps)
            yield own["weight"], _Scale((gradient_BTD * normed_BTD).sum(1))
        elif isinstance(module, nn.Linear) and "weight" in own:
            yield own["weight"], _Outer(gradient_BTD, input_BTD, module.out_features)
            if module.bias is not None:
                yield module.bias, _Scale(gradient_BTD.sum(1))
        elif isinstance(module, nn.Linear):
            # Changed by adapters: W + B A.
            weight, a, b = (own[f"parametrizations.weight.{name}"] for name in ("original", "0.change_a", "0.change_b"))
            yield weight, _Outer(gradient_BTD, input_BTD, len(weight))
            yield a, _Outer(gradient_BTD @ b, input_BTD, len(a))
            yield b, _Outer(gradient_BTD, input_BTD @ a.T, len(b))


@contextmanager
def _recorded(model: LanguageModel, trained: Collection[str]) -> Iterator[list[_Call]]:
    """The calls of modules that hold parameters to be trained, filled while the model runs.

    The lowest of them is where the graph begins, so nothing is spent on what lies below.
    """
    calls: list[_Call] = []

    def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if not output.requires_grad:
            output.requires_grad_(True)
        calls.append(_Call(module, inputs[0].detach(), output))

    wanted = {id(value) for name, value in model.named_parameters() if name in trained}
    hooks = [
        module.register_forward_hook(record)
        for module in model.modules()
        if isinstance(module, nn.Linear | nn.Embedding | nn.RMSNorm)
        and any(id(value) in wanted for value in module.parameters())
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _placed(rows: Tensor, real_BT: Tensor) -> Tensor:
    """As [B, T, D] in float32, where the output gives [M, D]; pieces as they are."""
    if not rows.is_floating_point():
        return rows
    if rows.shape[:2] == real_BT.shape:
        return rows.float()
    placed = torch.zeros((*real_BT.shape, rows.shape[1]), device=rows.device)
    placed[real_BT] = rows.float()
    return placed


def _squares(uses: Sequence[_Use]) -> Tensor:
    """The squared norm of each message's gradient with respect to one parameter, [B]."""
    scales, outers = _sorted(uses)
    if scales:
        return torch.stack(scales).sum(0).square().sum(1)
    squares = [
        (1 if one is other else 2) * (_products(one, other) * (one.right_BTD @ other.right_BTD.mT)).sum((1, 2))
        for one, other in combinations_with_replacement(outers, 2)
    ]
    return functools.reduce(torch.add, squares)


def _products(one: _Outer, other: _Outer) -> Tensor:
    """Of the left vectors at each two places, [B, T, T]."""
    if one.looks_up and other.looks_up:
        return (one.left[:, :, None] == other.left[:, None, :]).float()
    if other.looks_up:
        pieces_BTT = other.left[:, None, :].expand(-1, one.left.shape[1], -1)
        return one.left.gather(2, pieces_BTT)
    return _products(other, one).mT if one.looks_up else one.left @ other.left.mT


def _total(uses: Sequence[_Use], factors_B: Tensor, real_BT: Tensor) -> Tensor:
    """The sum of all messages' gradients with respect to one parameter, each times its factor."""
    scales, outers = _sorted(uses)
    if scales:
        return factors_B @ torch.stack(scales).sum(0)
    factors_M = factors_B[:, None].expand(real_BT.shape)[real_BT]
    parts = []
    for use in outers:
        left, right_MD = use.left[real_BT], use.right_BTD[real_BT] * factors_M[:, None]
        rows = torch.zeros(use.rows, right_MD.shape[1], device=right_MD.device) if use.looks_up else None
        parts.append(left.T @ right_MD if rows is None else rows.index_add_(0, left, right_MD))
    return functools.reduce(torch.add, parts)


def _sorted(uses: Sequence[_Use]) -> tuple[list[Tensor], list[_Outer]]:
    """A parameter is a vector or a matrix: one of the two is empty."""
    scales = [use.gradient_BD for use in uses if isinstance(use, _Scale)]
    return scales, [use for use in uses if isinstance(use, _Outer)]
