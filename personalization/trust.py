"""How far layers of words are trusted: weights learned on a person's held-back messages.

A layer trusted by t makes p into (1 - t) p + t (mass + rest p): a mixture, whose likelihood on messages that took no
part in making it says which t serves the person (Jelinek & Mercer 1980, deleted interpolation). Most people have held
back a few messages only, so what serves most people counts as well: a Beta density of the weight, as large as a
few tokens' likelihood (maximum a posteriori; Gauvain & Lee 1994). A layer of few messages is expected to deserve less
of it. All layers' weights are tried together, from a short list.
"""

# M messages, N tokens and ends of all messages, L layers

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nextword.layers import END, Layer, Trusted, layered

TRUSTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85)
OWN, NEAR = "own", "near"  # layers, from the model up
JUDGING = 300  # tokens of a message, its first ones: to look up one takes as long as there are tokens before it
_MOST_NATS = 700.0
_LEAST = 0.02  # what no trust at all is taken for

Floats = npt.NDArray[np.float64]


class Prior(NamedTuple):
    """What a layer's trust is expected to be, and how many of a person's tokens that outweighs."""

    trust: float
    tokens: float
    half: float = 0.0  # of how many messages a layer is expected to deserve half of that trust

    def after(self, messages: int) -> Prior:
        """What is expected of a layer that has learned so many messages."""
        share = messages / (messages + self.half) if self.half else 1.0
        return Prior(self.trust * share, self.tokens)

    def bits(self, trust: float) -> float:
        """What a trust costs beside the expected one."""
        if trust == self.trust or not self.tokens:
            return 0.0
        t, m = max(trust, _LEAST), max(self.trust, _LEAST)
        return self.tokens * (m * math.log2(m / t) + (1 - m) * math.log2((1 - m) / (1 - t)))


PRIORS: Mapping[str, Prior] = {OWN: Prior(0.3, 6.0, 10.0), NEAR: Prior(0.15, 6.0, 10.0)}
_FLAT = Prior(0.5, 0.0)


class Overlay:
    """What layers, from the model up, say of messages (tokens): looked up once, tried under any model and weights.

    What lies `below` them, over the model, is not weighed.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        messages: Sequence[Sequence[str]],
        priors: Sequence[Prior] | None = None,
        *,
        below: Sequence[Layer] = (),
    ):
        self._priors = [_FLAT] * len(layers) if priors is None else priors
        flows = [[*message, END] for message in messages]
        self.num_messages = len(flows)
        self._message_N = np.repeat(np.arange(len(flows)), [len(flow) for flow in flows])
        places = [(flow[:place], token) for flow in flows for place, token in enumerate(flow)]
        self._below_N2 = np.array([layered(below, *place) for place in places]).reshape(len(places), 2)
        self._mass_LN = np.array([[layer.mass(*place) for place in places] for layer in layers])
        self._rest_LN = np.array([[layer.rest(context) for context, _ in places] for layer in layers])

    @classmethod
    def joined(cls, parts: Sequence[Overlay]) -> Overlay:
        """Of the messages of all parts, one after another, each under the layers of its part, which are alike."""
        made = copy.copy(parts[0])
        before = np.cumsum([0, *(part.num_messages for part in parts)])
        made.num_messages = int(before[-1])
        made._message_N = np.concatenate([part._message_N + n for part, n in zip(parts, before, strict=False)])
        made._below_N2 = np.concatenate([part._below_N2 for part in parts])
        made._mass_LN = np.concatenate([part._mass_LN for part in parts], axis=-1)
        made._rest_LN = np.concatenate([part._rest_LN for part in parts], axis=-1)
        return made

    def bits(self, nats: Sequence[Sequence[float]], trusts: Sequence[float] = ()) -> Floats:
        """What each message costs [M], where its tokens and end cost the model alone so many nats.

        Without trusts only what lies below the layers has its say.
        """
        return self._bits(self._below(nats), trusts)

    def best(self, nats: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], Floats]:
        """The trusts under which the messages together and the priors cost least, and what each message costs then."""
        p_N = self._below(nats)

        def cost(trusts: tuple[float, ...]) -> float:
            prior = sum(prior.bits(trust) for prior, trust in zip(self._priors, trusts, strict=True))
            return float(self._bits(p_N, trusts).sum()) + prior

        best = min(itertools.product(TRUSTS, repeat=len(self._priors)), key=cost)
        return best, self._bits(p_N, best)

    def _below(self, nats: Sequence[Sequence[float]]) -> Floats:
        """What the model and all that lies below the layers gives to each token."""
        # None is less probable than floats can say, or nothing could be compared any more.
        p_N = np.exp(-np.minimum(list(itertools.chain.from_iterable(nats)) or np.zeros(0), _MOST_NATS))
        mass_N, rest_N = self._below_N2.T
        below_N: Floats = mass_N + rest_N * p_N
        return below_N

    def _bits(self, p_N: Floats, trusts: Sequence[float]) -> Floats:
        for trust, mass_N, rest_N in zip(trusts, self._mass_LN, self._rest_LN, strict=False):
            p_N = (1 - trust) * p_N + trust * (mass_N + rest_N * p_N)
        with np.errstate(divide="ignore"):
            bits_N: Floats = -np.log(p_N) / math.log(2)
        bits_M: Floats = np.bincount(self._message_N, bits_N, minlength=self.num_messages).astype(np.float64)
        return bits_M


def trusted(layers: Mapping[str, Layer], trusts: Mapping[str, float]) -> list[Layer]:
    """The layers, each trusted so far; those not at all are left out."""
    return [Trusted(layer, trusts[name]) for name, layer in layers.items() if trusts[name]]
