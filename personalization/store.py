"""What a device keeps for its person between rounds: files that never travel.

A state is written with the round after which it holds, whole or not at all, and the one before it is kept. So a round
that is done again after a crash begins with what it began with before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from nextword.files import write_whole
from personalization.methods import State

_KEPT = 2  # states of a person


class DeviceStore:
    """The states of the people who live here, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, user: int, *, before: int | None = None) -> State | None:
        """The newest state (of rounds earlier than `before`), or None. Raises ValueError for a damaged file."""
        rounds = [number for number in self._rounds(user) if before is None or number < before]
        if not rounds:
            return None
        path = self._path(user, max(rounds))
        try:
            found: dict[str, np.ndarray] = safetensors.numpy.load_file(path)
        except safetensors.SafetensorError as error:
            raise ValueError(f"{path}: the personal state cannot be read ({error})") from None
        return found

    def save(self, user: int, server_round: int, state: State) -> None:
        """Keep the state after a round; all but the newest before it are removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(array) for name, array in state.items()}
        write_whole(self._path(user, server_round), safetensors.numpy.save(arrays))
        earlier = sorted(number for number in self._rounds(user) if number < server_round)
        for number in earlier[: 1 - _KEPT]:
            self._path(user, number).unlink(missing_ok=True)

    def _rounds(self, user: int) -> list[int]:
        return [int(path.stem.partition("-")[2]) for path in self.folder.glob(f"{user}-*.safetensors")]

    def _path(self, user: int, server_round: int) -> Path:
        return self.folder / f"{user}-{server_round}.safetensors"
