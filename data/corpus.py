"""A corpus by name or path, as one `datasets.Dataset` of messages, and its people.

What is read is prepared once: messages go to Arrow under `data_home()`, and later calls map that file into memory. The
key of a prepared corpus holds what was read (size and time of change of the files), the loader's version and the
columns, so a changed file is read again. Nothing reaches for the network except names that begin with `hf:`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.catalogue import Entry, entries, find
from data.formats import hub, loader, place, recognise
from data.formats.source import Row, Source, ignore

if TYPE_CHECKING:
    import datasets

COLUMNS = ("user", "text", "time", "group")
VERSION = 1  # of the prepared form
_BATCH_ROWS = 4096
_PATH_SUFFIXES = (".jsonl", ".gz", ".zip", ".xml", ".ndjson", ".csv", ".txt", ".json")

Report = Callable[[float], None]


@dataclass(frozen=True)
class Person:
    """One user's raw messages in order of time."""

    user: str
    group: str | None
    messages: tuple[str, ...]
    by_time: bool = False  # by the times that they carry; else as their source has them


def data_home(data_dir: Path | None = None) -> Path:
    """Where corpora are kept: `data_dir`, else $NEXTWORD_DATA, else this user's cache directory."""
    if data_dir is not None:
        return Path(data_dir).expanduser().resolve()
    if chosen := os.environ.get("NEXTWORD_DATA"):
        return Path(chosen).expanduser().resolve()
    from platformdirs import user_cache_path

    return user_cache_path("nextword")


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    user_column: str = "user",
    text_column: str = "text",
    report: Report = ignore,
) -> datasets.Dataset:
    """The corpus `name` with the columns `COLUMNS`, in the order of its source; time and group may be null.

    `name` is a name of the catalogue, a path (JSON lines, or the zip, XML or folder that a catalogue's corpus comes
    as), or `hf:NAME`. The two columns are for JSON lines and hub data sets. Blank messages are dropped. `report` is
    called with the share read, 0 to 1, while a corpus is prepared for the first time.

    Raises ValueError or OSError with one line that says what is wrong; no line holds text of the corpus.
    """
    _quiet()
    home = data_home(data_dir)
    if name.startswith(hub.PREFIX):
        source = Source(Path(name), user_column, text_column, report)
        splits = hub.download(name, home / "hub")
        key = _key(name, "hub", hub.VERSION, source)
        return _prepared(home, key, hub.identity(splits), lambda: hub.rows(splits, source), name)
    path = Path(name).expanduser()
    entry = entries().get(name)
    if entry is None:
        if not name or (not path.exists() and not _is_path(name)):
            find(name)  # raises with the nearest name
        return prepare(Source(place(path), user_column, text_column, report), home)
    if entry.generated:
        return _load_synthetic(home, report)
    source = Source(place(fetched(entry, data_dir)), user_column, text_column, report)
    return prepare(source, home, entry)


def settled(name: str) -> str:
    """`name` as it holds in any current folder: a path is made absolute, any other name stays."""
    if name in entries():
        return name
    prefix = hub.PREFIX if name.startswith(hub.PREFIX) else ""
    path = name.removeprefix(prefix)
    here = Path(path).expanduser()
    return f"{prefix}{here.absolute()}" if path and here.exists() else name


def fetched(entry: Entry, data_dir: Path | None = None) -> Path:
    """Where a corpus of the catalogue lies; FileNotFoundError that says how to fetch it where it does not."""
    folder = source_folder(entry, data_dir)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if not found:
        raise FileNotFoundError(
            f"{entry.name} is not here yet: run `nextword corpus fetch {entry.name}`, "
            f"or `nextword corpus fetch {entry.name} --from PATH` for a file at hand"
        )
    return found[0]


def is_here(entry: Entry, data_dir: Path | None = None) -> bool:
    """Whether `load` finds the corpus without a download."""
    folder = source_folder(entry, data_dir)
    return entry.generated or (folder.is_dir() and any(folder.iterdir()))


def source_folder(entry: Entry, data_dir: Path | None = None) -> Path:
    """The folder that holds a fetched corpus as it came: one file or one folder."""
    return data_home(data_dir) / "sources" / entry.name


def people(dataset: datasets.Dataset) -> list[Person]:
    """The users of a corpus, sorted by user id; the group of each is their most frequent one, the earliest on a tie.

    A user's messages are sorted by time where every one of them carries a time in ISO 8601 (equal times keep the order
    of the source); otherwise they stay in the order of the source.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = dataset.with_format("arrow")[:].select(list(COLUMNS))
    if not table.num_rows:
        return []
    table = table.cast(pa.schema([(column, pa.large_string()) for column in COLUMNS]))
    encoded = pc.dictionary_encode(table["user"].combine_chunks())
    names: list[str] = encoded.dictionary.to_pylist()
    by_name = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int64)
    rank[by_name] = np.arange(len(names))
    ranks = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    order = np.argsort(ranks, kind="stable")
    ends = np.cumsum(np.bincount(ranks, minlength=len(names))).tolist()
    texts: list[str] = table["text"].take(order).to_pylist()
    groups: list[str | None] = table["group"].take(order).to_pylist()
    timed = table["time"].null_count < table.num_rows
    times: list[str | None] = table["time"].take(order).to_pylist() if timed else []
    found, start = [], 0
    for index, end in zip(by_name, ends, strict=True):
        messages = texts[start:end]
        by_time = _by_time(times[start:end]) if timed else None
        if by_time is not None:
            messages = [messages[i] for i in by_time]
        known = Counter(group for group in groups[start:end] if group is not None)
        group = known.most_common(1)[0][0] if known else None
        found.append(Person(names[index], group, tuple(messages), by_time is not None))
        start = end
    return found


def _by_time(times: list[str | None]) -> list[int] | None:
    """The order that sorts `times`, or None where one of them is no time. A time without zone counts as UTC."""
    instants = []
    for written in times:
        if written is None:
            return None
        try:
            instant = datetime.fromisoformat(written)
        except ValueError:
            return None
        instants.append(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    return sorted(range(len(instants)), key=instants.__getitem__)


def _is_path(name: str) -> bool:
    return os.sep in name or "/" in name or name.endswith(_PATH_SUFFIXES)


def prepare(source: Source, home: Path, entry: Entry | None = None) -> datasets.Dataset:
    """The corpus in a file or folder, prepared under `home`; one of the catalogue is kept by its name, not its path."""
    _quiet()
    name = recognise(source)
    if entry is not None and name not in (entry.loader, "jsonl"):
        raise ValueError(f"{source.path} is of the format {name}, not {entry.loader} as {entry.name} should be")
    reader = loader(name)
    shown = entry.name if entry else str(source.path)
    key = _key(shown, name, reader.VERSION, source)
    return _prepared(home, key, _identity(source.path), lambda: reader.rows(source), shown)


def _load_synthetic(home: Path, report: Report) -> datasets.Dataset:
    from data import synthetic

    folder = Path(synthetic.__file__).parent
    code = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.rglob("*.py")))).hexdigest()

    def rows() -> Iterator[Row]:
        for row in synthetic.generate():
            yield row["user"], row["text"], row.get("time"), row.get("group")

    key = _key("synthetic", "synthetic", 1, Source(Path("synthetic")))
    return _prepared(home, key, code, rows, "synthetic")


def _key(name: str, loader_name: str, version: int, source: Source) -> list[Any]:
    return [name, loader_name, version, VERSION, source.user_column, source.text_column]


def _identity(path: Path) -> str:
    """Changes when a file, or any file of a folder, does: names, sizes and times of change."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    marks = [(p.relative_to(path).as_posix(), s.st_size, s.st_mtime_ns) for p in files for s in [p.stat()]]
    return json.dumps(marks)


def _prepared(
    home: Path, key: list[Any], identity: str, rows: Callable[[], Iterable[Row]], shown: str
) -> datasets.Dataset:
    """The prepared corpus of this key and identity, made if it is not there; what an older identity left is removed."""
    import datasets

    place = hashlib.sha256(json.dumps([key[0], key[1], *key[4:]]).encode()).hexdigest()[:16]
    content = hashlib.sha256(json.dumps([key, identity]).encode()).hexdigest()[:16]
    folder = home / "prepared" / f"{place}-{content}"
    if not (folder / "state.json").is_file():
        if folder.is_dir():  # damaged: a finished one appears whole
            shutil.rmtree(folder, ignore_errors=True)
        with writable(folder.parent) as scratch:
            _write(rows(), scratch / "rows.arrow", scratch / "prepared", shown)
            put(scratch / "prepared", folder)
            for old in folder.parent.glob(f"{place}-*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
    return datasets.load_from_disk(str(folder))


def _write(rows: Iterable[Row], stream: Path, folder: Path, shown: str) -> None:
    """Write rows to a saved data set, a batch in memory at a time; ValueError where there are none."""
    import datasets
    import pyarrow as pa

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    remaining, written = iter(rows), 0
    with stream.open("wb") as file, pa.ipc.new_stream(file, schema) as writer:
        while batch := list(islice(remaining, _BATCH_ROWS)):
            columns = [pa.array(values, pa.string()) for values in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            written += len(batch)
    if not written:
        raise ValueError(f"{shown} holds no messages")
    datasets.Dataset.from_file(str(stream)).save_to_disk(str(folder))


@contextmanager
def writable(folder: Path) -> Iterator[Path]:
    """A scratch folder inside `folder`, so that a rename is atomic; gone afterwards. OSError where none can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=".making-", dir=folder)
    except OSError as error:
        raise OSError(
            f"cannot write to {folder}: {error.strerror}; choose another folder with --data-dir or NEXTWORD_DATA"
        ) from None
    with scratch:
        yield Path(scratch.name)


def put(made: Path, folder: Path) -> None:
    """Rename a finished folder to its place; where another process was faster, its result stays."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _quiet() -> None:
    """No bars and no chatter from `datasets`: progress is the caller's to show."""
    import datasets

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    datasets.disable_progress_bars()
    datasets.utils.logging.set_verbosity_error()
