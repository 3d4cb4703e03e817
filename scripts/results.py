"""`nextword results`: RESULTS.md and the README's table beside it, generated from what evaluated runs measured.

Seeds that were run and evaluated alike make one table.

What is published of a run stands in one small file (`Measured`), which stays when the run folder with its weights is
gone. It names no person and no folder, and holds no text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.compare import WHERE
from scripts.evaluation_rows import RULE

if TYPE_CHECKING:
    from server.run_folder import RunFolder

MEASURED = Path(__file__).parent / "runs" / "measured"
_PEOPLE = ("participants", "newcomers")
_KEYS = (
    "top1", "top3", "bits_per_character", "keystroke_savings", "gain_top1", "better_share", "worse_share",
    "worse_beyond_noise_share", "worst_gain",
)  # fmt: skip
_BEFORE = {"clusters.pooling": 0.0}  # settings that were not there yet, where that was not as by default now
_PATHS = ("corpus.name", "model.start")  # settings that may be one
_SUMMARY = ("rounds", "seconds", "parameters", "users_trained", "upload_bytes", "download_bytes", "weights_sha256")
_EVALUATION = ("protocol", "corpus", "reference", "seed", "evaluated", "settings", "commit", "methods", "clusters")
_AT_HAND = ("name", "people", "messages", "users", "top1", "gain_top1", "gain_interval")

_BEGIN, _END = "<!-- from: nextword results -->", "<!-- to here -->"
_HEADLINE = {
    "trigram": "trigram of the pooled text",
    "trigram+own": "mixed with the person's own trigram",
    "federated": "federated, text never pooled",
    "central": "the same model on the pooled text",
    "personal": "federated, then personalized on the device",
}

Measured = dict[str, Any]


def command(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="run folders that 'nextword evaluate' has measured, to publish")
    ] = None,
    measured: Annotated[Path, typer.Option(help="the folder of what is published, one file a run")] = MEASURED,
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("RESULTS.md"),
    check: Annotated[bool, typer.Option("--check", help="write nothing; fail where the file is out of step")] = False,
) -> None:
    published = {name: found for folder in runs or [] for name, found in of_run(folder).items()}
    if published and not check:
        measured.mkdir(parents=True, exist_ok=True)
        for name, found in published.items():
            (measured / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(measured.glob("*.json"))]
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
        print(f"{' and '.join(map(str, texts))}: {len(kept)} runs")


def of_run(folder: Path) -> dict[str, Measured]:
    """What is published of a run that was evaluated, or that others were compared with, or both.

    Raises FileNotFoundError where there is neither.
    """
    from server.run_folder import RunFolder

    run, name = RunFolder(folder), folder.resolve().name
    evaluation, comparison = run.evaluation(), run.comparison()
    if evaluation is None and comparison is None:
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
    return comparison | {"corpus": Path(comparison["corpus"]).name, "runs": runs}


def _evaluated(folder: RunFolder, evaluation: Measured) -> Measured:
    settings, summary = folder.config().to_flat(), folder.summary() or {}
    run = {key: value for key, value in settings.items() if key not in ("seed", *WHERE)}
    run |= {key: Path(str(run[key])).name for key in _PATHS}  # of a path, no folder
    return {
        "name": folder.path.resolve().name.removesuffix(f"-{evaluation['seed']}"),
        "run": run,
        **{key: summary[key] for key in _SUMMARY},
        "cores": summary.get("cores"),
        "private": [summary[key]["text"] for key in ("privacy", "message_privacy") if summary.get(key)],
        **{key: evaluation[key] for key in _EVALUATION},
        "corpus": run["corpus.name"],
        "at_hand": [{key: row[key] for key in _AT_HAND} for row in evaluation["at_hand"]],
    }


def document(measured: Sequence[Measured]) -> str:
    """The whole of RESULTS.md."""
    rule = RULE.format(reference="the federated model")
    parts = [
        "# Results",
        "",
        "Generated by `nextword results` from `scripts/runs/measured/`; `make results` runs what is missing there.",
        "",
        f"{rule[0].upper()}{rule[1:]}.",
        "",
        "Participants took part in the federation, newcomers did not; the trigram counts participants' history. Beyond "
        "noise: share of people worse by more than chance gives (McNemar's test, 5 %); worst: the largest loss of "
        "anybody. Over seeds: means of figures and of the ends of intervals, the worst of all.",
        "",
    ]
    for seeds in _alike([one for one in measured if "runs" not in one]):
        parts += _section(seeds)
    compared = [one for one in measured if "runs" in one]
    for reference in dict.fromkeys(one["reference"] for one in compared):
        parts += _comparison([one for one in compared if one["reference"] == reference])
    return "\n".join(parts)


def with_headline(text: str, measured: Sequence[Measured]) -> str:
    """`text` with a table of the main rows, top-1 / top-3, between the two marks; as it is where they are missing.

    Of runs that are called like their corpus alone.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        return text
    headline = [one for one in measured if one.get("name") == one["corpus"]]
    runs = [(seeds[0]["corpus"], len(seeds), mean_rows(seeds)) for seeds in _alike(headline)]
    heads = [f"{corpus}: {people}" for corpus, _, _ in runs for people in _PEOPLE]
    lines = ["| top-1 / top-3 in % | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for name, label in _HEADLINE.items():
        cells = [
            next(
                (
                    f"{_percent(row['top1'])} / {_percent(row['top3'])}"
                    for row in rows
                    if (row["name"], row["people"]) == (name, people)
                ),
                "",
            )
            for _, _, rows in runs
            for people in _PEOPLE
        ]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    seeds = ", ".join(f"{n} seed{'s' * (n > 1)} of {corpus}" for corpus, n, _ in runs)
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n\nMeans over {seeds}.\n{end}{after}"


def _alike(measured: Sequence[Measured]) -> list[list[Measured]]:
    """The seeds of each run that was run and measured alike, in order. What could not be set yet was as `_BEFORE`."""
    from nextword.federation.config import RunConfig

    default = {key: value for key, value in RunConfig().to_flat().items() if key not in ("seed", *WHERE)} | _BEFORE
    alike: dict[str, list[Measured]] = {}
    for one in sorted(measured, key=lambda one: int(one["seed"])):
        how = [one["name"], default | one["run"], one["settings"]]
        alike.setdefault(json.dumps(how, sort_keys=True), []).append(one)
    return [alike[key] for key in sorted(alike)]


def mean_rows(answers: Sequence[Measured]) -> list[dict[str, Any]]:
    """Each row's mean over the seeds; an interval is the mean of its ends; the worst is the worst of any seed."""
    rows = []
    for first in answers[0]["methods"]:
        same = [
            row
            for answer in answers
            for row in answer["methods"]
            if (row["name"], row["people"]) == (first["name"], first["people"])
        ]
        mean: dict[str, Any] = {
            "name": first["name"],
            "people": first["people"],
            "users": fmean(r["users"] for r in same),
        }
        for key in _KEYS:
            values = [row[key] for row in same if row.get(key) is not None]
            over = min if key == "worst_gain" else fmean
            mean[key] = over(values) if values else None
        for key in ("top1_interval", "gain_interval"):
            pairs = [row[key] for row in same if row.get(key) is not None]
            mean[key] = [fmean(pair[end] for pair in pairs) for end in (0, 1)] if pairs else None
        rows.append(mean)
    return rows


def _section(seeds: Sequence[Measured]) -> list[str]:
    first, seconds = seeds[0], fmean(one["seconds"] for one in seeds)
    lines = [
        f"## {first['name']}",
        "",
        f"{len(seeds)} seed{'s' * (len(seeds) > 1)} ({', '.join(str(one['seed']) for one in seeds)}); "
        f"{first['rounds']} rounds of {first['run']['federation.users-per-round']} users, "
        f"{seconds / 60:.1f} minutes of federation a seed{_on_cores(seeds)}; "
        f"at {', '.join(sorted({str(one['commit']) for one in seeds}))}. "
        f"{_readable(first['settings'])}.",
        "",
    ]
    for text in dict.fromkeys(text for one in seeds for text in one.get("private", [])):
        lines += [f"Privacy: {text}.", ""]
    rows = mean_rows(seeds)
    for people in _PEOPLE:
        chosen = [row for row in rows if row["people"] == people]
        if chosen:
            lines += [
                f"**{people}** ({chosen[0]['users']:.0f} of {first['evaluated'][people]} a seed)",
                "",
                *_table(chosen, first["reference"]),
                "",
            ]
    lines += _few_messages(seeds)
    if clusters := [one["clusters"] for one in seeds if one["clusters"]]:
        agreement = [found["adjusted_rand_index"] for found in clusters if found["adjusted_rand_index"] is not None]
        sizes = "; ".join(", ".join(map(str, found["sizes"])) for found in clusters)
        agrees = f"; adjusted Rand index with the corpus's groups {fmean(agreement):.2f}" if agreement else ""
        lines += [f"People measured in each cluster: {sizes}{agrees}.", ""]
    return lines


def _comparison(seeds: Sequence[Measured]) -> list[str]:
    """Runs beside one of the same people; each over the seeds in which it was compared with the same settings."""
    reference = seeds[0]["reference"]
    heads = []
    for people in _PEOPLE:
        same = (row for one in seeds for row in one["methods"] if (row["name"], row["people"]) == (reference, people))
        measured, all_of_them = [row["users"] for row in same], fmean(one["evaluated"][people] for one in seeds)
        heads.append(f"{people} ({fmean(measured) if measured else 0:.0f} of {all_of_them:.0f} a seed)")
    lines = [
        f"## Beside {reference}",
        "",
        "Shared models, nothing personal: what other settings cost, by `nextword compare`, in points of top-1 over "
        f"{reference} of the same seed, paired by person; kB of an update up, and of what it begins from down. At "
        f"{', '.join(sorted({str(one['commit']) for one in seeds}))}.",
        "",
        "| run | settings | seeds | kB up | times smaller | kB down | " + " | ".join(heads) + " |",
        "|---|---|--:|--:|--:|--:|" + "--:|" * len(_PEOPLE),
    ]
    whole = fmean(run["upload_bytes"] for one in seeds for run in one["runs"] if run["name"] == reference)
    private: list[str] = []
    alike: dict[tuple[str, str], list[tuple[Measured, Measured]]] = {}
    for one in seeds:
        for run in one["runs"]:
            alike.setdefault((run["name"], json.dumps(run["changed"], sort_keys=True)), []).append((one, run))
    for (name, _), compared in alike.items():
        runs = [run for _, run in compared]
        rows = [row for one, _ in compared for row in one["methods"] if row["name"] == name]
        up, down = (fmean(run[key] for run in runs) for key in ("upload_bytes", "download_bytes"))
        changed = ", ".join(f"{key} {value}" for key, value in runs[0]["changed"].items())
        smaller = f"{whole / up:.1f}" if up else ""
        cells = [name, changed, f"{len(runs)}", f"{up / 1000:,.0f}", smaller, f"{down / 1000:,.0f}"]
        for people in _PEOPLE:
            here = [row for row in rows if row["people"] == people]
            if not here:
                cells.append("")
            elif name == reference:
                cells.append(_percent(fmean(row["top1"] for row in here)))
            else:
                interval = [fmean(row["gain_interval"][end] for row in here) for end in (0, 1)]
                gain = fmean(row["gain_top1"] for row in here)
                cells.append(f"{100 * gain:+.2f} ({_interval(interval, '{:+.2f}')})")
        lines.append("| " + " | ".join(cells) + " |")
        private += dict.fromkeys(f"- {name}: {_private(found)}" for run in runs for found in run["privacy"])
    return [*lines, "", *private, *([""] if private else [])]


def _private(found: Mapping[str, Any]) -> str:
    """What it spent, and what the same noise would come to among more people, which no run has shown."""
    projected = [
        f"epsilon {math.inf if one['epsilon'] is None else one['epsilon']:.2g} at delta {one['delta']:.2g} "
        f"with {one['projected_population']:,} users, {one['cohort']:,} of them a round"
        for one in found.get("projections_not_measured", ())
    ]
    return f"{found['text']}{'; projected, not measured: ' if projected else ''}{'; '.join(projected)}"


def _few_messages(seeds: Sequence[Measured]) -> list[str]:
    """What is gained with so many messages at hand, if that was measured."""
    rows = [row for one in seeds for row in one["at_hand"] if row["people"] == "newcomers"]
    if not rows:
        return []
    names = list(dict.fromkeys(row["name"] for row in rows))
    lines = [
        "Newcomers with only so many messages at hand, top-1 (gain):",
        "",
        "| messages | people | " + " | ".join(names) + " |",
        "|--:|--:|" + "--:|" * len(names),
    ]
    for messages in sorted({row["messages"] for row in rows}):
        here = {name: [r for r in rows if (r["name"], r["messages"]) == (name, messages)] for name in names}
        cells = [
            f"{_percent(fmean(r['top1'] for r in same))} ({100 * fmean(r['gain_top1'] for r in same):+.2f})"
            for same in here.values()
        ]
        users = fmean(r["users"] for same in here.values() for r in same)
        lines.append(f"| {messages} | {users:.0f} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _on_cores(seeds: Sequence[Measured]) -> str:
    cores = sorted({one["cores"] for one in seeds if one.get("cores")})
    return f" on a machine with {' or '.join(map(str, cores))} cores" if cores else ""


def _readable(settings: Mapping[str, float | None]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in settings.items() if value is not None)


def _table(rows: Sequence[Mapping[str, Any]], reference: str) -> list[str]:
    lines = [
        "| % | top-1 | 95 % | top-3 | bits/char | keys saved | gain | 95 % | better | worse | beyond noise | worst |",
        "|---|" + "--:|" * 11,
    ]
    for row in rows:
        cells = [row["name"], _percent(row["top1"]), _interval(row["top1_interval"], "{:.1f}"), _percent(row["top3"])]
        cells += ["" if row["bits_per_character"] is None else f"{row['bits_per_character']:.3f}"]
        cells += [_percent(row["keystroke_savings"])]
        if row["name"] == reference:
            cells += [""] * 6
        else:
            cells += [f"{100 * row['gain_top1']:+.2f}", _interval(row["gain_interval"], "{:+.2f}")]
            cells += [_percent(row[key], 0) for key in ("better_share", "worse_share", "worse_beyond_noise_share")]
            cells += [f"{100 * row['worst_gain']:+.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f}"


def _interval(pair: Sequence[float] | None, form: str) -> str:
    return "" if pair is None else " to ".join(form.format(100 * end) for end in pair)
