"""What an evaluation comes to: rows over people, for `--json` and what others build on, and the table to read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextword.text import counted

if TYPE_CHECKING:
    from scripts.evaluation import PersonResult

PROTOCOL = "keyboard-1"
MEASURED_ON = (
    "keyboard-1: people, each by one user id, with at least 30 different messages, newest 20 % of each the test (at "
    "most 200, none that, without case, the history has); every word a target, without case, after the text before it "
    "in the message. In percent, means over people with a bootstrap 95 % interval"
)
RULE = MEASURED_ON + (
    "; bits: per character; keys: keystrokes saved with a bar of three; gain: in top-1, paired, over {reference}; "
    "more, less: share of people with more or fewer hits than with {reference}; sure: with fewer, beyond what chance "
    "gives (McNemar's exact test, one-sided, 5 %: so many at most by chance alone)"
)
BEHIND = ("worst", "words", "off", "passed", "s", "kB")
BEHIND_RULE = (
    "Over all people. worst: the largest loss of anybody; words: top-1 over all words; off: probabilities shown, from "
    "how often the words come; passed: people whose gate let it; s, kB: work on a person's history by one core of the "
    "machine that measured, and what their device keeps, means"
)
KEPT = "{folder}: its {file} has more people or rows and is kept; for this one move it away"
_PEOPLE = ("participants", "newcomers", "all")
_NAME = 11  # columns of a name, so that the table fits the narrowest terminal
_FEW = 10  # people of whom a correlation says nothing
_GROUPS = 8  # shown; all are in the JSON


def summarise_all(
    results: Sequence[PersonResult], methods: Sequence[str], reference: str, seed: int
) -> list[dict[str, Any]]:
    """One row for each method and kind of people, in the JSON form that others build on."""
    import numpy as np

    from nextword.metrics import summarise

    rows = []
    for people in _PEOPLE:
        chosen = [r for r in results if people == "all" or r.participant == (people == "participants")]
        chosen = [r for r in chosen if r.by_method[reference].words]
        if not chosen or (people == "all" and len({r.participant for r in results}) == 1):
            continue
        for method in methods:
            summary = summarise(
                [r.by_method[method] for r in chosen],
                reference=[r.by_method[reference] for r in chosen],
                rng=np.random.default_rng(seed),
            )
            row = {"name": method, "people": people, **summary}
            if any(method in r.shipped for r in chosen):
                row["shipped_share"] = sum(r.shipped.get(method, False) for r in chosen) / len(chosen)
            rows.append(row)
    if not rows:
        raise ValueError("nobody has a word in their test messages, so there is nothing to measure")
    return rows


def beside_in(evaluation: Mapping[str, Any]) -> list[str]:
    """What is shared by the runs beside the one that was evaluated, by their rows' names."""
    return [run["name"] for run in evaluation.get("beside", ())]


def replaces(answer: Mapping[str, Any], before: Mapping[str, Any], *, some: bool) -> bool:
    """Whether it has all that was measured before: each row and, where only some people were measured, as many.

    Where everybody was, they may have become fewer by a mended rule. Rows of other runs beside this one do not count.
    """
    beside = {name for run in before.get("beside", ()) for name in run["rows"]}
    now, then = (
        {
            (row["name"], row["people"], row.get("messages")): row["users"]
            for row in (*found["methods"], *found.get("at_hand", ()))
        }
        for found in (answer, before)
    )
    own = {key: users for key, users in then.items() if key[0] not in beside}
    return all(key in now and (not some or now[key] >= users) for key, users in own.items())


def at_hand_of(results: Sequence[PersonResult], reference: str, seed: int) -> list[dict[str, Any]]:
    """What each method gains over the reference with so many messages at hand, over the newcomers who have as many."""
    import numpy as np

    from nextword.metrics import summarise

    rows = []
    for name, messages in sorted({key for result in results for key in result.at_hand}, key=lambda key: key[::-1]):
        have = [r for r in results if (name, messages) in r.at_hand and r.by_method[reference].words]
        if have:
            summary = summarise(
                [r.at_hand[name, messages] for r in have],
                reference=[r.by_method[reference] for r in have],
                rng=np.random.default_rng(seed),
            )
            rows.append({"name": name, "people": "newcomers", "messages": messages, **summary})
    return rows


def groups_of(results: Sequence[PersonResult], method: str, reference: str, seed: int) -> list[dict[str, Any]]:
    """What a method gains over the reference in each group that the corpus knows, the largest groups first."""
    import numpy as np

    from nextword.metrics import summarise

    known = [r for r in results if r.group is not None and r.by_method[reference].words]
    rows = []
    for group, users in Counter(r.group for r in known).most_common():
        chosen = [r for r in known if r.group == group]
        summary = summarise(
            [r.by_method[method] for r in chosen],
            reference=[r.by_method[reference] for r in chosen],
            rng=np.random.default_rng(seed),
        )
        rows.append({"group": group, "name": method, **summary, "users": users})
    return rows


def predictors_of(results: Sequence[PersonResult], method: str, reference: str) -> dict[str, float]:
    """With what a person's gain over the reference goes up or down: Spearman's rank correlations over all people.

    Of few people, or where all are alike, there are none.
    """
    from scipy.stats import spearmanr

    pairs = [
        (r, r.by_method[method].top1 - r.by_method[reference].top1) for r in results if r.by_method[reference].words
    ]
    known: dict[str, list[float]] = {
        "messages": [r.messages for r, _ in pairs],
        "bits_per_character": [r.by_method[reference].bits_per_character for r, _ in pairs],
    }
    gains = [gain for _, gain in pairs]
    if len(pairs) < _FEW or len(set(gains)) == 1:
        return {}
    varied = {name: values for name, values in known.items() if len(set(values)) > 1}
    return {name: float(spearmanr(values, gains).statistic) for name, values in varied.items()}


def told_predictors(method: str, found: Mapping[str, float]) -> str:
    """What `predictors_of` has found, in a line."""
    told = {"messages": "messages in the history", "bits_per_character": "bits a character before"}
    by_name = ", ".join(f"{told[name]} {value:+.2f}" for name, value in found.items())
    return f"A person's gain by {method} goes with (Spearman): {by_name}"


def told_shared(methods: Iterable[str], reference: str, beside: Iterable[str] = ()) -> list[str]:
    """What the reference is where people have layers of their own, by the names of an evaluation's rows.

    Those of runs `beside` are called like these, and are what is shared there, nobody's own.
    """
    from nextword.federation.groups import TOP

    own: dict[str, str] = {}  # what is shared, by the row that has layers of one's own
    for row in sorted({*methods}.difference(beside)):
        run, plus, made = row.rpartition("+")
        if (name := made.removeprefix("personal-")) in TOP:
            own.setdefault(run + plus + name, run or reference)
    return [
        f"By {name} '{shared}' is what people share under a top that nobody trained, no model in use"
        for name, shared in own.items()
    ]


def told_privacy(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the rows whose training was private have spent, a line each."""
    return [f"{name}: {spent['text']}, the shared model taken for public" for name, spent in found.items()]


def told_grouping(run: Mapping[str, Any]) -> str:
    """What clusters took besides the rounds, of a run that has some in a comparison."""
    found = run["grouping"]
    return (
        f"{run['name']}: to find each person's cluster {counted(found['trainings'], 'training')} besides the "
        f"{found['trainings_in_rounds']:,} of the rounds, {found['upload_bytes'] / 1e9:.1f} GB more up and "
        f"{found['download_bytes'] / 1e9:.1f} GB down"
    )


def each_person(results: Sequence[PersonResult], reference: str, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Each person without their name: what they have, what each method hit, keys typed with it, what the gate let pass.

    By their number they are known again in runs of the same corpus with other seeds.
    """
    return [
        {
            "person": numbers[result.user],
            "people": "participants" if result.participant else "newcomers",
            "group": result.group,
            "cluster": result.cluster,
            "messages": result.messages,
            "words": result.by_method[reference].words,
            "bits_per_character": result.by_method[reference].bits_per_character,
            "top1_hits": {name: found.top1_hits for name, found in result.by_method.items()},
            "keys_without": result.by_method[reference].keys_without,
            "keys_typed": {name: found.keys_typed for name, found in result.by_method.items()},
            "shipped": dict(result.shipped),
        }
        for result in results
    ]


def clusters_of(
    results: Sequence[PersonResult], number: int, events: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any] | None:
    """How many people chose each of so many clusters, and how far that agrees with the corpus's groups.

    Of the run's `events`, how everybody who took part had chosen in the end.
    """
    from nextword.statistics import adjusted_rand_index

    chosen = [result for result in results if result.cluster is not None]
    if not chosen:
        return None
    sizes = Counter(result.cluster for result in chosen)
    known = [result for result in chosen if result.group is not None]
    several = len({result.group for result in known}) > 1  # with one group any clusters agree, or none
    agreement = adjusted_rand_index([r.cluster for r in known], [r.group for r in known]) if several else None
    last = [event for event in events if event["event"] == "clusters"]
    return {
        "sizes": [sizes[cluster] for cluster in range(number)],
        "adjusted_rand_index": agreement,
        "users_of_known_group": len(known),
        "in_the_end": {key: last[-1][key] for key in ("sizes", "stayed_share")} if last else None,
    }


def told_clusters(found: Mapping[str, Any]) -> str:
    """What `clusters_of` has found, in a line, and how everybody who took part had chosen in the end."""
    told = f"people measured in each cluster: {', '.join(map(str, found['sizes']))}"
    if last := found.get("in_the_end"):
        told += f"; of all who took part {', '.join(map(str, last['sizes']))}"
        if last["stayed_share"] is not None:
            told += f", {100 * last['stayed_share']:.0f} % of them as they had been grouped"
    if (agreement := found["adjusted_rand_index"]) is not None:
        told += f"; adjusted Rand index with the corpus's groups {agreement:.2f}"
    return told


def behind(
    rows: Sequence[Mapping[str, Any]], reference: str, seconds: Mapping[str, float], kept: Mapping[str, float]
) -> list[list[str]]:
    """What stands behind each method, in the columns of `BEHIND`, from the rows of all people or of the only kind."""

    def percent(value: float | None, form: str = ".1f") -> str:
        return "" if value is None else f"{100 * value:{form}}"

    every = [row for row in rows if row["people"] == "all"] or rows
    return [
        [
            row["name"],
            "" if row["name"] == reference else percent(row["worst_gain"], "+.1f"),
            percent(row["top1_words"]),
            percent(row["calibration_error"]),
            percent(row.get("shipped_share"), ".0f"),
            f"{seconds[row['name']]:.1f}" if seconds.get(row["name"]) else "",
            f"{kept[row['name']] / 1000:,.0f}" if kept.get(row["name"]) else "",
        ]
        for row in every
    ]


def told_over_the_stack(row: Mapping[str, Any]) -> str:
    """What the stack over another run's model gains over the one of this run, in a line."""
    low, high = row["gain_interval"]
    return (
        f"{row['name']} over personal, {told_people(row['users'], row['people'])}: "
        f"{100 * row['gain_top1']:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
    )


def told_people(users: int, people: str) -> str:
    """So many of a kind of people: "1 newcomer", "2 newcomers", "2 all"."""
    return f"{users:,} {people}" if people == "all" else counted(users, people.removesuffix("s"))


def print_table(answer: Mapping[str, Any]) -> None:
    """The evaluation as tables, participants and newcomers apart."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    if answer["ids_left_out"]:
        console.print(f"left out: {counted(answer['ids_left_out'], 'user id')} whose messages are another's")
    if clusters := answer["clusters"]:
        console.print(told_clusters(clusters))
    for people in _PEOPLE:
        rows = [row for row in answer["methods"] if row["people"] == people]
        if not rows or (people == "all" and len(answer["methods"]) > len(rows)):
            continue
        title = f"{Path(answer['corpus']).name}: {told_people(rows[0]['users'], people)}"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0)
        table.add_column("", no_wrap=True)
        for heading in ("top-1", "95 %", "top-3", "bits", "keys", "gain", "95 %", "more", "less", "sure"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(*_cells(row, answer["reference"]))
        console.print(table)
    table = Table(title="behind it, in percent", title_justify="left", box=SIMPLE_HEAD, padding=0)
    table.add_column("", no_wrap=True)
    for heading in BEHIND:
        table.add_column(heading, justify="right", no_wrap=True)
    for cells in behind(answer["methods"], answer["reference"], answer["device_seconds"], answer["device_bytes"]):
        table.add_row(*cells)
    console.print(table)
    for row in answer["at_hand"]:
        low, high = row["gain_interval"]
        console.print(
            f"{row['name']}, {row['messages']} messages at hand, {counted(row['users'], 'newcomer')}: "
            f"{100 * row['gain_top1']:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
        )
    for row in answer["over_the_stack"]:
        console.print(told_over_the_stack(row))
    if answer["groups"]:
        console.print(
            f"gain of {answer['groups'][0]['name']} by group: "
            + "; ".join(f"{g['group']} {100 * g['gain_top1']:+.2f} ({g['users']})" for g in answer["groups"][:_GROUPS])
        )
    if found := answer["predictors"]:
        console.print(told_predictors(answer["methods"][-1]["name"], found))
    for line in (
        *told_privacy(answer["message_privacy"]),
        *told_shared((row["name"] for row in answer["methods"]), answer["reference"], beside_in(answer)),
    ):
        console.print(line)
    if answer["trigram_of"] != "participants":
        console.print(f"trigram: counts the history of {answer['trigram_of']}, these people among them")
    console.print(f"{RULE.format(reference=answer['reference'])}. {BEHIND_RULE}.", style="dim")


def _name(name: str) -> str:
    """On as many lines as it takes, what stands after a "+" on a line of its own."""
    whole = [name] if len(name) <= _NAME else name.replace("+", "\n +").split("\n")
    return "\n".join(line for part in whole for line in textwrap.wrap(part, _NAME, subsequent_indent=" "))


def _points(gain: float) -> str:
    """A gain in five characters, so that the table fits the narrowest terminal."""
    return f"{100 * gain:+.{2 if abs(gain) < 0.09995 else 1}f}"


def _cells(row: Mapping[str, Any], reference: str) -> list[str]:
    low, high = row["top1_interval"]
    bits = row["bits_per_character"]
    cells = [
        _name(row["name"].replace(f"{reference}+", "  +")),
        f"{100 * row['top1']:.1f}",
        f"{100 * low:.1f}-{100 * high:.1f}",
        f"{100 * row['top3']:.1f}",
        "" if bits is None else f"{bits:.2f}",
        f"{100 * row['keystroke_savings']:.1f}",
    ]
    if row["name"] == reference:
        return [*cells, "", "", "", "", ""]
    low, high = row["gain_interval"]
    gain = [_points(row["gain_top1"]), f"{_points(low)} {_points(high)}"]
    shares = (row[key] for key in ("better_share", "worse_share", "worse_beyond_noise_share"))
    return [*cells, *gain, *(f"{100 * share:.0f}" for share in shares)]
