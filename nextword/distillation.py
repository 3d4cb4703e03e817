"""A teacher's advice: what a larger model would predict at each place of a text, kept on disk for a student.

Hinton et al. 2015, "Distilling the knowledge in a neural network", section 2, with only the teacher's k most probable
pieces at each place and all others as one outcome more. For teacher t and student s, both over those k + 1 outcomes and
with their log-probabilities divided by the temperature T,

    loss = T^2 KL(t || s)

so at T = 1 it is the divergence of the coarser distributions, and what the teacher thinks of the rare pieces is summed
but not lost.
"""

# M places asked for, N pieces of the text, V vocabulary, k pieces advised

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nextword.files import write_whole
from nextword.model import LanguageModel
from nextword.precision import fast_products
from nextword.training import padded

if TYPE_CHECKING:
    from nextword.pretraining import Text

_LINES = 64  # of like length, advised at once
_DONE = "advice-lines.txt"


class Advised(NamedTuple):
    """Pieces [M, k] and their log-probabilities [M, k] in nats."""

    pieces_Mk: Tensor
    logp_Mk: Tensor


@dataclass(frozen=True)
class Advice:
    """The k most probable pieces, by the teacher, at each of the N places of a text."""

    pieces_Nk: NDArray[np.uint16]
    logp_Nk: NDArray[np.float16]

    @classmethod
    def open(cls, folder: Path) -> Advice:
        return cls(*(np.load(folder / name, mmap_mode="r") for name in ("advice-pieces.npy", "advice-logp.npy")))

    def at(self, places_M: NDArray[np.int64], device: torch.device) -> Advised:
        pieces = torch.from_numpy(self.pieces_Nk[places_M].astype(np.int64))
        return Advised(pieces.to(device), torch.from_numpy(self.logp_Nk[places_M].astype(np.float32)).to(device))


def advised_loss(logp_MV: Tensor, advised: Advised, temperature: float) -> Tensor:
    """The sum over M places of T^2 KL(teacher || student), in nats at T = 1."""
    student = _with_rest(logp_MV.gather(1, advised.pieces_Mk)) / temperature
    teacher = _with_rest(advised.logp_Mk) / temperature
    t, s = teacher.log_softmax(-1), student.log_softmax(-1)
    return temperature**2 * (t.exp() * (t - s)).sum()


def _with_rest(logp_Mk: Tensor) -> Tensor:
    """One column more: the log-probability of all other pieces together."""
    rest = (1 - logp_Mk.exp().sum(-1, keepdim=True)).clamp_min(1e-6)
    return torch.cat([logp_Mk, rest.log()], -1)


@torch.no_grad()
def advise(
    folder: Path,
    teacher: LanguageModel,
    text: Text,
    *,
    k: int,
    max_pieces: int,
    progress: Callable[[int, int], None] = lambda done, lines: None,
) -> None:
    """Ask `teacher` about each place of `text`, into files of `folder`; goes on where an earlier call stopped.

    `progress` is called with (lines done, lines).
    """
    N, lines = len(text.pieces), len(text.starts) - 1
    teacher.eval()
    paths = [(folder / "advice-pieces.npy", np.uint16), (folder / "advice-logp.npy", np.float16)]
    done_path = folder / _DONE
    first = lines_advised(folder)
    mode = "r+" if first else "w+"
    files = [np.lib.format.open_memmap(path, mode, dtype, (N, k)) for path, dtype in paths]
    device = next(teacher.parameters()).device
    order = np.argsort(text.lengths, kind="stable")
    for start in range(first, lines, _LINES):
        some = order[start : start + _LINES]
        inputs_BT, targets_BT = padded([text.line(index).tolist() for index in some], max_pieces)
        real_BT = targets_BT >= 0
        with fast_products(device):
            logits_MV = teacher.logits_at(inputs_BT.to(device), real_BT.to(device))
        logp_Mk, pieces_Mk = logits_MV.float().log_softmax(-1).topk(k, dim=-1)
        places = np.concatenate(
            [np.arange(size) + text.starts[i] for i, size in zip(some, real_BT.sum(1).tolist(), strict=True)]
        )
        files[0][places], files[1][places] = pieces_Mk.cpu().numpy(), logp_Mk.cpu().numpy()
        if start // _LINES % 200 == 0:
            for file in files:
                file.flush()
            write_whole(done_path, str(start).encode())
        progress(min(lines, start + _LINES), lines)
    for file in files:
        file.flush()
    write_whole(done_path, str(lines).encode())


def lines_advised(folder: Path) -> int:
    """Of how many lines the folder holds advice."""
    path = folder / _DONE
    return int(path.read_text()) if path.is_file() else 0
