"""Which node hosts whom: asked for once, and checked, for a node may say anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from flwr.app import Message, MessageType, RecordDict
from flwr.serverapp import Grid

from nextword.federation import records
from server.strategy import Homes

MOST_USERS = 10**7  # of a run; more would be for memory to say
_NODES_WAIT_S = 60.0


class _Home(NamedTuple):
    users: range
    evaluated: tuple[int, ...]
    population: int  # of all nodes together


def find_homes(grid: Grid, send: Callable[[Iterable[Message]], Iterable[Message]]) -> Homes:
    """Ask every node whom it hosts. Raises ValueError where somebody has no home or two, or a home cannot be."""
    deadline = time.monotonic() + _NODES_WAIT_S
    while not (nodes := list(grid.get_node_ids())) and time.monotonic() < deadline:
        time.sleep(0.05)
    homes: dict[int, _Home] = {}
    for reply in send(Message(RecordDict(), node, MessageType.QUERY) for node in nodes):
        if reply.has_error():
            raise ValueError(f"a node cannot read its corpus ({reply.error.reason}); see its log")
        homes[reply.metadata.src_node_id] = _home(reply)
    if len(homes) < len(nodes) or not nodes:
        raise ValueError(f"{len(homes)} of {len(nodes)} nodes answered")
    _check(homes)
    node_of = {user: node for node, home in homes.items() for user in home.users}
    return Homes(node_of, tuple(sorted(user for home in homes.values() for user in home.evaluated)))


def _home(reply: Message) -> _Home:
    """What one node says. Raises ValueError where that cannot be, whatever the others say."""
    node = reply.metadata.src_node_id
    try:
        home: Any = reply.content.config_records[records.HOME]
        first, number, population = (home[key] for key in (records.FIRST, records.USERS, records.POPULATION))
        evaluated = tuple(home[records.EVALUATED])
    except (KeyError, TypeError):
        raise ValueError(f"node {node} does not say whom it hosts") from None
    if not all(isinstance(value, int) for value in (first, number, population, *evaluated)):
        raise ValueError(f"node {node} counts users in numbers that are not whole")
    if not 0 <= first <= first + number <= population <= MOST_USERS:
        raise ValueError(
            f"node {node} says that it hosts {number} users from {first} of {population}, of {MOST_USERS} at most"
        )
    users = range(first, first + number)
    if len(set(evaluated)) < len(evaluated) or not all(user in users for user in evaluated):
        raise ValueError(f"node {node} has users evaluated whom it does not host, or twice")
    return _Home(users, evaluated, population)


def _check(homes: Mapping[int, _Home]) -> None:
    """Raise ValueError where these homes are not everybody's, each one's once."""
    populations = {home.population: node for node, home in homes.items()}
    if len(populations) > 1:
        said = " and ".join(f"{node} of {population}" for population, node in sorted(populations.items())[:2])
        raise ValueError(f"nodes speak of other numbers of users, {said}: give all of them the same corpus and seed")
    in_order = sorted((home.users.start, home.users.stop, node) for node, home in homes.items() if home.users)
    for (_, end, node), (first, _, other) in pairwise(in_order):
        if first < end:
            raise ValueError(f"nodes {node} and {other} both say that they host user {first}")
    hosted, (population, *_) = sum(len(home.users) for home in homes.values()), populations
    if hosted < population:
        raise ValueError(
            f"{len(homes)} nodes host {hosted} of {population} users: start more nodes, "
            "or set federation.users-per-node=0 to spread the users over the nodes there are"
        )
