"""`nextword results`: RESULTS.md and the README's table beside it, generated from what evaluated runs measured.

Seeds that were run and evaluated alike make one table.

What is published of a run stands in one small file (`Measured`) and a table of its people, which stay when the run
folder with its weights is gone. They name no person and no folder, and hold no text.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.text import counted
from scripts.compare import WHERE
from scripts.results_document import PEOPLE, document, percent
from scripts.seeds import Measured, alike, mean_rows
from scripts.subject import is_run, run_name

if TYPE_CHECKING:
    from server.run_folder import RunFolder

MEASURED = Path(__file__).parent / "runs" / "measured"
_PATHS = ("corpus.name", "model.start")  # settings that may be one
_SUMMARY = ("rounds", "seconds", "parameters", "users_trained", "upload_bytes", "download_bytes", "weights_sha256")
_EVALUATION = (
    "protocol", "corpus", "reference", "seed", "evaluated", "settings", "commit", "methods", "clusters", "predictors",
    "device_seconds", "device_bytes",
)  # fmt: skip
_PERSON = ("person", "people", "words")
_AT_HAND = ("name", "people", "messages", "users", "top1", "gain_top1", "gain_interval")

_BEGIN, _END = "<!-- from: nextword results -->", "<!-- to here -->"
_HEADLINE = {
    "trigram": "trigram of the pooled text",
    "trigram+own": "mixed with the person's own trigram",
    "federated": "federated, text never pooled",
    "central": "the same model on the pooled text",
    "personal": "federated, then personalized on the device",
}


def command(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="run folders that 'nextword evaluate' has measured, to publish")
    ] = None,
    measured: Annotated[Path, typer.Option(help="the folder of what is published, one file a run")] = MEASURED,
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("RESULTS.md"),
    check: Annotated[bool, typer.Option("--check", help="write nothing; fail where the file is out of step")] = False,
) -> None:
    names = [folder.resolve().name for folder in runs or []]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]}: two runs of this name, and what is published goes by it; give one of them")
    published = {name: found for folder in runs or [] for name, found in of_run(folder).items()}
    if published and not check:
        measured.mkdir(parents=True, exist_ok=True)
    for name, found in published.items():
        path = measured / f"{name}.json"
        if not check:
            publish(found, path)
        elif not path.is_file() or published_in(path) != json.loads(json.dumps(found)):
            raise ValueError(f"{path} is not what was measured of {name}; publish it with 'nextword results'")
    kept = [published_in(path) for path in sorted(measured.glob("*.json"))]
    if not kept and check and not out.exists():
        return
    if not kept:
        raise ValueError(f"{measured}: nothing is published yet; name run folders that were evaluated")
    texts = {out: document(kept)}
    readme = out.with_name("README.md")
    if readme.is_file():
        texts[readme] = with_headline(readme.read_text(encoding="utf-8"), kept)
    for path, text in texts.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise ValueError(f"{path} is not what {measured} gives; run 'nextword results'")
    if not check:
        print(f"{' and '.join(map(str, texts))}: {counted(len(kept), 'run')}")


def publish(found: Measured, path: Path) -> None:
    """Keep what is published of a run, with a table of its people beside it: words, and hits by each method."""
    people = found.get("people", [])
    path.write_text(json.dumps({k: v for k, v in found.items() if k != "people"}, indent=1) + "\n", encoding="utf-8")
    if people:
        with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, [*_PERSON, *people[0]["top1_hits"]], lineterminator="\n")
            table.writeheader()
            table.writerows({key: one[key] for key in _PERSON} | one["top1_hits"] for one in people)


def published_in(path: Path) -> Measured:
    """What `publish` has kept; without people where it kept none. Raises ValueError where it is damaged."""
    table = path.with_suffix(".csv")
    try:
        found: Measured = json.loads(path.read_text(encoding="utf-8"))
        if missing := [key for key in ("seed", "corpus", "reference", "methods") if key not in found]:
            raise ValueError(f"no {missing[0]!r}")
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as file:
                found["people"] = [
                    {
                        "person": int(row.pop("person")),
                        "people": row.pop("people"),
                        "words": int(row.pop("words")),
                        "top1_hits": {name: int(hits) for name, hits in row.items()},
                    }
                    for row in csv.DictReader(file)
                ]
    except (ValueError, TypeError, KeyError) as error:
        again = f"delete {path.name} and {table.name} there, and publish the run anew"
        raise ValueError(f"{path}: damaged ({error}); {again}") from error
    return found


def of_run(folder: Path) -> dict[str, Measured]:
    """What is published of a run that was evaluated, or that others were compared with, or both.

    Raises FileNotFoundError where there is neither, ValueError for one that does not hold what is published.
    """
    from server.run_folder import RunFolder

    run, name = RunFolder(folder), folder.resolve().name
    evaluation, comparison = run.evaluation(), run.comparison()
    if evaluation is None and comparison is None:
        if not is_run(folder):
            raise FileNotFoundError(f"{folder}: no run of 'nextword simulate' is there")
        raise FileNotFoundError(f"{folder}: not evaluated yet; run 'nextword evaluate --model {folder}'")
    found = {name: _evaluated(run, evaluation)} if evaluation is not None else {}
    return found | ({f"{name}.comparison": _compared(comparison)} if comparison is not None else {})


def _compared(comparison: Measured) -> Measured:
    """What is published of a comparison: of a path, no folder."""
    runs = [
        run | {"changed": {key: Path(str(value)).name if key in _PATHS else value for key, value in changed.items()}}
        for run in comparison["runs"]
        for changed in (run["changed"],)
    ]
    people = {"people": _people(comparison["people"])} if "people" in comparison else {}  # older ones have none
    return comparison | {"corpus": Path(comparison["corpus"]).name, "runs": runs, **people}


def _people(measured: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: one[key] for key in (*_PERSON, "top1_hits")} for one in measured]


def _own(evaluation: Measured) -> Measured:
    """Without the rows of runs that stood beside it, each of which is published of its own evaluation."""
    others = {name for run in evaluation.get("beside", ()) for name in run["rows"]}
    own = {key: [row for row in evaluation[key] if row["name"] not in others] for key in ("methods", "at_hand")}
    own["people"] = [
        one | {"top1_hits": {name: hits for name, hits in one["top1_hits"].items() if name not in others}}
        for one in evaluation["people"]
    ]
    means = ("device_seconds", "device_bytes")
    kept = {key: {name: value for name, value in evaluation[key].items() if name not in others} for key in means}
    return evaluation | own | kept


def _evaluated(folder: RunFolder, evaluation: Measured) -> Measured:
    settings, summary = folder.config().to_flat(), folder.summary() or {}
    if missing := [key for key in _SUMMARY if key not in summary]:
        raise ValueError(f"{folder.path}: its summary.json has no {missing[0]!r}; has the run ended?")
    if missing := [key for key in (*_EVALUATION, "people", "at_hand") if key not in evaluation]:
        raise ValueError(
            f"{folder.path}: its evaluation.json has no {missing[0]!r}; "
            f"run 'nextword evaluate --model {folder.path}' again"
        )
    evaluation = _own(evaluation)
    run = {key: value for key, value in settings.items() if key not in ("seed", *WHERE)}
    run |= {key: Path(str(run[key])).name for key in _PATHS}  # of a path, no folder
    return {
        "name": run_name(folder.path, evaluation["seed"]),
        "run": run,
        **{key: summary[key] for key in _SUMMARY},
        "cores": summary.get("cores"),
        "private": [summary[key]["text"] for key in ("privacy", "message_privacy") if summary.get(key)],
        **{key: evaluation[key] for key in _EVALUATION},
        "message_privacy": evaluation.get("message_privacy", {}),
        **{key: evaluation[key] for key in ("trainings_counted",) if key in evaluation},
        "corpus": run["corpus.name"],
        "people": _people(evaluation["people"]),
        "at_hand": [{key: row[key] for key in _AT_HAND} for row in evaluation["at_hand"]],
    }


def with_headline(text: str, measured: Sequence[Measured]) -> str:
    """`text` with a table of the main rows, top-1 / top-3, between the two marks; as it is where they are missing.

    Of runs that are called like their corpus alone.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        return text
    headline = [one for one in measured if one.get("name") == one["corpus"]]
    runs = [(seeds[0]["corpus"], len(seeds), mean_rows(seeds)) for seeds in alike(headline)]
    heads = [f"{corpus}: {people}" for corpus, _, _ in runs for people in PEOPLE]
    lines = ["| top-1 / top-3 in % | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for name, label in _HEADLINE.items():
        cells = [
            next(
                (
                    f"{percent(row['top1'])} / {percent(row['top3'])}"
                    for row in rows
                    if (row["name"], row["people"]) == (name, people)
                ),
                "",
            )
            for _, _, rows in runs
            for people in PEOPLE
        ]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    seeds = ", ".join(f"{n} seed{'s' * (n > 1)} of {corpus}" for corpus, n, _ in runs)
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n\nMeans over {seeds}.\n{end}{after}"
