"""The keys of the records that travel between the server and a device.

    query     ->  (nothing)
              <-  "home": partition-id, population, first, users, evaluated
    train     ->  "parameters": the shared parameters (`federation.download`);  "task": round, users, the cluster that
                  all of them are in, whose parameters came (-1: they choose, and those of all clusters came), for each
                  the last round whose update of theirs counted (0: none), the longest update ("update-norm", where the
                  server sets a limit), how many are asked ("cohort", where devices share the noise), and the client's
                  settings
              <-  per user "update.<user>": the encoded delta (`federation.codec`), and "metrics.<user>":
                  round, num-messages, num-pieces, bits-per-piece, cluster, and where the limit adapts "within", 0 or 1.
                  Where the devices add the noise (`privacy`), the numbers say nothing: 1, 0, 0 and 0
    evaluate  ->  as train
              <-  per user "metrics.<user>": round, num-messages, num-characters, num-pieces, bits, cluster
    query.ngrams ->  "parameters": the n-grams found so far (`federation.ngrams`);  "task": users
                 <-  "task": those of the users whose device did not fail;  "sketch": one array, the sum of their
                     sketches

A user is named by an ordinal, their place among the participants in order of user id: never by the id, which may be a
telephone number. Nothing else travels: no text, no vocabulary of a person's, no path.
"""

from __future__ import annotations

PARAMETERS = "parameters"
TASK = "task"
HOME = "home"

ROUND = "round"
USERS = "users"
POPULATION = "population"
PARTITION = "partition-id"
FIRST = "first"
EVALUATED = "evaluated"
SKETCH = "sketch"
CLUSTER = "cluster"
ACCEPTED = "accepted"
UPDATE_NORM = "update-norm"
COHORT = "cohort"
WITHIN = "within"

NUM_MESSAGES = "num-messages"
NUM_PIECES = "num-pieces"
NUM_CHARACTERS = "num-characters"
BITS_PER_PIECE = "bits-per-piece"
BITS = "bits"

MAX_MAGNITUDE = 32.0  # of one parameter's change in one round
MAX_MESSAGES = 300  # that a user contributes by the measuring rule: the largest weight of an update


def update_key(user: int) -> str:
    """The record that holds a user's update."""
    return f"update.{user}"


def metrics_key(user: int) -> str:
    """The record that holds a user's numbers."""
    return f"metrics.{user}"


def users_in(keys: list[str]) -> set[int]:
    """The users that a reply with these records speaks of."""
    tails = (key.partition(".")[2] for key in keys)
    return {int(tail) for tail in tails if tail.isascii() and tail.isdigit()}


def spread(population: int, nodes: int, users_per_node: int) -> int:
    """How many users a node hosts: `users_per_node`, or for 0 the fewest that give everyone a home."""
    return users_per_node or max(1, -(-population // nodes))
