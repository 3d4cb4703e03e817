"""A profile: what a keyboard keeps of its person, in a folder that nobody else can read.

All of it is one file of events, a line of JSON each, which grows: what was sent, which words were forgotten or are
another one, which are never to be offered, how a word is written. Reading it again from the beginning gives the profile
as it was, so a crash loses at most the event that was being written, and a half-written last line is dropped. A word
that is forgotten is taken out of the whole file (`personalization.scrubbing`), but one that an earlier version forgot,
or an export that was taken in, stays written there.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from nextword.files import check_writable, locked, write_whole
from nextword.text import is_word, normalise, tidy
from personalization.imports import MANY, Taken, continued
from personalization.own_ngram import OwnNgram
from personalization.profile_folder import (
    ABOUT,
    EVENTS,
    STATE,
    TRAININGS,
    VERSION,
    Damaged,
    delete_all,
    drop_trainings,
    drop_unfinished,
    lines_of,
    parsed,
    version_of,
    write_version,
)
from personalization.scrubbing import STAND_IN, alike, all_scrubbed, as_renamed, renamed, scrubbed, scrubbed_as, without

_TRAININGS = {"trained", "tried", "untrained"}  # events of them
_SCRUBBED = {"forgot": STAND_IN}
_OWNER_ONLY, _OWNER_ONLY_FOLDER = 0o600, 0o700


@dataclass
class Contents:
    """What the events come to."""

    messages: list[str] = field(default_factory=list)  # sent or imported, oldest first, as words are known since
    own: OwnNgram = field(default_factory=OwnNgram)  # what they teach, but for the words forgotten since
    blocked: set[str] = field(default_factory=set)  # words never offered, normalised
    trainings: list[int] = field(default_factory=list)  # the numbers of those in use, one over the other
    # By number of a training, the words taken back since, in turn: each with what it was renamed to, or forgotten.
    taken_back: dict[int, list[tuple[str, str | None]]] = field(default_factory=dict)
    imports: dict[int, list[str]] = field(default_factory=dict)  # by number, what was taken in of a file, as it was
    tried: int = 0  # messages that there were at the last training that came to an end

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take in one event. Raises ValueError for an event that this version does not know."""
        match event:
            case {"sent": str(text)}:
                self.messages.append(text)
                self.own.learn(text)
                if isinstance(number := event.get("import"), int):
                    self.imports.setdefault(number, []).append(text)
            case {"forgot": str(word)}:
                self._take_back(word, None)
                self.own.forget(word)
                self.messages = [without(text, word) for text in self.messages]
            case {"renamed": str(word), "to": str(form)}:
                if word != normalise(form):
                    self._take_back(word, normalise(form))
                self.own.rename(word, form)
                self.messages = [renamed(text, word, form) for text in self.messages]
            case {"blocked": str(word)}:
                self.blocked.add(word)
            case {"unblocked": str(word)}:
                self.blocked.discard(word)
            case {"written": str(form)}:
                self.own.fixed_forms[normalise(form)] = form
            case {"trained": int(number)}:
                self.trainings.append(number)
                self.taken_back[number] = []
            case {"tried": int(messages)}:
                self.tried = messages
            case {"untrained": int(number)}:
                self.trainings = [other for other in self.trainings if other != number]
            case _:
                raise ValueError(f"an unknown event {sorted(event)}")

    def _take_back(self, word: str, other: str | None) -> None:
        for since in self.taken_back.values():
            since.append((word, other))


class Begun(NamedTuple):
    """What a training learns from, and how often something was taken back before it."""

    messages: tuple[str, ...]
    taken_back: int


class TakenBack(ValueError):
    """What a training has learned from is not what it was: it must not be used."""

    def __init__(self) -> None:
        super().__init__(
            "a word was forgotten or rewritten while it learned, or all deleted, so this training changes nothing; "
            "begin another"
        )


class Profile:
    """An open profile; one process at a time has it. `close` it, or use it in a with statement."""

    def __init__(self, folder: Path, *, least_times: int = 1) -> None:
        """Open the profile in this folder, a new one where there is none. Words are learned once sent `least_times`.

        Raises ValueError where another keyboard has it, or where it is of a later version, Damaged where it cannot be
        read, OSError where the folder cannot be written.
        """
        self.folder = folder
        self._one_by_one = threading.Lock()  # a training may end while a message is sent
        self._taken_back = 0  # times since it was opened
        if folder.is_dir() and not (folder / ABOUT).is_file():
            begun = {".lock", f".{ABOUT}.new"}  # where a first start was cut off
            if any(path.name not in begun for path in folder.iterdir()):
                raise ValueError(f"{folder}: holds other things; a profile wants a folder of its own")
        check_writable(folder)
        folder.chmod(_OWNER_ONLY_FOLDER)
        self._open = ExitStack()
        self._open.enter_context(locked(folder, "profile"))
        try:
            if not (folder / ABOUT).exists():
                write_version(folder)
            self._version = version_of(folder)
            self._least_times = least_times
            drop_unfinished(folder)
            self.contents = self._empty()
            self._read()
            drop_trainings(folder, self.contents.trainings)
            self.scrub_what_no_training_knows()
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the profile go."""
        self._open.close()

    def send(self, text: str) -> None:
        """Keep a message, and learn from it."""
        if text.strip():
            self._add([{"sent": text}])

    def add(self, texts: Iterable[str]) -> int:
        """Keep many messages, oldest first; returns how many had anything in them."""
        events = [{"sent": text} for text in texts if text.strip()]
        self._add(events)
        return len(events)

    def take_in(self, texts: Iterable[str]) -> Taken:
        """Keep what is new of a file's messages, oldest first; `personalization.imports` says what that is."""
        messages = [text for text in texts if text.strip()]
        number, known = continued(messages, self.contents.imports)
        self._add([{"sent": text, "import": number} for text in messages[known:]])
        return Taken(len(messages) - known, known)

    def restore(self, events: Sequence[Mapping[str, Any]]) -> Taken:
        """Keep what is new of an export, but for trainings, whose models are no part of it.

        Where this profile holds the beginning of it, or nothing, that is what comes after; where it holds all of it,
        nothing. Of any other its messages, as `take_in`, the words never to be offered, and how words are written.
        """
        given = [event for event in events if _TRAININGS.isdisjoint(event)]
        whole = self._events.read_bytes() if self._events.exists() else b""
        held = [event for _, event in parsed(whole) if _TRAININGS.isdisjoint(event)]
        both = min(len(given), len(held))
        common = next((at for at in range(both) if not alike(given[at], held[at])), both)
        if common < both:
            return self._merge(given, common)
        self._scrub_as(given[:both])
        new = given[both:]
        if any("renamed" in event for event in new):
            self._raise_version()
        self._add(new, takes_back=any("renamed" in event or "forgot" in event for event in new))
        sent = [sum("sent" in event for event in some) for some in (new, given[:both])]
        return Taken(*sent)

    def _scrub_as(self, events: Sequence[Mapping[str, Any]]) -> None:
        """What was scrubbed from an export of this profile is scrubbed here too, where these are alike."""
        whole = self._events.read_bytes() if self._events.exists() else b""
        given, kept = iter(events), []
        for _, event in parsed(whole):
            other = next(given, event) if _TRAININGS.isdisjoint(event) else event
            kept.append(scrubbed_as(event, other))
        if (lines := lines_of(kept)) != whole:
            with self._one_by_one:
                write_whole(self._events, lines, owner_only=True)
                self._taken_back += 1
                self.contents = self._empty()
                self._read()

    def _merge(self, events: Sequence[Mapping[str, Any]], common: int) -> Taken:
        """Messages have the stand-in for what the other has forgotten, and are told by what was renamed there.

        So those of an earlier export are known. No form is taken of a word that is forgotten here.
        """
        begun = {event["sent"] for event in events[:common] if "sent" in event}
        known = sum("sent" in event for event in events[:common]) if len(begun) >= MANY else 0
        other, events = Contents(), all_scrubbed(events)
        for event in events:
            if event != _SCRUBBED:
                other.apply(event)
        messages = [text for text in other.messages[known:] if text.strip()]
        told = as_renamed(events)
        imports = {number: [*map(told, texts)] for number, texts in self.contents.imports.items()}
        number, before = continued([*map(told, messages)], imports)
        new: list[dict[str, str | int]] = [{"sent": text, "import": number} for text in messages[before:]]
        scrubs = any(STAND_IN in text for text in messages[before:])
        self._add([*new, _SCRUBBED] if scrubs else new)
        other.apply(_SCRUBBED)
        own = self.contents.own
        forms = other.own.fixed_forms.items() - own.fixed_forms.items()
        said = [{"blocked": word} for word in sorted(other.blocked - self.contents.blocked)]
        said += [{"written": form} for word, form in sorted(forms) if word in own or word not in other.own]
        self._add(said)
        return Taken(len(new), known + before)

    def forget(self, word: str) -> None:
        """Unlearn a word until it is typed again, and take it out of what is written down.

        Where a training is kept, which may know it, the word alone stays written down (`personalization.scrubbing`).
        """
        word = _word(word)
        with self._one_by_one:
            whole = self._events.read_bytes() if self._events.exists() else b""
            trained = self.trained
            kept = scrubbed([event for _, event in parsed(whole)], word, slips=not trained)
            said = [_SCRUBBED, {"forgot": word}] if trained else [_SCRUBBED]
            write_whole(self._events, lines_of([*kept, *said]), owner_only=True)
            self._taken_back += 1
            self.contents.apply({"forgot": word})
            state = self.read_state()
            if isinstance(draft := state.get("draft"), str) and (kept_draft := without(draft, word)) != draft:
                self.write_state(state | {"draft": kept_draft})

    def rename(self, word: str, form: str) -> None:
        """A word was meant as another one, written so: count it as that, and have that in the messages kept.

        Then one's own words are what they were had the other one been sent each time, and `write` been told its form
        (`OwnNgram.rename` says where that ends). Each time keeps its capitals. What was trained before is as it was.
        Raises ValueError for what is no word, or was not learned.
        """
        word, _ = _word(word), _word(form)
        if word not in self.contents.own:
            raise ValueError(f"{word}: not a word that was learned")
        self._raise_version()
        self._add([{"renamed": word, "to": tidy(form)}], takes_back=word != normalise(form))

    def block(self, word: str) -> None:
        """Never offer a word again, however it is written."""
        self._add([{"blocked": _word(word)}])

    def unblock(self, word: str) -> None:
        """Offer it again."""
        self._add([{"unblocked": _word(word)}])

    def write(self, form: str) -> None:
        """Say how a word is to be written, as with its capitals."""
        _word(form)
        self._add([{"written": tidy(form)}])

    @property
    def trained(self) -> bool:
        """Whether a training is kept, which may know words that were forgotten since."""
        return any(self.training_folder(number).exists() for number in self.contents.trainings)

    def training_folder(self, number: int) -> Path:
        """Where a training keeps its model."""
        return self.folder / TRAININGS / str(number)

    def begin_training(self) -> Begun:
        """The messages that a training may learn from, for `end_training`."""
        with self._one_by_one:
            return Begun(tuple(self.contents.messages), self._taken_back)

    def check(self, begun: Begun) -> None:
        """Raise TakenBack where a word was forgotten or renamed since, or all erased."""
        if begun.taken_back != self._taken_back:
            raise TakenBack

    def end_training(self, begun: Begun, number: int | None = None) -> None:
        """A training came to an end, whatever it came to; with a number, its folder is there, and it is in use now.

        Raises TakenBack as `check` does; then nothing has changed.
        """
        events: list[dict[str, str | int]] = [] if number is None else [{"trained": number}]
        self._add([*events, {"tried": len(begun.messages)}], begun=begun)

    def drop_training(self, number: int) -> None:
        """Go back to the one before it."""
        self._add([{"untrained": number}])
        shutil.rmtree(self.training_folder(number), ignore_errors=True)
        self.scrub_what_no_training_knows()

    def scrub_what_no_training_knows(self) -> None:
        """Take out words that were forgotten while a training was kept which is kept no longer."""
        with self._one_by_one:
            whole = self._events.read_bytes() if self._events.exists() else b""
            events = [event for _, event in parsed(whole)]
            kept = {number for number in self.contents.trainings if self.training_folder(number).exists()}
            first = next((at for at, event in enumerate(events) if event.get("trained") in kept), len(events))
            left = [*all_scrubbed(events[:first]), *events[first:]]
            if left != events:
                write_whole(self._events, lines_of(left), owner_only=True)

    def export(self, path: Path) -> None:
        """A copy of all events, for the person: whole, or none. Raises FileExistsError where something is there."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        try:
            with self._one_by_one, os.fdopen(descriptor, "wb") as file:
                file.write(self._events.read_bytes() if self._events.exists() else b"")
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def erase(self) -> None:
        """Delete all that is kept; the profile goes on, empty.

        Raises OSError where something cannot be deleted. The messages go last, so that it can be tried again.
        """
        with self._one_by_one:
            self._taken_back += 1
            delete_all(self.folder)
            self.contents = self._empty()

    def read_state(self) -> dict[str, Any]:
        """How the keyboard's screen was left; empty where nothing is kept that can be read."""
        try:
            state = json.loads((self.folder / STATE).read_bytes())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Keep how the screen is left. Raises OSError."""
        write_whole(self.folder / STATE, json.dumps(state).encode(), owner_only=True)

    def _empty(self) -> Contents:
        return Contents(own=OwnNgram(least_times=self._least_times))

    @property
    def _events(self) -> Path:
        return self.folder / EVENTS

    def _raise_version(self) -> None:
        """Before an event that older versions do not know, so that they say so."""
        if self._version < VERSION:
            write_version(self.folder)
            self._version = VERSION

    def _read(self) -> None:
        """Take in all events; what is left of a write that was cut off is dropped from the file."""
        if not self._events.exists():
            return
        whole = self._events.read_bytes()
        end = whole.rfind(b"\n") + 1
        if any(event for _, event in parsed(whole[end:])):  # whole, but for the line's end: of a file mended by hand
            with self._events.open("ab") as file:
                file.write(b"\n")
            whole += b"\n"
            end = len(whole)
        events = list(parsed(whole[:end]))
        scrubbed_until = max((number for number, event in events if event == _SCRUBBED), default=0)
        for number, event in events:
            try:
                if event != _SCRUBBED or number == scrubbed_until:  # the last takes out what those before would
                    self.contents.apply(event)
            except ValueError as error:
                raise Damaged(self._events, f"line {number}: {error}") from None
        if end < len(whole):
            os.truncate(self._events, end)

    def _add(
        self, events: Sequence[Mapping[str, str | int]], *, takes_back: bool = False, begun: Begun | None = None
    ) -> None:
        """Have the events on disk, then take them in; they may take something back, or rest on what was `begun`."""
        if not events:
            return
        with self._one_by_one:
            if begun is not None:
                self.check(begun)
            self._append(lines_of(events))
            self._taken_back += takes_back
            for event in events:
                self.contents.apply(event)

    def _append(self, lines: bytes) -> None:
        descriptor = os.open(self._events, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _OWNER_ONLY)
        try:
            before = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, lines)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)  # a disk that is full keeps what was there
                raise
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _word(word: str) -> str:
    clean = normalise(word)
    if not is_word(clean):
        raise ValueError(f"{word!r} is not one word of letters, digits and inner apostrophes")
    return clean
