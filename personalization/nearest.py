"""Of several models the one that suits a person: found on the device alone, from what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from nextword import checkpoint
from nextword.federation.published import Published
from nextword.model import LanguageModel
from nextword.text import normalise
from nextword.training import score

JUDGED_BY = 100  # messages, the newest


def nearest(models: Iterable[LanguageModel], messages: Sequence[Sequence[int]], *, max_pieces: int = 64) -> int:
    """The number of the model under which the messages (pieces) cost the fewest bits; of equals the first.

    What Ghosh et al. 2020 (IFCA, Algorithm 1) call the cluster identity. One whose bits are no number is it only where
    all are. The models are scored one after another, so that they may be one that is loaded anew each time.
    """
    bits = [float(score(model, messages, max_pieces=max_pieces).bits.sum()) for model in models]
    return int(np.argmin(np.nan_to_num(bits, nan=np.inf)))


def nearest_cluster(
    published: Published, messages: Sequence[str], progress: Callable[[int, int], None] = lambda done, of: None
) -> Path:
    """Of a run's clusters the checkpoint that suits the newest of these raw messages, oldest first.

    Where there is nothing to choose from or by, the model that everybody has. `progress` is told before each model is
    read.
    """
    encode = checkpoint.read(published.final).vocabulary.encode
    encoded = [pieces for text in messages[-JUDGED_BY:] if (pieces := encode(normalise(text)))]
    if not published.clusters or not encoded:
        return published.final

    def models() -> Iterator[LanguageModel]:
        for number, folder in enumerate(published.clusters):
            progress(number, len(published.clusters) + 1)
            yield checkpoint.load(folder)[0]

    return published.clusters[nearest(models(), encoded)]
