"""The run: from a starting model through rounds to a final one, told in the run folder as it goes."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from flwr.app import ArrayRecord, ConfigRecord, Message
from flwr.serverapp import Grid

from nextword.federation import records
from nextword.federation.config import RunConfig
from nextword.federation.ledger import PrivacySpent
from nextword.federation.skellam import Scheme
from nextword.vocabulary import Vocabulary
from server.distributed import SummedTraining
from server.exchange import exchange
from server.ftrl import CorrelatedNoise, band
from server.homes import find_homes
from server.message_privacy import MessagePrivacy
from server.ngrams import find_ngrams
from server.privacy import CentralPrivacy
from server.run_folder import Event, RunFolder, State
from server.sampling import separation
from server.shared_noise import SharedNoiseSpending
from server.spending import Spending
from server.strategy import FederatedTraining, Homes, Tally, to_arrays, to_update

Observer = Callable[[Event], None]


@dataclass
class Run:
    """One run over a grid; `state` moves on with each round."""

    config: RunConfig
    grid: Grid
    folder: RunFolder
    state: State
    observer: Observer
    spending: Spending | None = None
    stop: threading.Event = field(default_factory=threading.Event)  # set to end it (`server.exchange.Stopped`)

    @cached_property
    def homes(self) -> Homes:
        """Asked for once."""
        return find_homes(self.grid, self._exchange)

    @cached_property
    def message_privacy(self) -> MessagePrivacy:
        """What private training on the devices has cost."""
        return MessagePrivacy(self.config, FederatedTraining(self.config, self.homes, privacy=self.privacy).sample)

    def find_ngrams(self, vocabulary: Vocabulary) -> None:
        """Look for the n-grams that many people use, and keep them in the folder, where the settings say so."""
        if self.config.ngrams.least_users:
            find_ngrams(self.config, vocabulary, self.homes, self._exchange, self._tell, self.folder)

    @cached_property
    def privacy(self) -> CentralPrivacy | None:
        """The mechanism by which the server makes a round private, where the settings ask for one."""
        if self.config.privacy.method == "none" or self.config.privacy.by_devices:
            return None
        return CentralPrivacy(self.config.privacy, self.folder.secret(), self.state.clip_norm, self.correlated)

    @cached_property
    def correlated(self) -> CorrelatedNoise | None:
        """The noise of the sums, where later rounds take it back."""
        settings = self.config.privacy
        if settings.method != "ftrl" or not settings.noise_multiplier:
            return None
        again = separation(self.homes.population, self.config.federation.users_per_round)
        digests = self.folder.digests(self.state.server_round)
        wide = min(band(settings.band, again), self.config.federation.rounds)
        return CorrelatedNoise(self.folder.secret(), wide, digests)

    def train(self) -> State:
        """All rounds that are left, each one logged, then checkpointed. A budget for privacy may end them early."""
        federation, clusters, state = self.config.federation, self.config.clusters, self.state
        labels = self.folder.clusters() if state.server_round > clusters.warm_rounds else {}
        kind = SummedTraining if self.config.privacy.method == "distributed" else FederatedTraining
        strategy = kind(self.config, self.homes, state.moments, labels, state.accepted, self.privacy)
        self.spending = self._spending(strategy)
        if self.config.dpsgd.on and not self.message_privacy.affordable(1):
            least = self.message_privacy.after(1, ngrams=True)
            raise _too_little("dpsgd", self.config.dpsgd.epsilon_budget, least)
        arrays, done = to_arrays(self.state.parameters), self.state.server_round
        if self.state.server_round == 0 and not self.folder.events():
            self._tell(
                {"event": "start", "round": 0, "users": strategy.homes.population} | self._evaluate(strategy, 0, arrays)
            )
        self._measure(strategy, done, arrays)  # where a run was cut off before that
        for server_round in range(self.state.server_round + 1, federation.rounds + 1):
            if stop := self._stop(server_round):
                self._tell(stop)
                break
            if clusters.number > 1 and server_round == clusters.warm_rounds + 1:
                arrays = self._split(strategy, server_round, arrays)
            strategy.held = self._held(server_round)
            arrays, event = self._round(strategy, server_round, arrays)
            self._tell(event)
            last = server_round == federation.rounds
            if last or server_round % federation.checkpoint_every == 0:
                clip_norm = self.privacy.clip_norm if self.privacy else None
                accepted = dict(strategy.accepted)
                if self.correlated:
                    self.folder.keep_digests(self.correlated.digests)
                self.state = State(server_round, to_update(arrays), strategy.moments, accepted, clip_norm)
                self.folder.save(self.state)
            done = server_round
            self._measure(strategy, done, arrays)
        self._measure(strategy, done, arrays, last=True)
        if clusters.number > 1:
            self._choose(strategy, arrays)
        return self.state

    @property
    def _bits_travel(self) -> bool:
        """Whether devices tell what their training has cost."""
        return not self.config.dpsgd.on and not self.config.privacy.by_devices

    def _held(self, server_round: int) -> bool:
        """Whether users train in the cluster that they were put in, in place of the one that their device chooses."""
        clusters = self.config.clusters
        settled = server_round > clusters.warm_rounds + clusters.settle_rounds
        return clusters.number == 1 or clusters.method == "updates" or not settled

    def _spending(self, strategy: FederatedTraining) -> Spending | None:
        """The ledger, with what was released so far. Raises ValueError where the budget is too small for any round."""
        if self.config.privacy.method == "none":
            return None
        spending = Spending(self.config, self.homes.population, strategy.sample)
        if isinstance(strategy, SummedTraining):
            size = sum(values.size for values in self.state.parameters.values())
            scheme = partial(Scheme.of, self.config.privacy, size)
            hands = separation(self.homes.population, self.config.federation.users_per_round)
            for one in (1, min(hands, self.config.federation.rounds)):  # the most users and the fewest
                scheme(len(strategy.sample(one)))  # too few bits are told before anybody is asked
            spending = SharedNoiseSpending(
                self.config,
                self.homes.population,
                strategy.sample,
                scheme=scheme,
                answered=lambda: len(strategy.tally.metrics),
            )
        if not spending.affordable(1):
            raise _too_little("privacy", self.config.privacy.epsilon_budget, spending.with_round(1))
        spending.go_on_from(self.folder.events())
        return spending

    def _stop(self, server_round: int) -> Event | None:
        """What is told where this round would exceed a budget, of a user or else of a message; it is not begun."""
        stop: Event = {"event": "budget", "round": server_round}
        if self.spending and not self.spending.affordable(server_round):
            budget, most = self.config.privacy.epsilon_budget, self.spending.with_round(server_round)
            stop["privacy"] = self.spending.spent().event()
        elif self.config.dpsgd.on and not self.message_privacy.affordable(server_round):
            budget, most = self.config.dpsgd.epsilon_budget, self.message_privacy.after(server_round, ngrams=True)
            stop["message_privacy"] = self.message_privacy.after(server_round - 1).event()
        else:
            return None
        return stop | {"epsilon_budget": budget, "epsilon_with_this_round": most.event()["epsilon"]}

    def _split(self, strategy: FederatedTraining, server_round: int, arrays: ArrayRecord) -> ArrayRecord:
        """Group everybody by their updates, and go on with a model for each group."""
        began = time.perf_counter()
        labels = strategy.aggregate_split(self._exchange(strategy.configure_split(arrays)))
        tally = strategy.tally
        self._tell_rejected(server_round, tally)
        arrays = strategy.split(arrays, labels)
        self.folder.write_clusters(labels)
        self._tell(
            {
                "event": "split",
                "round": server_round,
                "users": len(tally.metrics),
                "sizes": _sizes(labels),
                "upload_bytes": tally.upload_bytes,
                "download_bytes": tally.download_bytes,
                "seconds": round(time.perf_counter() - began, 3),
            }
        )
        return arrays

    def _choose(self, strategy: FederatedTraining, arrays: ArrayRecord) -> None:
        """Everybody's last choice, on the device as a newcomer's, and how many chose as they were grouped."""
        strategy.held = False
        after = self.config.federation.rounds + 1
        chosen = strategy.aggregate_choice(self._exchange(strategy.configure_choice(after, arrays)))
        self._tell_rejected(after, strategy.tally)
        self._tell(
            {
                "event": "clusters",
                "round": after,
                "sizes": _sizes(chosen),
                "stayed_share": _stayed(chosen, strategy.labels),
                "download_bytes": strategy.tally.download_bytes,
            }
        )

    def _round(self, strategy: FederatedTraining, server_round: int, arrays: ArrayRecord) -> tuple[ArrayRecord, Event]:
        began = time.perf_counter()
        clip_norm = self.privacy.clip_norm if self.privacy else self.config.privacy.clip_norm
        asked = strategy.configure_train(server_round, arrays, ConfigRecord(), self.grid)
        stepped, metrics = strategy.aggregate_train(server_round, self._exchange(asked))
        tally = strategy.tally
        event: Event = {
            "event": "round",
            "round": server_round,
            "users": len(tally.metrics),
            "exchanges": tally.exchanges,
            "upload_bytes": tally.upload_bytes,
            "download_bytes": tally.download_bytes,
            "train_bits_per_piece": metrics[records.BITS_PER_PIECE] if metrics and self._bits_travel else None,
        }
        self._tell_rejected(server_round, tally)
        if len(set(strategy.labels.values())) > 1:
            chosen = {user: int(row[records.CLUSTER]) for user, row in tally.metrics.items()}
            event["sizes"] = _sizes(chosen)
            if not strategy.held:
                event["stayed_share"] = _stayed(chosen, strategy.labels)
        event["rejected"] = len(tally.rejected)
        if self.spending:
            event["privacy"] = self.spending.record(server_round, clip_norm)
        if self.config.dpsgd.on:
            event["message_privacy"] = self.message_privacy.after(server_round).event()
        arrays = arrays if stepped is None else stepped
        return arrays, event | {"seconds": round(time.perf_counter() - began, 3)}

    def _measure(
        self, strategy: FederatedTraining, server_round: int, arrays: ArrayRecord, *, last: bool = False
    ) -> None:
        """Have devices evaluate the model after a round, where that is due and was not told yet.

        It is due after every so many rounds, and after the `last` where it is none of these.
        """
        every = self.config.federation.evaluate_every
        due = server_round and every and (server_round % every == 0) != last
        if not due or any(e["event"] == "evaluation" and e["round"] == server_round for e in self.folder.events()):
            return
        strategy.held = self._held(server_round)
        if found := self._evaluate(strategy, server_round, arrays):
            self._tell({"event": "evaluation", "round": server_round, **found})

    def _evaluate(self, strategy: FederatedTraining, server_round: int, arrays: ArrayRecord) -> Event:
        if not self.config.federation.evaluate_every or not strategy.homes.evaluated:
            return {}
        asked = strategy.configure_evaluate(server_round, arrays, ConfigRecord(), self.grid)
        metrics = strategy.aggregate_evaluate(server_round, self._exchange(asked))
        self._tell_rejected(server_round, strategy.tally)
        if metrics is None:
            return {}
        return {
            "download_bytes": strategy.tally.download_bytes,
            "validation_bits_per_character": metrics["bits-per-character"],
            "validation_bits_per_piece": metrics["bits-per-piece"],
            "validation_users": metrics["users"],
        }

    def _exchange(self, messages: Iterable[Message]) -> Iterable[Message]:
        outstanding = 2 * (self.config.federation.workers or os.cpu_count() or 1)
        timeout_s = self.config.federation.timeout_s
        return exchange(self.grid, messages, outstanding=outstanding, timeout_s=timeout_s, stop=self.stop)

    def _tell_rejected(self, server_round: int, tally: Tally) -> None:
        for user, reason in tally.rejected:
            whose = {} if user is None else {"user": user}
            self._tell({"event": "rejected", "round": server_round, **whose, "reason": reason})

    def _tell(self, event: Event) -> None:
        self.folder.append(event)
        self.observer(event)


def _too_little(section: str, budget: float, least: PrivacySpent) -> ValueError:
    """For no round at all."""
    return ValueError(
        f"{section}.epsilon-budget = {budget:g} is too little for one round, which costs {least}: "
        f"set {section}.epsilon-budget={math.ceil(least.epsilon)}, or more {section}.noise-multiplier"
    )


def _sizes(clusters: Mapping[int, int]) -> list[int]:
    """How many users each cluster has."""
    return [sum(c == number for c in clusters.values()) for number in range(max(clusters.values(), default=0) + 1)]


def _stayed(clusters: Mapping[int, int], labels: Mapping[int, int]) -> float | None:
    """The share of users whose cluster is the group that they were put in; None without users."""
    stayed = sum(cluster == labels.get(user) for user, cluster in clusters.items())
    return round(stayed / len(clusters), 4) if clusters else None
