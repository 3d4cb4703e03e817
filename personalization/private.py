"""Private training of one person's messages: DP-SGD, the unit being a message (Abadi et al. 2016, Algorithm 1).

In each step every message is drawn with the same probability q, by itself (Poisson sampling); the gradient of each one
drawn is made no longer than C; and

    g = (sum of clipped gradients + N(0, (sigma C)^2)) / L,      L = `batch_messages`

is what the optimizer takes, also where nobody was drawn: then it is noise alone. The number of steps is epochs / q, and
neither it nor L depends on how much a person has written. So all people spend the same epsilon, which tells nothing
about anyone; and who has written more moves further, as in plain training, since q n messages enter a step.

Dropout falls on the messages of a batch by one stream, so one message more moves what the others lose: their gradients
differ by more than C. Whoever does not know the stream is told no more than without dropout, as what is released is
then a mixture, over all it may be, of releases in which they lose the same. So it is drawn from the noise.

What is spent is `released`, to be composed by `nextword.federation.ledger` over all trainings of the same messages. It
covers all that is made of the trained parameters, as long as nothing else that was made of the messages without noise
has entered: the parameters that are not trained, the settings, the choice of what to keep.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import Parameter

from nextword.federation.ledger import Gaussian, steps
from nextword.federation.noise import Noise
from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.training import Descent, TrainConfig, TrainResult, dropping, padded
from personalization.clipping import clipped_sum

_TOGETHER = 24  # messages of like length that go through the model at once; of no effect on the result


@dataclass(frozen=True)
class DpSgd:
    """`noise_multiplier`: of the noise's deviation over `clip_norm`, the longest a message's gradient may be."""

    noise_multiplier: float
    clip_norm: float
    sampling_rate: float  # of each message in each step

    def __post_init__(self) -> None:
        if not (0 <= self.noise_multiplier < math.inf and self.clip_norm > 0 and 0 < self.sampling_rate <= 1):
            raise ValueError("dpsgd: noise must be at least 0, clip-norm above 0, sampling-rate above 0 and at most 1")
        if self.noise_multiplier and self.clip_norm == math.inf:
            raise ValueError("dpsgd: noise goes with a finite clip-norm")

    def steps(self, epochs: int) -> int:
        """In which a message is drawn `epochs` times on average."""
        return steps(epochs, self.sampling_rate)

    def released(self, epochs: int) -> Gaussian:
        """What a training of so many epochs releases, as the ledger composes it."""
        return Gaussian(self.noise_multiplier, self.sampling_rate, self.steps(epochs))


def fit_privately(
    model: LanguageModel,
    messages: Sequence[Sequence[int]],
    config: TrainConfig,
    privacy: DpSgd,
    noise: Noise,
    *,
    only: Container[str] | None = None,
    anchor: Weights | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> TrainResult:
    """Train `model` in place on `messages`, as `nextword.training.fit` does but privately.

    `config.clip_norm` is of a plain step, and of no meaning here. The result's pieces and bits are not private.
    """
    messages = [message for message in messages if message]
    steps = privacy.steps(config.epochs)
    descent = Descent(model, config, steps, only=only, anchor=anchor)
    num_pieces, nats, counted = 0, 0.0, 0  # the last two of the last epoch
    model.train()
    with dropping(model, config.dropout, noise.generator()):
        for step in range(steps):
            drawn = (noise.uniform(len(messages)) < privacy.sampling_rate).nonzero().flatten().tolist()
            batch = [messages[index] for index in drawn]
            nats_of_batch = _sum_gradients(model, batch, config.max_pieces, descent.trained, privacy.clip_norm)
            for parameter in descent.parameters:
                assert parameter.grad is not None
                if privacy.noise_multiplier:
                    noise.add_normal(parameter.grad, privacy.noise_multiplier * privacy.clip_norm)
                parameter.grad.div_(config.batch_messages)
            descent.step()
            num_pieces += sum(min(len(message) + 1, config.max_pieces) for message in batch)
            if step >= steps - 1 / privacy.sampling_rate:
                nats, counted = nats + nats_of_batch, counted + len(batch)
            if progress:
                progress(descent.done, steps, nats_of_batch / math.log(2) / max(1, len(batch)))
    return TrainResult(num_pieces, descent.done, nats / math.log(2) / counted if counted else math.nan)


def _sum_gradients(
    model: LanguageModel,
    batch: Sequence[Sequence[int]],
    max_pieces: int,
    trained: Mapping[str, Parameter],
    bound: float,
) -> float:
    """Leave the sum of the clipped gradients in the parameters; returns the sum over messages of nats a piece."""
    batch, nats = sorted(batch, key=len), 0.0
    sums: dict[str, Tensor] = {}
    for first in range(0, len(batch), _TOGETHER):
        inputs_BT, targets_BT = padded(batch[first : first + _TOGETHER], max_pieces)
        clipped = clipped_sum(model, inputs_BT, targets_BT, trained, bound)
        sums = {name: sums[name].add_(total) for name, total in clipped.total.items()} if sums else clipped.total
        nats += float(clipped.nats_B.sum())
    for name, parameter in trained.items():
        parameter.grad = sums[name] if sums else torch.zeros_like(parameter)
    return nats


@lru_cache(maxsize=64)
def noise_for(epsilon: float, delta: float, *, sampling_rate: float, steps: int) -> float:
    """The least noise multiplier, to a hundredth of an epsilon, at which `steps` spend no more; 0 for an infinite one.

    By Opacus, with the PRV accountant; it takes some seconds. Raises ValueError where no noise is enough.
    """
    from opacus.accountants.utils import get_noise_multiplier

    if epsilon == math.inf or not steps:
        return 0.0
    with warnings.catch_warnings():  # about the orders by which PRV finds the size of its grid
        warnings.simplefilter("ignore")
        found = get_noise_multiplier(
            target_epsilon=epsilon, target_delta=delta, sample_rate=sampling_rate, steps=steps, accountant="prv"
        )
    return float(found)
