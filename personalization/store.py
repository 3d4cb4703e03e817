"""What a device keeps for its person between rounds: files that never travel.

A state is written with the round after which it holds, whole or not at all. Those that the run may still fall back to
after a crash are kept, so a round that is done again begins with what it began with before.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from nextword.federation.noise import KEY_BYTES
from nextword.files import write_whole
from personalization.methods import State

_USERS = "users"


class DeviceStore:
    """The states of the people who live here, in a folder. Raises ValueError for one of an earlier version."""

    def __init__(self, folder: Path) -> None:
        if any(folder.glob("*.safetensors")):
            raise ValueError(f"{folder}: an earlier version kept these states, in one folder for all: start a new run")
        self.folder = folder

    def holds_any(self) -> bool:
        """Whether anybody's state is kept here."""
        return (self.folder / _USERS).is_dir()

    def load(self, user: int, *, before: int | None = None) -> State | None:
        """The newest state (of rounds earlier than `before`), or None. Raises ValueError for a damaged file."""
        newest = self._newest(user, before)
        return None if newest is None else self.after(user, newest)

    def after(self, user: int, server_round: int) -> State | None:
        """The state after this very round, or None. Raises ValueError for a damaged file."""
        path = self._path(user, server_round)
        if not path.is_file():
            return None
        try:
            found: dict[str, np.ndarray] = safetensors.numpy.load_file(path)
        except safetensors.SafetensorError as error:
            raise ValueError(f"{path}: the personal state cannot be read ({error})") from None
        return found

    def save(
        self, user: int, server_round: int, state: State, *, base: int | None = None, checkpoint: int | None = None
    ) -> None:
        """Keep the state after a round, which was made from the one after the round `base` (None: the newest before).

        The run never falls back further than to its `checkpoint`, the round of the server's last one (None: the round
        before). So once the base is that old, all others that old are removed.
        """
        base = self._newest(user, server_round) if base is None else base
        checkpoint = server_round - 1 if checkpoint is None else checkpoint
        self._of(user).mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(array) for name, array in state.items()}
        write_whole(self._path(user, server_round), safetensors.numpy.save(arrays), owner_only=True)
        if base is not None and base <= checkpoint:
            for number in self._rounds(user):
                if number <= checkpoint and number != base:
                    self._path(user, number).unlink(missing_ok=True)

    def _newest(self, user: int, before: int | None) -> int | None:
        return max((number for number in self._rounds(user) if before is None or number < before), default=None)

    def _rounds(self, user: int) -> list[int]:
        return [int(path.stem) for path in self._of(user).glob("*.safetensors")]

    def _of(self, user: int) -> Path:
        """A folder for each: to look through everybody's for one would take a time that grows with the square."""
        return self.folder / _USERS / str(user)

    def _path(self, user: int, server_round: int) -> Path:
        return self._of(user) / f"{server_round}.safetensors"


def device_secret(path: Path) -> bytes:
    """The secret in a file, drawn from the system's entropy if there is none yet.

    It is kept so that a round that is done again after a crash has the same noise: else the server would see the same
    training twice under different noise, and that is worth more than once.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, secrets.token_bytes(KEY_BYTES), owner_only=True)
    return path.read_bytes()
