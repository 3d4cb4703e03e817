"""Any data set of the Hugging Face hub (or a local folder of one): `hf:NAME`, or `hf:NAME@CONFIGURATION`.

This is the one loader that reaches for the network; with HF_HUB_OFFLINE=1 it reads what was downloaded before.
All splits are read, in their order. Its rows are in order of time unless every message of a user carries a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.formats.source import NoColumn, Row, Source, checked, one_line

if TYPE_CHECKING:
    import datasets

VERSION = 1
PREFIX = "hf:"
_BATCH_ROWS = 1000


def download(name: str, cache: Path) -> list[datasets.Dataset]:
    """The splits of the data set `name`, downloaded into `cache` unless they are there; ValueError where it fails."""
    import datasets

    where, configuration = name.removeprefix(PREFIX), None
    if not Path(where).exists() and "@" in where:
        where, _, configuration = where.rpartition("@")
    if not where:
        raise ValueError("hf: wants the name of a data set, such as hf:NAME")
    if where.startswith(("/", ".", "~")):
        where = str(Path(where).expanduser())
        if not Path(where).exists():
            raise FileNotFoundError(f"{where} does not exist")
    try:
        loaded = datasets.load_dataset(where, configuration, cache_dir=str(cache))
    except Exception as error:  # the library raises dozens of kinds, many of its dependencies
        raise ValueError(f"cannot load {name}: {one_line(error)}") from error
    return list(loaded.values())


def identity(splits: list[datasets.Dataset]) -> str:
    """What changes when the data set's content does."""
    return "+".join(split._fingerprint for split in splits)


def rows(splits: list[datasets.Dataset], source: Source) -> Iterator[Row]:
    """The messages of all splits."""
    total, done = max(1, sum(len(split) for split in splits)), 0
    for split in splits:
        for column, option in ((source.user_column, "--user-column"), (source.text_column, "--text-column")):
            if column not in split.column_names:
                raise NoColumn(str(source.path), split.column_names, column, option)
        optional = [column for column in ("time", "group") if column in split.column_names]
        wanted = split.select_columns(list(dict.fromkeys([source.user_column, source.text_column, *optional])))
        for batch in wanted.iter(batch_size=_BATCH_ROWS):
            users, texts = batch[source.user_column], batch[source.text_column]
            nothing = [None] * len(texts)
            columns = zip(users, texts, batch.get("time", nothing), batch.get("group", nothing), strict=True)
            for user, text, time, group in columns:
                done += 1
                row = checked(user, text, time, group, source, f"row {done}")
                if row is not None:
                    yield row
            source.report(done / total)
