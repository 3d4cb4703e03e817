"""Sending messages and taking replies with only a few under way, so that memory does not grow with a round's users."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

from flwr.app import Message
from flwr.serverapp import Grid

PULL_INTERVAL_S = 0.02


class Stopped(Exception):
    """Somebody asked the run to end: what is under way is dropped, and a resumed run does it again."""


def exchange(
    grid: Grid, messages: Iterable[Message], *, outstanding: int, timeout_s: float, stop: threading.Event
) -> Iterator[Message]:
    """Yield the replies as they come. After `timeout_s` without one those under way are given up, and the rest sent.

    Raises Stopped once `stop` is set: what devices answer then may come of their being stopped as well.
    """
    waiting: set[str] = set()
    queue = iter(messages)
    last_reply = time.monotonic()
    more = True
    while more or waiting:
        while more and len(waiting) < outstanding:
            message = next(queue, None)
            if message is None:
                more = False
            else:
                waiting |= set(grid.push_messages([message]))
        replies = list(grid.pull_messages(waiting)) if waiting else []
        if stop.is_set():
            raise Stopped
        for reply in replies:
            waiting.discard(reply.metadata.reply_to_message_id)
        if replies:
            last_reply = time.monotonic()
            while replies:
                yield replies.pop()
        elif time.monotonic() - last_reply > timeout_s:
            waiting.clear()
            last_reply = time.monotonic()
        elif waiting:
            time.sleep(PULL_INTERVAL_S)
