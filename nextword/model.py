"""The language model: a small decoder-only transformer, whole in this file.

Pre-normalised blocks with RMSNorm (Zhang & Sennrich 2019), rotary positions (Su et al. 2021), SwiGLU (Shazeer 2020) and
an output tied to the embedding (Press & Wolf 2017). Everything is made of modules whose per-example gradients Opacus
knows.
"""

# B messages, T pieces, S pieces already cached, D width, H heads, K width of a head, V vocabulary

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model; the defaults make 5.07 M parameters."""

    vocabulary: int = 8000
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 640
    rotary_base: float = 1000.0

    def __post_init__(self) -> None:
        if min(self.vocabulary, self.width, self.layers, self.heads, self.hidden) < 1:
            raise ValueError("model: vocabulary, width, layers, heads and hidden must be at least 1")
        if self.width % (2 * self.heads):
            raise ValueError(f"model: width {self.width} must be a multiple of twice the {self.heads} heads")

    def to_dict(self) -> dict[str, int | float]:
        return asdict(self)


class Cache(NamedTuple):
    """Keys and values [layers, B, H, S, K] of the S pieces that a model has read."""

    keys: Tensor
    values: Tensor


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.width, bias=False)
        self.value = nn.Linear(config.width, config.width, bias=False)
        self.output = nn.Linear(config.width, config.width, bias=False)

    def forward(
        self, x_BTD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor] | None, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        B, T, D = x_BTD.shape
        q, k, v = (f(x_BTD).view(B, T, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        q, k = _rotate(q, rotation), _rotate(k, rotation)
        keys, values = (k, v) if past is None else (torch.cat([past[0], k], 2), torch.cat([past[1], v], 2))
        # In float32: the bfloat16 kernel for CPUs is six times slower at messages' lengths.
        with torch.autocast(x_BTD.device.type, enabled=False):
            q, keys, values = (y.to(x_BTD.dtype) for y in (q, keys, values))
            out_BHTK = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask, is_causal=mask is None)
        return self.output(out_BHTK.transpose(1, 2).reshape(B, T, D)), keys, values


class SwiGLU(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.gate = nn.Linear(config.width, config.hidden, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        out: Tensor = self.down(F.silu(self.gate(x_BTD)) * self.up(x_BTD))
        return out


class Block(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.width, eps=1e-6)
        self.attention = Attention(config)
        self.mlp_norm = nn.RMSNorm(config.width, eps=1e-6)
        self.mlp = SwiGLU(config)
        self.dropout = nn.Dropout(0.0)

    def forward(
        self, x_BTD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor] | None, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        attended, keys, values = self.attention(self.attention_norm(x_BTD), rotation, past, mask)
        x_BTD = x_BTD + self.dropout(attended)
        return x_BTD + self.dropout(self.mlp(self.mlp_norm(x_BTD))), keys, values


class LanguageModel(nn.Module):
    """Pieces in, logits of the next piece out."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=1e-6)
        self.output = nn.Linear(config.width, config.vocabulary, bias=False)
        self.output.weight = self.embedding.weight
        self.dropout = nn.Dropout(0.0)

    def set_dropout(self, share: float) -> None:
        """The share of activations dropped while training: of embeddings, blocks' outputs and the last hidden state."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def initialise(self, seed: int) -> LanguageModel:
        """Draw fresh weights: normal with deviation 0.02, the blocks' outputs scaled down by their number."""
        generator = torch.Generator().manual_seed(seed)
        residual = 0.02 / math.sqrt(2 * self.config.layers)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() == 1:
                    parameter.fill_(1.0)
                else:
                    deviation = residual if name.endswith(("attention.output.weight", "down.weight")) else 0.02
                    parameter.normal_(0.0, deviation, generator=generator)
        return self

    def forward(self, pieces_BT: Tensor) -> Tensor:
        """Logits [B, T, V] of the piece after each piece."""
        hidden_BTD, _ = self.read(pieces_BT)
        logits: Tensor = self.output(self.dropout(hidden_BTD))
        return logits

    def read(
        self,
        pieces_BT: Tensor,
        past: Cache | None = None,
        positions_BT: Tensor | None = None,
        visible_BTS: Tensor | None = None,
    ) -> tuple[Tensor, Cache]:
        """Hidden states [B, T, D] after each piece, and the cache with the new pieces appended.

        Without `past` the pieces are read causally from position 0. With it, `positions_BT` places the new pieces and
        `visible_BTS` [B, T, S + T] says which of the cached and new pieces each may attend to: so one call can read
        many continuations of one context, as branches of a tree.
        """
        if positions_BT is None:
            positions_BT = torch.arange(pieces_BT.shape[1], device=pieces_BT.device)[None]
        mask = None if visible_BTS is None else visible_BTS[:, None]
        x_BTD = self.dropout(self.embedding(pieces_BT))
        rotation = _rotation(positions_BT, self.config)
        keys, values = [], []
        for layer, block in enumerate(self.blocks):
            x_BTD, k, v = block(x_BTD, rotation, None if past is None else (past.keys[layer], past.values[layer]), mask)
            keys.append(k)
            values.append(v)
        return self.norm(x_BTD), Cache(torch.stack(keys), torch.stack(values))


def _rotation(positions_BT: Tensor, config: ModelConfig) -> Tensor:
    """The angles' cosine and sine [2, B, 1, T, K/2]."""
    half = config.width // config.heads // 2
    frequency = config.rotary_base ** (-torch.arange(half, device=positions_BT.device) / half)
    angle = positions_BT[:, None, :, None] * frequency
    return torch.stack([angle.cos(), angle.sin()])


def _rotate(x_BHTK: Tensor, rotation: Tensor) -> Tensor:
    first, second = x_BHTK.chunk(2, dim=-1)
    cosine, sine = rotation[0].to(x_BHTK.dtype), rotation[1].to(x_BHTK.dtype)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
