"""Updates on the wire."""

from __future__ import annotations

import numpy as np
import pytest

from nextword.federation.codec import CODECS
from nextword.federation.records import metrics_key, spread, update_key, users_in

def test_the_users_of_a_reply_are_read_from_its_keys() -> None:
    assert users_in([update_key(3), metrics_key(3), metrics_key(12), "other", "update.x", "update.-1"]) == {3, 12}


def test_spreading_gives_everyone_a_home() -> None:
    for population in range(1, 40):
        for nodes in range(1, 12):
            assert spread(population, nodes, 0) * nodes >= population
    assert spread(100, 4, 3) == 3
