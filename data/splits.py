"""The measuring rule `keyboard-1`: who is measured, on which messages, and who takes part in the federation.

Exact duplicates within a user are dropped first (the earliest stays). Users with at least 30 messages left are
evaluated: the first 80 % of a user's messages are the history, the last 20 % the test. Of a test longer than 200
messages the *first* 200 count, those that directly follow the history. The newest 10 % of the history are the person's
own validation messages; they are part of the history. Pure functions of raw messages in order of time.

Whoever is in a corpus under two user ids would be tested on what another id has contributed, and be a newcomer who took
part. So of ids that share their longer messages one is kept (`apart`). A message that is in the history but for its
capitals, where words are measured without case, would test what was learned by heart; it is in nobody's test
(`new_to_all`).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from data.corpus import Person

MIN_MESSAGES = 30
MAX_TEST = 200
MAX_CONTRIBUTED = 300
NEWCOMER_SHARE = 0.2
LONG_WORDS = 4  # of a message that two people hardly ever write alike
FEWEST_SHARED = 10  # such messages by which two ids are one person, if they are
MOST_HOLDERS = 50  # of a message, who are asked about: what more have written tells nobody apart
SHARED = 0.5  # of those of the id that has fewer


@dataclass(frozen=True)
class Split:
    """One user's messages. `history` includes `validation`, its newest tenth; both of the others are () below 30."""

    user: str
    group: str | None
    history: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def train(self) -> tuple[str, ...]:
        """The history without the validation messages."""
        return self.history[: len(self.history) - len(self.validation)]

    @property
    def evaluated(self) -> bool:
        """Whether the user has enough messages to be measured."""
        return bool(self.test)


@dataclass(frozen=True)
class Population:
    """Participants took part in the federation, evaluated or not; newcomers, all evaluated, did not."""

    participants: tuple[Split, ...]
    newcomers: tuple[Split, ...]
    left_out: int = 0  # user ids of people who are here by another (`apart`)

    @property
    def evaluated_participants(self) -> tuple[Split, ...]:
        """The participants that have a test."""
        return tuple(split for split in self.participants if split.evaluated)

    @property
    def numbers(self) -> dict[str, int]:
        """A number for each user who has a test, the same however newcomers are drawn."""
        users = sorted(split.user for split in (*self.evaluated_participants, *self.newcomers))
        return {user: number for number, user in enumerate(users)}


def distinct(messages: Sequence[str]) -> tuple[str, ...]:
    """`messages` without exact duplicates, each where it came first."""
    return tuple(dict.fromkeys(messages))


def split_person(person: Person) -> Split:
    """Cut one person's messages by the measuring rule; depends on nobody else."""
    messages = distinct(person.messages)
    if len(messages) < MIN_MESSAGES:
        return Split(person.user, person.group, history=messages, validation=(), test=())
    boundary = len(messages) * 4 // 5
    newest = max(1, boundary // 10)
    return Split(
        person.user,
        person.group,
        history=messages[:boundary],
        validation=messages[boundary - newest : boundary],
        test=messages[boundary : boundary + MAX_TEST],
    )


def apart(people: Sequence[Person]) -> list[Person]:
    """Without the ids whose messages of four words or more are for the half, ten at least, those of an id with more.

    Nearly any share would do: in nus-sms it is 94 % and more for three ids and 3 % at most for all others, in
    self-dialogue and ubuntu-irc 2 % at most.
    """
    long = {person.user: {text for text in person.messages if _is_long(text)} for person in people}
    holders: defaultdict[str, list[str]] = defaultdict(list)
    doubles: set[str] = set()
    for user in sorted(long, key=lambda user: (-len(long[user]), user)):
        shared = Counter(holder for text in long[user] for holder in holders.get(text, ()))
        most = max(shared.values(), default=0)
        if most >= max(FEWEST_SHARED, SHARED * len(long[user])):
            doubles.add(user)
            continue
        for text in long[user]:
            if len(holders[text]) < MOST_HOLDERS:
                holders[text].append(user)
    return [person for person in people if person.user not in doubles]


def divide(people: Sequence[Person], *, seed: int, newcomer_share: float = NEWCOMER_SHARE) -> Population:
    """Split everyone, each once, and draw the newcomers: `newcomer_share` of the evaluated users, rounded half up.

    The draw sorts users by SHA-256 of seed and user id and takes the first, so it depends on neither their order nor
    their messages, and one more user changes the role of at most one other. Both tuples are sorted by user id.
    """
    if not 0 <= newcomer_share <= 1:
        raise ValueError(f"the share of newcomers must lie between 0 and 1, not {newcomer_share}")
    once = apart(people)
    splits = sorted(map(split_person, once), key=lambda split: split.user)
    for one, other in pairwise(splits):
        if one.user == other.user:
            raise ValueError(f"two people have the user id {one.user!r}")
    drawn = sorted((split.user for split in splits if split.evaluated), key=lambda user: _lot(seed, user))
    newcomers = frozenset(drawn[: int(len(drawn) * newcomer_share + 0.5)])
    return Population(
        participants=tuple(split for split in splits if split.user not in newcomers),
        newcomers=tuple(split for split in splits if split.user in newcomers),
        left_out=len(people) - len(once),
    )


def new_to_all(population: Population, normalise: Callable[[str], str]) -> Population:
    """The same people; no test message is, as `normalise` makes it to be measured, in its person's history.

    Participants who have no other lose their test. Newcomers, who would have nothing else, are left out.
    """
    return replace(
        population,
        participants=tuple(_new(split, normalise) for split in population.participants),
        newcomers=tuple(new for split in population.newcomers if (new := _new(split, normalise)).evaluated),
    )


def contributes(split: Split) -> tuple[str, ...]:
    """What a participant contributes by the measuring rule: the newest 300 messages of the history."""
    return split.history[-MAX_CONTRIBUTED:]


def sample(splits: Sequence[Split], users: int, *, seed: int) -> tuple[Split, ...]:
    """At most so many of `splits` in their order, drawn by a lot of its own, since neighbours by id may be alike."""
    drawn = sorted((split.user for split in splits), key=lambda user: _lot(seed, f"sample:{user}"))
    chosen = frozenset(drawn[:users])
    return tuple(split for split in splits if split.user in chosen)


def fingerprint(participants: Sequence[Split]) -> str:
    """One hash of who takes part and with which history, in hex: of equal runs it is equal."""
    digest = hashlib.sha256()
    for split in sorted(participants, key=lambda split: split.user):
        for text in (split.user, *split.history):
            digest.update(hashlib.sha256(text.encode(errors="surrogatepass")).digest())
        digest.update(len(split.validation).to_bytes(8))
    return digest.hexdigest()


def _new(split: Split, normalise: Callable[[str], str]) -> Split:
    known = {normalise(text) for text in split.history} if split.test else frozenset()
    return replace(split, test=tuple(text for text in split.test if normalise(text) not in known))


def _is_long(text: str) -> bool:
    return len(text.split(maxsplit=LONG_WORDS - 1)) == LONG_WORDS


def _lot(seed: int, user: str) -> bytes:
    return hashlib.sha256(f"{seed}:{user}".encode()).digest()
