"""Flower's simulation engine: a ServerApp in this process and a ClientApp in Ray workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.simulation import run_simulation


def run(
    server_app: ServerApp,
    client_app: ClientApp,
    *,
    nodes: int,
    workers: int,
    stop: threading.Event,
    told: Callable[[], None] = lambda: None,
) -> None:
    """Run both to the end: so many nodes, whose messages are answered by `workers` processes of one core each.

    Ctrl-C or SIGTERM is `told` and sets `stop`, by which the server is to end; a second one ends this process at once.
    Raises OSError where Ray does not start.
    """
    for name in ("flwr", "ray"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    failures: list[BaseException] = []

    def simulate() -> None:
        try:
            _run(server_app, client_app, nodes, workers)
        except BaseException as error:
            failures.append(_not_started(error) or error)

    # A thread of its own: an interrupt in Flower's would leave its other threads waiting, and Ray takes SIGTERM for
    # itself where it starts in the main one.
    thread = threading.Thread(target=simulate)
    with _asked_to_end(stop, told):
        thread.start()
        thread.join()
    if failures:
        raise failures[0]


def _not_started(error: BaseException) -> OSError | None:
    """What to tell where Ray, and so the simulation, did not start, as on a machine that is too busy."""
    while error.__cause__ is not None:
        error = error.__cause__
    if all(frame.name != "init_ray" for frame in traceback.extract_tb(error.__traceback__)):
        return None
    return OSError(f"Ray, in whose processes devices are simulated, did not start: {error}")


@contextmanager
def _asked_to_end(stop: threading.Event, told: Callable[[], None]) -> Iterator[None]:
    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        told()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(server_app: ServerApp, client_app: ClientApp, nodes: int, workers: int) -> None:
    run_simulation(
        server_app=server_app,
        client_app=client_app,
        num_supernodes=nodes,
        backend_config={
            "init_args": {
                "num_cpus": workers,
                "address": "local",
                "log_to_driver": False,
                "logging_level": "error",
                "include_dashboard": False,
            },
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0},
        },
    )
