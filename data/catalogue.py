"""The corpora that have a name: what they are, whose, under which licence, and where they come from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class Entry:
    """One corpus of the catalogue. `url` is None for what is generated, `sha256` where no lasting checksum exists."""

    name: str
    what: str
    people: str
    licence: str
    citation: str
    loader: str
    url: str | None = None
    sha256: str | None = None

    @property
    def generated(self) -> bool:
        """Whether the corpus is made on this machine, so that there is nothing to fetch."""
        return self.url is None

    @property
    def file_name(self) -> str:
        """The name its download is stored under."""
        return f"{self.name}-{Path(urlsplit(self.url or '').path).name}"


@cache
def entries() -> Mapping[str, Entry]:
    """Every corpus of the catalogue by name, in the catalogue's order."""
    tables = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return MappingProxyType({name: Entry(name=name, **table) for name, table in tables.items()})


def find(name: str) -> Entry:
    """The corpus called `name`; raises ValueError with the nearest right name."""
    found = entries().get(name)
    if found is None:
        near = get_close_matches(name, entries(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(entries())}"
        raise ValueError(f"no corpus is called {name!r}; {hint}")
    return found
