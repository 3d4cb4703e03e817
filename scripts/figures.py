"""The figures of a run: who gains, from how many messages on, which groups choose which cluster, how training went."""

from __future__ import annotations

import io
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
    """Each method's mean gain against the number of messages at hand, with its interval."""
    rows = [row for row in evaluation.get("at_hand", ()) if row["people"] == "newcomers"]
    if not rows:
        return None
    figure, axes = _figure("with so many messages at hand, newcomers who have as many", "messages at hand")
    axes.set_xscale("log")
    for name in dict.fromkeys(row["name"] for row in rows):
        chosen = sorted((row for row in rows if row["name"] == name), key=lambda row: row["messages"])
        messages = [row["messages"] for row in chosen]
        (line,) = axes.plot(messages, [100 * row["gain_top1"] for row in chosen], marker="o", label=name)
        low, high = zip(*(row["gain_interval"] for row in chosen), strict=True)
        axes.fill_between(messages, 100 * np.array(low), 100 * np.array(high), alpha=0.15, color=line.get_color())
    counts = sorted({row["messages"] for row in rows})
    axes.set_xticks(counts, [str(count) for count in counts])
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
    means = np.array([100 * row["gain_top1"] for row in rows])
    ends = 100 * np.array([row["gain_interval"] for row in rows])
    # An interval of one person is a point, which rounding may put past the mean.
    spread = np.maximum(np.stack([means - ends[:, 0], ends[:, 1] - means]), 0)
    axes.errorbar(means, range(len(rows)), xerr=spread, fmt="o", color=_COLOURS["all"], capsize=2)
    axes.set_yticks(range(len(rows)), [f"{row['group']} ({row['users']})" for row in rows])
    axes.axvline(0, color="black", linewidth=0.8)
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
    """What pieces cost in training, round by round."""
    trained = [event for event in events if event["event"] == "round" and event.get("train_bits_per_piece")]
    if not trained:
        return None
    figure, axes = _figure("federated training", "round", left="bits a piece, on the devices")
    axes.plot([e["round"] for e in trained], [e["train_bits_per_piece"] for e in trained], color=_COLOURS["all"])
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
