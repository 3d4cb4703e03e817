"""What a keyboard learns of its person: words at once by counting, habits by training when asked, and both undone.

Where a run has clusters, a training begins by choosing one, and builds on its model (`personalization.nearest`).

The predictor handed out is always whole. Training works beside it, and what wins takes its place in one step.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from nextword import checkpoint
from nextword.eightbit import restore
from nextword.federation.codec import Codec
from nextword.federation.config import UpdateConfig
from nextword.federation.ngrams import LEVELS, Sketching
from nextword.federation.published import Published
from nextword.layers import Layer, Trusted
from nextword.near_contexts import NearContexts, States
from nextword.predictor import Predictor
from nextword.text import normalise, tokens, words
from personalization.chats import Exported
from personalization.imports import Taken
from personalization.profile import Profile
from personalization.trust import OWN, PRIORS

if TYPE_CHECKING:
    from nextword.metrics import UserResult
    from personalization.stack import Shared

Added = TypeVar("Added")
Progress = Callable[[int, int], None]
FEWEST = 30  # messages that are enough to train on
_LEAST_TRUST = 0.05  # so that a word just learned can be offered
_NEAR = "near_contexts.safetensors"
_JUDGED = 200  # messages that judge a training, the newest, at most


class Change(NamedTuple):
    """What a training has changed, on the person's newest messages, of which it knew nothing yet."""

    shipped: bool
    before: UserResult  # by the model that everybody has
    after: UserResult  # by the best that was made, whether it ships or not


class Learner:
    """For one profile, over what everybody has: a checkpoint's folder, or a run's that has ended."""

    def __init__(self, profile: Profile, shared: Path = checkpoint.BUNDLED) -> None:
        self.profile, self.published = profile, Published.at(shared)
        self._shared_sha256 = checkpoint.read_config(self.published.final)["sha256"]
        self._one_by_one = threading.Lock()  # what changes which training is in use
        # The number of the training in use: the last whole one that began from the model that everybody has now.
        self.trained: int | None = None
        self.trouble = ""  # what of everybody's cannot be used, in a line
        self.predictor = self._load()

    @property
    def untrained(self) -> int:
        """How many messages are new since the last training that came to an end; 0 where all are too few for one."""
        messages = len(self.profile.contents.messages)
        return messages - self.profile.contents.tried if messages >= FEWEST else 0

    def send(self, text: str) -> None:
        """Keep a message, and learn its words at once. OSError where it cannot be kept; then nothing is learned."""
        self.add([text])

    def add(self, texts: Iterable[str]) -> int:
        """Keep many, and learn them, as `Profile.add`."""
        return self._learned(lambda: self.profile.add(texts))

    def take_in(self, texts: Iterable[str]) -> Taken:
        """Keep what is new of a file, and learn it, as `Profile.take_in`, or `Profile.restore` for an export."""
        if not isinstance(texts, Exported):
            return self._learned(lambda: self.profile.take_in(texts))
        with self._one_by_one:
            taken = self.profile.restore(texts.events)
            self.predictor = self._load()
            return taken

    def _learned(self, add: Callable[[], Added]) -> Added:
        """Have messages kept, and learn them."""
        with self._one_by_one:
            known = len(self.profile.contents.messages)
            added = add()
            if self._near is not None:
                self._near.learn([tokens(normalise(text)) for text in self.profile.contents.messages[known:]])
            if self.trained is None:
                self.predictor.layers = [*self.predictor.layers[:-1], self._own()]
            return added

    def train(self, progress: Progress = lambda step, steps: None) -> Change:
        """Train on the history, weigh one's own words, and use what wins over the model that everybody has.

        Takes seconds to minutes, and may run in a thread of its own. `progress` is told (step, steps): where there are
        clusters once over while one is chosen, then for each part that judges, and once more for what ships. What it
        raises leaves everything as it was. Raises ValueError for a history that is too short, and TakenBack, with
        everything as it was, where the person has taken back meanwhile what it learns from: a word, or all.
        """
        import numpy as np

        from nextword.metrics import measure
        from personalization.finetune import FinetuneConfig, Tuner
        from personalization.nearest import nearest_cluster
        from personalization.stack import StackConfig, personalize

        begun = self.profile.begin_training()
        messages = begun.messages
        if len(messages) < FEWEST:
            there = f"there {'is' if len(messages) == 1 else 'are'} {len(messages)} yet"
            raise ValueError(f"training takes {FEWEST} messages or more; {there}")
        newest = min(max(3, len(messages) // 10), _JUDGED)
        while newest < len(messages) // 2 and not any(words(normalise(text)) for text in messages[-newest:]):
            newest += 1
        if not any(words(normalise(text)) for text in messages[-newest:]):
            raise ValueError("training takes messages with words in them; the newest have none")

        def told(step: int, steps: int, _: float = 0.0) -> None:
            self.profile.check(begun)
            progress(step, steps)

        known, judges = messages[:-newest], messages[-newest:]
        everybodys = Predictor.load(self.published.final, eight_bit=True).under(self.published.layers)
        folder = nearest_cluster(self.published, known, told)
        base = self._base(folder, everybodys)
        tuner = Tuner(base.model, FinetuneConfig(), np.random.default_rng(len(messages)), progress=told)
        personal = personalize(base, known, judges, StackConfig(eight_bit=True), tuner, against=everybodys)
        before, after = (measure(p, judges, user="") for p in (everybodys, personal.candidate))
        told(1, 1)  # the last moment to be stopped
        if not personal.shipped:
            self.profile.end_training(begun)
        else:
            about = {
                "way": personal.way,
                "cluster": folder.name if folder in self.published.clusters else None,
                **{f"{name}_trust": trust for name, trust in personal.trusts.items()},
                "messages": len(messages),
                "over": self._shared_sha256,
            }
            with self._one_by_one:
                number = max((0, *self.profile.contents.trainings)) + 1
                made = self.profile.training_folder(number)
                self.profile.check(begun)  # what was erased is not written down again
                files = {_NEAR: personal.near.stored()} if personal.near else {}
                vocabulary = everybodys.vocabulary
                checkpoint.save(made, personal.model, vocabulary, extra=about, files=files, eight_bit=True)
                try:
                    self.profile.end_training(begun, number)
                except BaseException:
                    shutil.rmtree(made, ignore_errors=True)
                    raise
                for old in self.profile.contents.trainings[:-2]:
                    shutil.rmtree(self.profile.training_folder(old), ignore_errors=True)
                self.profile.scrub_what_no_training_knows()
                self.predictor = self._load()
        return Change(personal.shipped, before, after)

    def undo(self) -> None:
        """Go back to what was in use before the last training. Raises ValueError where there was none."""
        with self._one_by_one:
            if (number := self.trained) is None:
                raise ValueError("there is no training to undo")
            self.profile.drop_training(number)
            self.predictor = self._load()

    def forget(self, word: str) -> None:
        """Unlearn a word until it is typed again, as `Profile.forget`."""
        with self._one_by_one:
            self.profile.forget(word)
            if self._near is not None:
                self._near.forget(normalise(word))

    def rename(self, word: str, form: str) -> None:
        """A word was meant as another one, written so, as `Profile.rename`."""
        with self._one_by_one:
            self.profile.rename(word, form)
            if self._near is not None and normalise(word) != normalise(form):
                self._near.rename(normalise(word), normalise(form))

    def erase(self) -> None:
        """Delete all that is kept, and offer what everybody is offered.

        Raises OSError where that fails, with what was not deleted still in use.
        """
        with self._one_by_one:
            try:
                self.profile.erase()
            finally:
                self.predictor = self._load()

    @cached_property
    def _update_size(self) -> tuple[int, int]:
        """The parameters of the model that everybody has, and the bytes of an update of all of them."""
        update = restore(checkpoint.read(self.published.final).stored)
        encoded = Codec(UpdateConfig().codec).encode(update, (0, 0, 0))
        return sum(array.size for array in update.values()), sum(array.nbytes for array in encoded.values())

    def leaving(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """What a federated round would take from this device, and what it would not: each with its bytes."""
        parameters, update_bytes = self._update_size
        contents, counts = self.profile.contents, Sketching(seed=0)
        sketch_bytes = LEVELS * counts.nbytes
        sent = [
            (f"changes of {parameters:,} weights", update_bytes),
            ("hashed counts of n-grams, where a run asks for them", sketch_bytes),
        ]
        number = self.trained
        files = self.profile.training_folder(number).glob("*") if number is not None else ()
        kept = [
            (f"messages: {len(contents.messages):,}", _bytes(contents.messages)),
            (f"words: {len(contents.own.words):,}", _bytes(contents.own.words)),
            ("what was trained on them", sum(path.stat().st_size for path in files)),
        ]
        return sent, kept

    def _usable(self, number: int) -> bool:
        folder = self.profile.training_folder(number)
        try:
            checkpoint.read(folder)
            return bool(checkpoint.read_config(folder)["about"].get("over") == self._shared_sha256)
        except (ValueError, OSError):  # removed, or cut off while it was: typing goes on with what is whole
            return False

    def _everybodys(self) -> Sequence[Layer]:
        """The layers that everybody has; none where they cannot be read, and `trouble` says so."""
        try:
            return self.published.layers
        except (ValueError, OSError) as error:
            self.trouble = f"{error}; typing goes on without the words of many people"
            return ()

    def _contexts(self, number: int, states: States, known: int) -> NearContexts:
        """Those that a training has kept, but for what was taken back since, and those of messages sent since.

        It has learned from so many messages. A word taken back may have been typed again, which brings back none of
        the old contexts. They offer only what was sent often enough to be one's own word.
        """
        contents = self.profile.contents
        stored = (self.profile.training_folder(number) / _NEAR).read_bytes()
        kept = NearContexts.of_stored(states, stored, only=contents.own)
        for word, other in contents.taken_back[number]:
            if other is None:
                kept.forget(word)
            else:
                kept.rename(word, other)
        kept.learn([tokens(normalise(text)) for text in contents.messages[known:]])
        return kept

    def _base(self, folder: Path, everybodys: Predictor) -> Shared:
        """What a training builds on."""
        from personalization.stack import Shared

        alone = folder == self.published.final
        predictor = everybodys if alone else Predictor.load(folder, eight_bit=True).under(self.published.layers)
        return Shared(checkpoint.load(folder)[0], predictor)

    def _own(self, trust: float | None = None) -> Trusted:
        """The person's own words, trusted so far, or as far as can be expected of so many messages."""
        contents = self.profile.contents
        expected = PRIORS[OWN].after(len(contents.messages)).trust
        return Trusted(contents.own, max(expected if trust is None else float(trust), _LEAST_TRUST))

    def _load(self) -> Predictor:
        """Of the training that is to be in use; what its folder holds is checked here, and not again."""
        self.trouble = ""
        contents = self.profile.contents
        number = next((number for number in reversed(contents.trainings) if self._usable(number)), None)
        folder = self.published.final if number is None else self.profile.training_folder(number)
        about = {} if number is None else checkpoint.read_config(folder)["about"]
        predictor = Predictor.load(folder, eight_bit=True)
        predictor.source = "trained" if about.get("way") else "cluster" if about.get("cluster") else "shared"
        self._near = None
        if number is not None and about.get("near_trust"):
            self._near = self._contexts(number, predictor.states, about["messages"])
        predictor.layers = [*self._everybodys(), self._own(about.get("own_trust"))]
        if self._near is not None:
            predictor.layers.append(Trusted(self._near, float(about["near_trust"])))
        predictor.blocked = contents.blocked
        self.trained = number
        return predictor


def _bytes(texts: Iterable[str]) -> int:
    return sum(len(text.encode(errors="replace")) for text in texts)
