"""The figures of a run: who gains, from how many messages on, which groups choose which cluster, how training went,
and what small or private updates cost.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

PERSONAL = "personal"  # the method whose gains are drawn person by person
_SIZE = (6.4, 3.4)
_COLOURS = {"participants": "#2563a8", "newcomers": "#d0661c", "all": "#2563a8"}
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "svg.fonttype": "none",
    "svg.hashsalt": "nextword",  # the same run, the same file
}
Evaluation = Mapping[str, Any]
Comparison = Mapping[str, Any]


def of_evaluation(evaluation: Evaluation) -> dict[str, Figure]:
    """By name, those figures for which something was measured."""
    makers: dict[str, Callable[[Evaluation], Figure | None]] = {
        "gain-by-person": gain_by_person,
        "gain-by-history": gain_by_history,
        "gain-at-hand": gain_at_hand,
        "gain-by-group": gain_by_group,
        "clusters": clusters,
    }
    made = ((name, make(evaluation)) for name, make in makers.items())
    return {name: figure for name, figure in made if figure is not None}


def of_comparison(comparison: Comparison) -> dict[str, Figure]:
    """By name, those figures for which something was compared."""
    made = {"price-of-bytes": price_of_bytes(comparison), "price-of-privacy": price_of_privacy(comparison)}
    return {name: figure for name, figure in made.items() if figure is not None}


def gain_by_person(evaluation: Evaluation) -> Figure | None:
    """Everybody's gain in top-1, sorted, participants and newcomers apart."""
    gains = {people: sorted(gain for _, gain in found) for people, found in _gains(evaluation).items()}
    if not gains:
        return None
    figure, axes = _figure(f"each person, the least gain first: {PERSONAL}", "share of people, %")
    for people, sorted_gains in gains.items():
        share = 100 * (np.arange(len(sorted_gains)) + 0.5) / len(sorted_gains)
        axes.plot(share, sorted_gains, drawstyle="steps-mid", label=people, color=_COLOURS[people])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(frameon=False)
    return figure


def gain_by_history(evaluation: Evaluation) -> Figure | None:
    """Everybody's gain in top-1 against how many messages they have."""
    gains = _gains(evaluation)
    if not gains:
        return None
    figure, axes = _figure(f"each person: {PERSONAL}", "messages in the history")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    for people, found in gains.items():
        axes.scatter(*zip(*found, strict=True), s=12, alpha=0.7, label=people, color=_COLOURS[people])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(frameon=False)
    return figure


def gain_at_hand(evaluation: Evaluation) -> Figure | None:
    """Each method's mean gain against the number of messages at hand, at the right with all, with its interval."""
    rows = [row for row in evaluation.get("at_hand", ()) if row["people"] == "newcomers"]
    if not rows:
        return None
    counts = sorted({row["messages"] for row in rows})
    ticks, names = [*counts, 2 * counts[-1]], {row["name"] for row in rows}
    whole = (row for row in evaluation["methods"] if row["people"] == "newcomers" and row["name"] in names)
    rows += [{**row, "messages": ticks[-1]} for row in whole]
    figure, axes = _figure("with so many messages at hand, newcomers who have as many", "messages at hand")
    axes.set_xscale("log")
    for name in dict.fromkeys(row["name"] for row in rows):
        chosen = sorted((row for row in rows if row["name"] == name), key=lambda row: row["messages"])
        messages = [row["messages"] for row in chosen]
        (line,) = axes.plot(messages, [100 * row["gain_top1"] for row in chosen], marker="o", label=name)
        low, high = zip(*(row["gain_interval"] for row in chosen), strict=True)
        axes.fill_between(messages, 100 * np.array(low), 100 * np.array(high), alpha=0.15, color=line.get_color())
    axes.set_xticks(ticks, [*map(str, counts), "all"])
    axes.minorticks_off()
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(frameon=False)
    return figure


def gain_by_group(evaluation: Evaluation) -> Figure | None:
    """The mean gain in each of the largest groups that the corpus knows, with its interval."""
    rows = list(evaluation.get("groups", ()))[:12][::-1]
    if len(rows) < 2:
        return None
    figure, axes = _figure(f"by group: {rows[0]['name']}", "gain in top-1, points", left="")
    _draw_intervals(axes, rows, color=_COLOURS["all"])
    axes.set_yticks(range(len(rows)), [f"{row['group']} ({row['users']})" for row in rows])
    return figure


def clusters(evaluation: Evaluation) -> Figure | None:
    """How many people of each group chose each cluster."""
    people = [person for person in evaluation.get("people", ()) if person["cluster"] is not None]
    if not people:
        return None
    groups = [group for group, _ in Counter(person["group"] for person in people).most_common(15)]
    numbers = range(1 + max(person["cluster"] for person in people))
    found = Counter((person["group"], person["cluster"]) for person in people)
    count_GC = np.array([[found[group, number] for number in numbers] for group in groups])
    figure, axes = _figure("people by group and cluster", "cluster", left="")
    axes.grid(visible=False)
    axes.imshow(count_GC / count_GC.sum(1, keepdims=True), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(list(numbers))
    axes.set_yticks(range(len(groups)), ["of no group" if group is None else str(group) for group in groups])
    for row, column in np.ndindex(count_GC.shape):
        dark = count_GC[row, column] > count_GC[row].sum() / 2
        axes.text(column, row, str(count_GC[row, column]), ha="center", va="center", color="white" if dark else "black")
    return figure


def rounds(events: Sequence[Mapping[str, Any]]) -> Figure | None:
    """What pieces cost in training, and of validation messages where they were measured, round by round."""
    told = {
        "messages trained on": [(e["round"], e.get("train_bits_per_piece")) for e in events if e["event"] == "round"],
        "validation messages": [(e["round"], e.get("validation_bits_per_piece")) for e in events],
    }
    known = {name: [(at, bits) for at, bits in found if bits is not None] for name, found in told.items()}
    if not any(known.values()):
        return None
    figure, axes = _figure("federated training", "round", left="bits a piece, on the devices")
    for (name, found), colour in zip(known.items(), _COLOURS.values(), strict=False):
        if found:
            axes.plot(*zip(*found, strict=True), label=name, color=colour, marker="o" if len(found) == 1 else None)
    axes.legend(frameon=False)
    return figure


def stayed(events: Sequence[Mapping[str, Any]]) -> Figure | None:
    """How many of those who trained chose the cluster of the group that they were put in, over the rounds."""
    chose = [event for event in events if event["event"] == "round" and event.get("stayed_share") is not None]
    if not chose:
        return None
    figure, axes = _figure("who chose the cluster of their group", "round", left="of those who trained, %")
    blocks = np.array_split(np.arange(len(chose)), min(20, len(chose)))
    for_block = [[np.mean([chose[i][key] for i in block]) for block in blocks] for key in ("round", "stayed_share")]
    axes.plot(for_block[0], 100 * np.array(for_block[1]), marker="o", color=_COLOURS["all"])
    axes.set_ylim(0, 105)
    return figure


def price_of_bytes(comparison: Comparison) -> Figure | None:
    """What runs that differ in their updates alone lose in top-1, the smallest update below."""
    runs = [run for run in comparison["runs"] if run["changed"] and all(map(_of_update, run["changed"]))]
    ordered = sorted(runs, key=lambda run: run["upload_bytes"])
    labels = [f"{run['name']}: {run['upload_bytes'] / 1000:,.0f} kB" for run in ordered]
    return _prices(comparison, [run["name"] for run in ordered], labels, "smaller updates")


def price_of_privacy(comparison: Comparison) -> Figure | None:
    """What runs with noise lose in top-1, the smallest epsilon below."""
    runs = [(run["name"], spent) for run in comparison["runs"] for spent in run["privacy"]]
    ordered = sorted(runs, key=lambda run: math.inf if run[1]["epsilon"] is None else run[1]["epsilon"])
    labels = [
        f"{name}: ε {'infinite' if spent['epsilon'] is None else format(spent['epsilon'], '.2g')}, of a {spent['unit']}"
        for name, spent in ordered
    ]
    return _prices(comparison, [name for name, _ in ordered], labels, "noise")


def svg(figure: Figure) -> str:
    """As an element to stand in a page."""
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def save(figures: Mapping[str, Figure], folder: Path) -> None:
    """Each as FOLDER/NAME.svg and .png."""
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(_STYLE):
        for name, figure in figures.items():
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            figure.savefig(folder / f"{name}.png", dpi=160)


def _figure(title: str, bottom: str, *, left: str = "gain in top-1, points") -> tuple[Figure, Any]:
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel(bottom)
        axes.set_ylabel(left)
    return figure, axes


def _gains(evaluation: Evaluation) -> dict[str, list[tuple[int, float]]]:
    """(messages, gain in points) of everybody, by kind of people."""
    reference = evaluation["reference"]
    found: dict[str, list[tuple[int, float]]] = {}
    for person in evaluation.get("people", ()):
        hits = person["top1_hits"]
        if person["words"] and PERSONAL in hits:
            gain = 100 * (hits[PERSONAL] - hits[reference]) / person["words"]
            found.setdefault(person["people"], []).append((person["messages"], gain))
    return found


def _of_update(setting: str) -> bool:
    return setting.startswith("update.")


def _prices(comparison: Comparison, names: Sequence[str], labels: Sequence[str], what: str) -> Figure | None:
    """A line for each of these runs, from below: the gain in top-1 of each kind of people, with its interval."""
    if not names:
        return None
    untrained = [run["name"] for run in comparison["runs"] if not run["rounds"]]
    names, labels = [*untrained, *names], [*(f"{name}: nothing learned" for name in untrained), *labels]
    figure, axes = _figure(f"{what}, beside {comparison['reference']}", "gain in top-1, points", left="")
    figure.set_figheight(max(_SIZE[1], 1.0 + 0.32 * len(names)))
    measured = {row["people"] for row in comparison["methods"]}
    for kind, lift in (("participants", 0.13), ("newcomers", -0.13)):
        if kind not in measured:
            continue
        found = {row["name"]: row for row in comparison["methods"] if row["people"] == kind}
        _draw_intervals(axes, [found[name] for name in names], lift=lift, color=_COLOURS[kind], label=kind)
    axes.set_yticks(range(len(names)), labels)
    figure.legend(loc="outside upper right", ncols=2, frameon=False)
    return figure


def _draw_intervals(axes: Any, rows: Sequence[Mapping[str, Any]], *, lift: float = 0.0, **style: Any) -> None:
    """Each row's gain in points with its interval, from below; 0 is marked."""
    means = 100 * np.array([row["gain_top1"] for row in rows])
    ends = 100 * np.array([row["gain_interval"] for row in rows])
    # An interval of one person is a point, which rounding may put past the mean.
    spread = np.maximum(np.stack([means - ends[:, 0], ends[:, 1] - means]), 0)
    axes.errorbar(means, np.arange(len(rows)) + lift, xerr=spread, fmt="o", markersize=4, capsize=2, **style)
    axes.axvline(0, color="black", linewidth=0.8)
