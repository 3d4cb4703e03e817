"""How far layers of words are trusted: weights learned on a person's held-back messages.

A layer trusted by t makes p into (1 - t) p + t (mass + rest p): a mixture, whose likelihood on messages that took no
part in making it says which t serves the person (Jelinek & Mercer 1980, deleted interpolation). All layers' weights are
tried together, from a short list.
"""

# M messages, N tokens and ends of all messages, L layers

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nextword.layers import END, Layer, Trusted

TRUSTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85)
_MOST_NATS = 700.0
UNTRIED = 0.3  # of one's own words, where there is nothing to learn a weight on

Floats = npt.NDArray[np.float64]


class Overlay:
    """What layers, from the model up, say of messages (tokens): looked up once, tried under any model and weights."""

    def __init__(self, layers: Sequence[Layer], messages: Sequence[Sequence[str]]):
        flows = [[*message, END] for message in messages]
        self.num_layers, self.num_messages = len(layers), len(flows)
        self._message_N = np.repeat(np.arange(len(flows)), [len(flow) for flow in flows])
        places = [(flow[:place], token) for flow in flows for place, token in enumerate(flow)]
        self._mass_LN = np.array([[layer.mass(*place) for place in places] for layer in layers])
        self._rest_LN = np.array([[layer.rest(context) for context, _ in places] for layer in layers])

    def bits(self, nats: Sequence[Sequence[float]], trusts: Sequence[float] = ()) -> Floats:
        """What each message costs [M], where its tokens and end cost the model alone so many nats.

        Without trusts the layers say nothing.
        """
        return self._bits(_probabilities(nats), trusts)

    def best(self, nats: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], Floats]:
        """The trusts under which the messages together cost least, and what each costs then."""
        p_N = _probabilities(nats)
        tried = {trusts: self._bits(p_N, trusts) for trusts in itertools.product(TRUSTS, repeat=self.num_layers)}
        return min(tried.items(), key=lambda item: float(item[1].sum()))

    def _bits(self, p_N: Floats, trusts: Sequence[float]) -> Floats:
        for trust, mass_N, rest_N in zip(trusts, self._mass_LN, self._rest_LN, strict=False):
            p_N = (1 - trust) * p_N + trust * (mass_N + rest_N * p_N)
        with np.errstate(divide="ignore"):
            bits_N: Floats = -np.log(p_N) / math.log(2)
        bits_M: Floats = np.bincount(self._message_N, bits_N, minlength=self.num_messages).astype(np.float64)
        return bits_M


def _probabilities(nats: Sequence[Sequence[float]]) -> Floats:
    # No token is less probable than floats can say, or nothing could be compared any more.
    return np.exp(-np.minimum(list(itertools.chain.from_iterable(nats)) or np.zeros(0), _MOST_NATS))


def trusted(layers: Sequence[Layer], trusts: Sequence[float]) -> list[Layer]:
    """The layers, each trusted so far; those not at all are left out."""
    return [Trusted(layer, trust) for layer, trust in zip(layers, trusts, strict=True) if trust]
