"""Rounds whose updates come as whole numbers, each with a share of the noise: the server decodes their sum alone.

The arithmetic is `nextword.federation.skellam`; what it costs is told by `server.shared_noise`. There are no clusters.
Of a sum nobody can tell whose numbers are how long: a device that does not keep to the clip norm may change each number
of the sum at will, where other methods' servers clip it (`server.privacy`) or refuse it (`server.accumulator`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

from nextword.federation import records
from nextword.federation.clusters import packed
from nextword.federation.skellam import SKELLAM, Scheme
from server.strategy import FederatedTraining, to_arrays


class SummedTraining(FederatedTraining):
    """Federated training that knows of updates nothing but their sum modulo 2^bits, and how many came."""

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """The next parameters, by the mean over those who answered; None where nobody did."""
        size = sum(map(math.prod, self._shapes.values()))
        scheme = Scheme.of(self.config.privacy, size, max(1, len(self.tally.asked)))
        total, answered = scheme.zero(), 0

        def accept(user: int, content: RecordDict) -> dict[str, float]:
            nonlocal total, answered
            metrics = self._train_numbers(user, content)
            record = content.array_records[records.update_key(user)]
            self.tally.upload_bytes += sum(len(array.data) for array in record.values())
            if set(record) != {SKELLAM}:
                raise ValueError(f"the parts of the message are {sorted(record)[:9]}, not {SKELLAM}")
            numbers = scheme.unpack(record[SKELLAM].numpy())
            total, answered = scheme.add(total, numbers), answered + 1
            self.accepted[user] = server_round
            return metrics

        self._collect(replies, accept)
        if not answered:
            return None, None
        summed = scheme.decode(total, self._shapes, (self.config.seed, server_round))
        mean = {name: values / np.float32(answered) for name, values in summed.items()}
        self._models[0] = self._optimizers[0].step(self._models[0], mean, server_round)
        return to_arrays(packed(self._models)), MetricRecord({records.BITS_PER_PIECE: 0.0})

    def _terms(self) -> dict[str, float]:
        return {records.COHORT: len(self.tally.asked)}
