"""What a person's messages have paid: the device's own account, a file that never travels.

Each round adds what its training released, before the update leaves. A round that is done again after a crash, from the
same parameters, repeats its noise, and so the very same update: that is paid once. From other parameters it is another
release, and paid for.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nextword.federation.ledger import Gaussian, PrivacySpent, spent
from nextword.files import write_whole


class Account:
    """Of one person, in a file of their own."""

    def __init__(self, path: Path):
        self.path = path

    def add(self, server_round: int, received: str, released: list[Gaussian]) -> None:
        """Write down what a round released that began with parameters of this hash; on disk when this returns."""
        entries = self._entries()
        if any((entry["round"], entry["received"]) == (server_round, received) for entry in entries):
            return
        entries.append({"round": server_round, "received": received, "released": [asdict(one) for one in released]})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(entries, indent=1).encode())

    def spent(self, delta: float) -> PrivacySpent:
        """The price so far of one message, all rounds composed. Raises ValueError for a damaged file."""
        entries = self._entries()
        released = [Gaussian(**one) for entry in entries for one in entry["released"]]
        return spent(released, delta, unit="message", rounds=len(entries), sampling="Poisson, of messages")

    def _entries(self) -> list[dict[str, Any]]:
        try:
            return list(json.loads(self.path.read_bytes())) if self.path.is_file() else []
        except ValueError as error:
            raise ValueError(f"{self.path}: what was spent cannot be read ({error})") from None
