"""Flower's simulation engine."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

from server import simulation


def _run(monkeypatch: pytest.MonkeyPatch, engine: Any) -> None:
    monkeypatch.setattr(simulation, "run_simulation", engine)
    simulation.run(ServerApp(), ClientApp(), nodes=1, workers=1, stop=threading.Event())


def test_where_ray_does_not_start_it_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def init_ray() -> None:
        raise Exception("The current node timed out during startup.")  # as Ray does

    def engine(**_: object) -> None:
        try:
            init_ray()
        except Exception as error:
            raise RuntimeError("An error was encountered. Ending simulation.") from error

    with pytest.raises(OSError, match="Ray, .* did not start: The current node timed out"):
        _run(monkeypatch, engine)


def test_what_fails_later_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def engine(**_: object) -> None:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        _run(monkeypatch, engine)
