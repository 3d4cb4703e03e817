"""The language model: a small decoder-only transformer, whole in this file.

Pre-normalised blocks with RMSNorm (Zhang & Sennrich 2019), rotary positions (Su et al. 2021), SwiGLU (Shazeer 2020) and
an output tied to the embedding (Press & Wolf 2017). Everything is made of modules whose per-example gradients Opacus
knows.
"""

# B messages, T pieces, D width, H heads, K width of a head, V vocabulary

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from nextword.model_config import OUTPUT_BIAS, ModelConfig, Weights, check_weights


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.width, bias=False)
        self.value = nn.Linear(config.width, config.width, bias=False)
        self.output = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x_BTD: Tensor, rotation: Tensor) -> Tensor:
        B, T, D = x_BTD.shape
        q, k, v = (f(x_BTD).view(B, T, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        q, k = _rotate(q, rotation), _rotate(k, rotation)
        # In float32: the bfloat16 kernel for CPUs is six times slower at messages' lengths.
        with torch.autocast(x_BTD.device.type, enabled=False):
            q, k, v = (y.to(x_BTD.dtype) for y in (q, k, v))
            out_BHTK = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        attended: Tensor = self.output(out_BHTK.transpose(1, 2).reshape(B, T, D))
        return attended


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

    def forward(self, x_BTD: Tensor, rotation: Tensor) -> Tensor:
        x_BTD = x_BTD + self.dropout(self.attention(self.attention_norm(x_BTD), rotation))
        x_BTD = x_BTD + self.dropout(self.mlp(self.mlp_norm(x_BTD)))
        return x_BTD


class LanguageModel(nn.Module):
    """Pieces in, logits of the next piece out."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=1e-6)
        self.output = nn.Linear(config.width, config.vocabulary, bias=config.output_bias)
        self.output.weight = self.embedding.weight
        self.dropout = nn.Dropout(0.0)

    def set_dropout(self, share: float) -> None:
        """The share of activations dropped while training: of embeddings, blocks' outputs and the last hidden state."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def initialise(self, seed: int) -> LanguageModel:
        """Draw fresh weights: normal with deviation 0.02, the blocks' outputs scaled down by their number, no bias."""
        generator = torch.Generator().manual_seed(seed)
        residual = 0.02 / math.sqrt(2 * self.config.layers)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() == 1:
                    parameter.fill_(0.0 if name == OUTPUT_BIAS else 1.0)
                else:
                    deviation = residual if name.endswith(("attention.output.weight", "down.weight")) else 0.02
                    parameter.normal_(0.0, deviation, generator=generator)
        return self

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name, on the CPU, in memory that the model may share."""
        return {name: value.detach().cpu().contiguous().numpy() for name, value in self.named_parameters()}

    def set_weights(self, weights: Weights) -> None:
        """Copy `weights` into the model. Raises ValueError where names or shapes are not exactly the model's."""
        check_weights(self.config, weights)
        with torch.no_grad():
            for name, value in self.named_parameters():
                value.copy_(torch.from_numpy(np.array(weights[name])))

    def forward(self, pieces_BT: Tensor) -> Tensor:
        """Logits [B, T, V] of the piece after each piece, read causally from position 0."""
        logits: Tensor = self.output(self.dropout(self._hidden(pieces_BT)))
        return logits

    def logits_at(self, pieces_BT: Tensor, wanted_BT: Tensor) -> Tensor:
        """Logits [M, V] at the M places that are `wanted`, row by row; padding costs no product with the output."""
        logits: Tensor = self.output(self.hidden_at(pieces_BT, wanted_BT))
        return logits

    def hidden_at(self, pieces_BT: Tensor, wanted_BT: Tensor) -> Tensor:
        """What the output reads, [M, D]."""
        hidden: Tensor = self.dropout(self._hidden(pieces_BT)[wanted_BT])
        return hidden

    def _hidden(self, pieces_BT: Tensor) -> Tensor:
        x_BTD = self.dropout(self.embedding(pieces_BT))
        rotation = _rotation(pieces_BT.shape[1], self.config, pieces_BT.device)
        for block in self.blocks:
            x_BTD = block(x_BTD, rotation)
        hidden_BTD: Tensor = self.norm(x_BTD)
        return hidden_BTD


def _rotation(T: int, config: ModelConfig, device: torch.device) -> Tensor:
    """The angles' cosine and sine [2, 1, 1, T, K/2]."""
    half = config.width // config.heads // 2
    frequency = config.rotary_base ** (-torch.arange(half, device=device) / half)
    angle = torch.arange(T, device=device)[None, None, :, None] * frequency
    return torch.stack([angle.cos(), angle.sin()])


def _rotate(x_BHTK: Tensor, rotation: Tensor) -> Tensor:
    first, second = x_BHTK.chunk(2, dim=-1)
    cosine, sine = rotation[0].to(x_BHTK.dtype), rotation[1].to(x_BHTK.dtype)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
