"""`nextword corpus list|fetch|stats`: what data there is, getting it, what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.text import counted
from scripts.console import print_json, progress
from scripts.group import Group

if TYPE_CHECKING:
    from data.corpus import Person

app = typer.Typer(
    name="corpus",
    cls=Group,
    help="What data there is (list), getting it (fetch), what is in it (stats).",
    no_args_is_help=True,
)

DataDir = Annotated[
    Path | None, typer.Option(help="Where corpora are kept; else $NEXTWORD_DATA, else the user's cache directory.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
_BAR_CHARACTERS = 40
_BINS = (1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1000, 2000)
_GROUPS_SHOWN = 8


@app.command("list")
def list_corpora(data_dir: DataDir = None, as_json: Json = False) -> None:
    """The corpora of the catalogue, and whether each is here."""
    from dataclasses import asdict

    from data.catalogue import entries
    from data.corpus import data_home, is_here

    rows = [asdict(entry) | {"here": is_here(entry, data_dir)} for entry in entries().values()]
    if as_json:
        print_json({"data_dir": str(data_home(data_dir)), "corpora": rows})
        return
    for row in rows:
        state = "generated" if row["url"] is None else "here" if row["here"] else "not fetched"
        typer.echo(
            f"{row['name']}  ({state})\n  {row['what']}\n  {row['people']}; {row['licence']}\n  {row['citation']}"
        )
    typer.echo(f"Kept in {data_home(data_dir)}")


@app.command("fetch")
def fetch_corpus(
    name: Annotated[str, typer.Argument(help="A name of `nextword corpus list`.")],
    from_path: Annotated[Path | None, typer.Option("--from", help="A file or folder at hand, not a download.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Get a corpus: download (resumed if it broke off) or copy, check the checksum, prepare."""
    from data.catalogue import find
    from data.fetch import fetch

    entry = find(name)
    with _progress() as bar:
        fetching, preparing = bar("fetching"), bar("preparing")
        came = fetch(
            entry,
            data_dir=data_dir,
            from_path=from_path,
            report=fetching,
            prepare_report=lambda share: preparing(share, 1.0),
        )
    if as_json:
        print_json(
            {
                "corpus": name,
                "path": str(came.path),
                "sha256": came.sha256,
                "check": came.check,
                "messages": came.messages,
            }
        )
        return
    checks = {
        "matches": "the checksum matches the catalogue's",
        "differs": f"the checksum {came.sha256} is not the catalogue's {entry.sha256}: another release or a part of it",
        "unknown": f"the catalogue has no checksum for it (SHA-256 {came.sha256 or 'of a folder: none'})",
    }
    typer.echo(f"{name}: {counted(came.messages, 'message')} in {came.path}; {checks[came.check]}")
    typer.echo(f"Cite: {entry.citation} ({entry.licence})")


@app.command("stats")
def stats_of_corpus(
    corpus: Annotated[str, typer.Argument(help="A name, hf:NAME, or the path of a file or folder.")],
    data_dir: DataDir = None,
    user_column: Annotated[str, typer.Option(help="The column that names the user.")] = "user",
    text_column: Annotated[str, typer.Option(help="The column that holds the text.")] = "text",
    as_json: Json = False,
) -> None:
    """Users, messages, words, messages per user, groups. Shows no text."""
    from data.corpus import load, people

    with _progress() as bar:
        reading = bar("reading")
        dataset = load(
            corpus,
            data_dir=data_dir,
            user_column=user_column,
            text_column=text_column,
            report=lambda share: reading(share, 1.0),
        )
        reading(1.0, 1.0)
        found = {"corpus": corpus} | statistics(people(dataset), bar("counting words"))
    if as_json:
        print_json(found)
    else:
        _show(found)


def statistics(everyone: list[Person], report: Callable[[float, float | None], None]) -> dict[str, Any]:
    """The figures of a corpus; the users measured are those that the measuring rule evaluates."""
    from collections import Counter
    from statistics import median

    from data.splits import MIN_MESSAGES, apart, distinct
    from nextword.text import normalise, words

    once = {person.user for person in apart(everyone)}
    num_words = duplicates = evaluated = 0
    users_of: Counter[str | None] = Counter()
    messages_of: Counter[str | None] = Counter()
    for number, person in enumerate(everyone):
        num_words += sum(len(words(normalise(message))) for message in person.messages)
        kept = len(distinct(person.messages))
        duplicates += len(person.messages) - kept
        evaluated += kept >= MIN_MESSAGES and person.user in once
        users_of[person.group] += 1
        messages_of[person.group] += len(person.messages)
        if number % 64 == 0:
            report(number, len(everyone))
    counts = sorted(len(person.messages) for person in everyone)
    edges = [edge for edge in _BINS if edge <= counts[-1]]
    histogram = [
        {"from": low, "to": high, "users": sum(low <= count <= high for count in counts)}
        for low, high in zip(edges, [*(edge - 1 for edge in edges[1:]), counts[-1]], strict=True)
    ]
    return {
        "users": len(counts),
        "messages": sum(counts),
        "words": num_words,
        "duplicates": duplicates,
        "users_by_time": sum(person.by_time for person in everyone),
        "ids_left_out": len(everyone) - len(once),  # whose messages are another's
        "evaluated_users": evaluated,
        "evaluated_share": evaluated / len(counts),
        "messages_per_user": {
            "median": median(counts),
            "mean": sum(counts) / len(counts),
            "max": counts[-1],
            "histogram": histogram,
        },
        "groups": [
            {"group": group, "users": users, "messages": messages_of[group]} for group, users in users_of.most_common()
        ],
    }


def _show(found: dict[str, Any]) -> None:
    per_user = found["messages_per_user"]
    counts = ", ".join(counted(found[f"{thing}s"], thing) for thing in ("user", "message", "word"))
    typer.echo(f"{found['corpus']}: {counts}")
    measured, dropped = counted(found["evaluated_users"], "user"), counted(found["duplicates"], "exact duplicate")
    typer.echo(f"Measured: {measured} ({found['evaluated_share']:.0%}), with 30 or more messages without {dropped}")
    if found["ids_left_out"]:
        typer.echo(f"Left out: {counted(found['ids_left_out'], 'user id')} whose messages are another's")
    by_time, unsorted = found["users_by_time"], found["users"] - found["users_by_time"]
    why = f"; in the source's order: {unsorted:,}, without an ISO 8601 time on every message" if unsorted else ""
    typer.echo(f"In order of time: {counted(by_time, 'user')}{why}")
    typer.echo(
        f"Messages per user: median {per_user['median']:,g}, mean {per_user['mean']:.1f}, most {per_user['max']:,}"
    )
    most = max(row["users"] for row in per_user["histogram"])
    for row in per_user["histogram"]:
        label = f"{row['from']:,}" if row["from"] == row["to"] else f"{row['from']:,} to {row['to']:,}"
        bar = "█" * round(_BAR_CHARACTERS * row["users"] / most) or ("▏" if row["users"] else "")
        typer.echo(f"  {label:>14}  {bar} {row['users']:,}")
    groups = found["groups"]
    typer.echo(f"Groups: {len(groups):,}")
    for row in groups[:_GROUPS_SHOWN]:
        typer.echo(
            f"  {row['group'] or '(none)'}: {counted(row['users'], 'user')}, {counted(row['messages'], 'message')}"
        )
    if len(groups) > _GROUPS_SHOWN:
        typer.echo(f"  and {len(groups) - _GROUPS_SHOWN:,} more")


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[float, float | None], None]]]:
    """Bars on stderr: yields what makes one, which is called with (done, in all)."""
    with progress(percent=True) as bars:

        def bar(what: str) -> Callable[[float, float | None], None]:
            task = bars.add_task(what, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield bar
