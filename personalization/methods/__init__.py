"""How a device trains in a round, and what its person uses: one method a file, chosen by `personal.method`."""

from __future__ import annotations

from personalization.methods.adapters import FederatedAdapters
from personalization.methods.apfl import Apfl
from personalization.methods.base import Local, Method, Private, State, Trained
from personalization.methods.ditto import Ditto
from personalization.methods.fedavg import FedAvg
from personalization.methods.fedper import FedPer
from personalization.methods.fedrep import FedRep
from personalization.methods.perfedavg import PerFedAvg

METHODS: dict[str, Method] = {
    "fedavg": FedAvg(),
    "fedper": FedPer(),
    "fedrep": FedRep(),
    "adapters": FederatedAdapters(),
    "ditto": Ditto(),
    "apfl": Apfl(),
    "per-fedavg": PerFedAvg(),
}

__all__ = ["METHODS", "Local", "Method", "Private", "State", "Trained"]
