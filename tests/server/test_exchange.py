"""Few messages are under way at once, and who stays silent keeps nobody else from being asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from server.exchange import Stopped, exchange


class _Grid:
    """Answers at once for all but the `silent`; a message is its number."""

    def __init__(self, silent: Iterable[int]):
        self.silent = set(silent)
        self.sent: list[int] = []
        self.most_under_way = 0

    def push_messages(self, messages: Sequence[int]) -> list[str]:
        self.sent += messages
        return [str(message) for message in messages]

    def pull_messages(self, message_ids: Iterable[str]) -> list[Any]:
        waiting = set(message_ids)
        self.most_under_way = max(self.most_under_way, len(waiting))
        found = sorted(int(one) for one in waiting if int(one) not in self.silent)
        return [SimpleNamespace(metadata=SimpleNamespace(reply_to_message_id=str(one)), number=one) for one in found]


@pytest.mark.parametrize("silent", [[], [0], [0, 1, 2, 3], [3, 4, 5, 6], [36, 37, 38, 39], range(40)], ids=str)
def test_everybody_is_asked_and_all_that_answer_are_heard_once(silent: Iterable[int]) -> None:
    grid = _Grid(silent)
    heard = exchange(grid, iter(range(40)), outstanding=4, timeout_s=0.05, stop=threading.Event())
    assert sorted(reply.number for reply in heard) == sorted(set(range(40)) - set(silent))  # type: ignore[attr-defined]
    assert grid.sent == list(range(40))
    assert grid.most_under_way == 4


def test_once_it_is_to_stop_no_reply_is_pulled_any_more() -> None:
    stop, grid = threading.Event(), _Grid(())
    heard = exchange(grid, iter(range(40)), outstanding=4, timeout_s=5.0, stop=stop)
    next(heard)
    stop.set()
    pulled = [next(heard) for _ in range(3)]
    with pytest.raises(Stopped):
        next(heard)
    assert len(pulled) == 3
