"""`nextword report`: one page of one or several runs, with figures and all that a reader needs to judge them."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

_PEOPLE = ("participants", "newcomers", "all")


def command(
    runs: Annotated[list[Path], typer.Argument(help="run folders of 'nextword simulate'", metavar="RUN…")],
    out: Annotated[Path | None, typer.Option(help="the page; else report.html in the first run's folder")] = None,
    figures: Annotated[Path | None, typer.Option(help="a folder to put the figures in too, as SVG and PNG")] = None,
) -> None:
    from scripts import figures as drawn

    told = [_told(folder) for folder in runs]
    names = [one["name"] for one in told]
    if len(set(names)) < len(names):
        raise ValueError(f"two runs are called {next(name for name in names if names.count(name) > 1)}")
    out = out or runs[0] / "report.html"
    page = page_of(told)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    print(f"{out}: {counted(len(told), 'run')}")
    if figures is not None:
        drawn.save(
            {f"{one['name']}-{name}": figure for one in told for name, figure in one["figures"].items()}, figures
        )
        print(f"{figures}: {counted(sum(len(one['figures']) for one in told), 'figure')}")


def page_of(told: list[dict[str, Any]]) -> str:
    """The whole page; it refers to nothing outside itself."""
    import jinja2

    from scripts import figures as drawn
    from scripts.evaluation_rows import (
        RULE,
        beside_in,
        told_clusters,
        told_grouping,
        told_over_the_stack,
        told_people,
        told_predictors,
        told_privacy,
        told_shared,
    )

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    filters: dict[str, Callable[..., str | list[str]]] = {
        "percent": lambda value, digits=1: "" if value is None else f"{100 * value:.{digits}f}",
        "points": lambda value: f"{100 * value:+.2f}",
        "bytes": _bytes,
        "svg": drawn.svg,
        "goes_with": told_predictors,
        "told_clusters": told_clusters,
        "told_grouping": told_grouping,
        "beside_in": beside_in,
        "told_over_the_stack": told_over_the_stack,
        "told_people": told_people,
        "told_privacy": told_privacy,
        "told_shared": told_shared,
    }
    environment.filters.update(filters)
    template = environment.from_string(files("scripts").joinpath("report.html").read_text(encoding="utf-8"))
    return template.render(runs=told, kinds=_PEOPLE, rule=RULE.format(reference="the shared model")) + "\n"


def _told(folder: Path) -> dict[str, Any]:
    """What the page says of a run. Raises FileNotFoundError where there is none."""
    from nextword.federation.published import CONFIG
    from scripts import figures as drawn
    from server.run_folder import RunFolder

    run = RunFolder(folder)
    if not (folder / CONFIG).is_file():
        raise FileNotFoundError(f"{folder}: no run is there; make one with 'nextword simulate --out {folder}'")
    events, evaluation, comparison = run.events(), run.evaluation(), run.comparison()
    found: dict[str, Figure] = dict(drawn.of_evaluation(evaluation)) if evaluation else {}
    found |= drawn.of_comparison(comparison) if comparison else {}
    if (training := drawn.rounds(events)) is not None:
        found["rounds"] = training
    if (choices := drawn.stayed(events)) is not None:
        found["stayed"] = choices
    return {
        "name": folder.resolve().name,
        "evaluate": shlex.join(["nextword", "evaluate", "--model", str(folder)]),
        "settings": {key: value for key, value in run.config().to_flat().items() if value != ""},
        "summary": run.summary(),
        "rejected": sum(event.get("rejected", 0) for event in events if event["event"] == "round"),
        "evaluation": evaluation,
        "comparison": comparison,
        "figures": found,
    }


def _bytes(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if float(told := f"{number:.3g}") < 1000 or unit == "GB":
            return f"{told} {unit}"
        number /= 1000
    raise AssertionError
