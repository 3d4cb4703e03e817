"""The numbers beside an update or an evaluation: of this round, and none more than the others beside it allow.

They are untrusted, as all that a device sends: one that made them up could else write any mean into a run's events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flwr.app import RecordDict

from nextword.federation import records
from nextword.federation.config import RunConfig

MAX_PIECES = 10**9
MOST_PIECES_A_CHARACTER = 8  # four bytes in UTF-8, and what rounding makes of few characters
MOST_BITS = 1000.0  # of a piece

Numbers = dict[str, float]
_TRAINING = {
    records.NUM_MESSAGES: records.MAX_MESSAGES,
    records.NUM_PIECES: MAX_PIECES,
    records.BITS_PER_PIECE: MOST_BITS,
}
_EVALUATION = {
    records.NUM_MESSAGES: MAX_PIECES,
    records.NUM_PIECES: MAX_PIECES,
    records.NUM_CHARACTERS: MAX_PIECES,
    records.BITS: MOST_BITS * MAX_PIECES,
}


def of_training(content: RecordDict, user: int, server_round: int, config: RunConfig, clusters: int) -> Numbers:
    """A user's, with an update. Raises ValueError for what cannot be, KeyError where there are none."""
    limits = _TRAINING | {records.CLUSTER: clusters - 1} | ({records.WITHIN: 1} if config.privacy.adapts else {})
    found = _of(content, user, server_round, limits)
    passes = config.client.epochs + config.personal.epochs
    if found[records.NUM_PIECES] > found[records.NUM_MESSAGES] * config.client.max_pieces * passes:
        raise ValueError(f"{records.NUM_PIECES} is more than its messages can have")
    return found


def of_evaluation(content: RecordDict, user: int, server_round: int, clusters: int) -> Numbers:
    """A user's, of an evaluation or a choice. Raises as `of_training`."""
    found = _of(content, user, server_round, _EVALUATION | {records.CLUSTER: clusters - 1})
    if found[records.NUM_PIECES] > MOST_PIECES_A_CHARACTER * found[records.NUM_CHARACTERS]:
        raise ValueError(f"{records.NUM_PIECES} is more than its characters can have")
    if found[records.BITS] > MOST_BITS * found[records.NUM_PIECES]:
        raise ValueError(f"{records.BITS} is more than its pieces can cost")
    return found


def _of(content: RecordDict, user: int, server_round: int, limits: Mapping[str, float]) -> Numbers:
    """Each from 0 to its limit; counts are whole."""
    found: dict[str, Any] = dict(content.metric_records[records.metrics_key(user)])
    if (told := found.pop(records.ROUND, None)) != server_round:
        raise ValueError(f"numbers of round {told}, not of round {server_round}")
    if set(found) != set(limits):
        raise ValueError("metrics missing or unknown")
    for key, value in found.items():
        whole = key.startswith("num-") or key in (records.CLUSTER, records.WITHIN)
        if not isinstance(value, int if whole else (int, float)) or not 0 <= value <= limits[key]:
            raise ValueError(f"{key} is no number from 0 to {limits[key]:g}")
    return found
