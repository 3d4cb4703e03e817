"""What a person's messages, or all that they are, have paid: the device's own accounts, files that never travel.

Each round adds what its update releases, before it leaves. A round that is done again after a crash, from the same
parameters and the same kept state, repeats its noise, and so the very same update: that is paid once. Any other update,
be it of a processor that rounds otherwise, is another release, and paid for.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nextword.federation.ledger import Gaussian, PrivacySpent, Unit, spent
from nextword.files import write_whole


class Account:
    """Of one person, in a file of their own, by what a unit is."""

    def __init__(self, path: Path, unit: Unit = "message"):
        self.path, self.unit = path, unit

    def add(
        self,
        server_round: int,
        sent: str,
        released: list[Gaussian],
        *,
        budget: float = math.inf,
        delta: float = 1e-5,
    ) -> None:
        """Write down what a round releases by sending what has this hash; on disk when this returns.

        Raises ValueError, and writes nothing, where epsilon at this delta would exceed the budget.
        """
        entries = self._entries()
        if any((entry["round"], entry.get("sent")) == (server_round, sent) for entry in entries):
            return
        entries.append({"round": server_round, "sent": sent, "released": [asdict(one) for one in released]})
        if budget < math.inf and self._price(entries, delta).epsilon > budget:
            raise ValueError(f"{self.path}: round {server_round} would exceed the budget, epsilon = {budget:g}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(entries, indent=1).encode(), owner_only=True)

    def spent(self, delta: float) -> PrivacySpent:
        """The price so far, all rounds composed. Raises ValueError for a damaged file."""
        return self._price(self._entries(), delta)

    def _price(self, entries: list[dict[str, Any]], delta: float) -> PrivacySpent:
        released = [Gaussian(**one) for entry in entries for one in entry["released"]]
        sampling = "Poisson, of messages" if self.unit == "message" else "not amplified"
        return spent(released, delta, unit=self.unit, rounds=len(entries), sampling=sampling)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            return list(json.loads(self.path.read_bytes())) if self.path.is_file() else []
        except ValueError as error:
            raise ValueError(f"{self.path}: what was spent cannot be read ({error})") from None
