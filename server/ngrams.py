"""The search for words and n-grams that many people use: one sum of sketches a level (`nextword.federation.ngrams`)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import ConfigRecord, Message, RecordDict

from nextword.federation import records
from nextword.federation.config import RunConfig
from nextword.federation.ngrams import LEVELS, Growth, Sketching
from nextword.federation.noise import gaussian
from nextword.vocabulary import Vocabulary
from server.run_folder import Event, RunFolder
from server.strategy import Homes, to_arrays

MAX_USERS_PER_MESSAGE = 64
_DEVIATIONS = 3  # of the noise, that a bucket must hold at least: seldom exceeded by noise in all rows at once


def find_ngrams(
    config: RunConfig,
    vocabulary: Vocabulary,
    homes: Homes,
    send: Callable[[Iterable[Message]], Iterable[Message]],
    tell: Callable[[Event], None],
    folder: RunFolder,
) -> None:
    """Ask all users level by level; what a node does not answer is missing in the sum, and told.

    Each level is kept in the folder before the next is asked for, as the question shows it to every device. So a run
    that is resumed goes on after the levels that were released and paid, whoever answers then.

    The noise is drawn from the folder's secret, not from the run's seed, which every device knows: so with noise two
    runs of one seed differ, and a run that is resumed does not.
    """
    settings, sketching = config.ngrams, Sketching.of(config)
    growth = Growth.load(folder.ngrams, vocabulary) if folder.ngrams.is_file() else Growth(vocabulary)
    deviation = settings.noise * math.sqrt(settings.rows * settings.items)
    after = config.federation.rounds + 1
    least = max(float(settings.least_users), _DEVIATIONS * deviation)
    for level in range(growth.level, LEVELS):
        began = time.perf_counter()
        total: npt.NDArray[Any] = np.zeros((settings.rows, settings.buckets), np.int64)
        waiting, rejected = set(homes.node_of), 0
        for reply in send(_messages(growth, homes)):
            try:
                sketch, users = _checked(reply, homes, waiting, sketching)
            except Exception as error:  # whatever a device sends, the search goes on
                rejected += 1
                why = f"n-grams: {type(error).__name__}: {error}"[:200]
                tell({"event": "rejected", "round": after, "level": level + 1, "reason": why})
            else:
                total += sketch
                waiting -= users
        if deviation:
            noise = gaussian(folder.secret(), f"ngrams/{level}", total.tobytes(), total.size)
            total = total + deviation * noise.reshape(total.shape)
        growth.grow(total, sketching, least)
        users_heard = homes.population - len(waiting)
        tell(
            {
                "event": "ngrams",
                "round": after,
                "level": level + 1,
                "users": users_heard,
                "rejected": rejected,
                "found": len(growth.levels[-1]),
                "upload_bytes": users_heard * 2 * total.size,
                "download_bytes": users_heard * growth.num_bytes,
                "seconds": round(time.perf_counter() - began, 3),
            }
        )
        growth.save(folder.ngrams)


def _messages(growth: Growth, homes: Homes) -> Iterator[Message]:
    """One for each node's users, or several."""
    found = to_arrays(growth.arrays())
    by_node: dict[int, list[int]] = {}
    for user, node in sorted(homes.node_of.items()):
        by_node.setdefault(node, []).append(user)
    for node, users in by_node.items():
        for first in range(0, len(users), MAX_USERS_PER_MESSAGE):
            task = ConfigRecord({records.USERS: users[first : first + MAX_USERS_PER_MESSAGE]})
            yield Message(RecordDict({records.PARAMETERS: found, records.TASK: task}), node, "query.ngrams")


def _checked(
    reply: Message, homes: Homes, waiting: set[int], sketching: Sketching
) -> tuple[npt.NDArray[np.uint16], set[int]]:
    """A sum of sketches and whose they are. Raises an error for anything that these users cannot have sent."""
    if reply.has_error():
        raise ValueError(f"a node could not answer ({reply.error.reason})")
    asked: Any = reply.content.config_records[records.TASK][records.USERS]
    users = set(map(int, asked))
    if not users or not users <= waiting or {homes.node_of[user] for user in users} != {reply.metadata.src_node_id}:
        raise ValueError("it speaks of users who were not asked of this node, or twice")
    sketch = reply.content.array_records[records.SKETCH][records.SKETCH].numpy()
    # The record's own words about shape and type are the device's, and need not be those of its numbers.
    if sketch.shape != (sketching.rows, sketching.buckets) or sketch.dtype != np.uint16:
        raise ValueError("the sketch has another shape or type")
    if sketch.max() > len(users) or sketch.sum() > len(users) * sketching.rows * sketching.items:
        raise ValueError("the sketch holds more than these users may contribute")
    return sketch, users
