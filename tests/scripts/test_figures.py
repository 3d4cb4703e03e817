"""What is drawn is what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib.container import ErrorbarContainer

from scripts import figures, report


def _person(hits: int, *, people: str = "participants", messages: int = 40, **more: Any) -> dict[str, Any]:
    found = {"people": people, "group": None, "cluster": None, "messages": messages, "words": 10}
    return found | more | {"top1_hits": {"federated": 2, "personal": hits}}


def _evaluation(*people: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"reference": "federated", "people": list(people), **more}


def test_everybody_is_drawn_in_order_of_their_gain() -> None:
    figure = figures.gain_by_person(_evaluation(_person(3), _person(1), _person(2), _person(4, people="newcomers")))
    assert figure is not None
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].get_lines()}
    assert list(lines["participants"]) == pytest.approx([-10, 0, 10])
    assert list(lines["newcomers"]) == pytest.approx([20])


def test_gain_stands_against_the_messages_that_a_person_has() -> None:
    figure = figures.gain_by_history(_evaluation(_person(3, messages=50), _person(1, messages=500)))
    assert figure is not None
    (cloud,) = figure.axes[0].collections
    assert [tuple(point) for point in cloud.get_offsets()] == pytest.approx([(50, 10), (500, -10)])


def test_clusters_are_counted_by_group() -> None:
    people = [_person(2, group=group, cluster=cluster) for group, cluster in (("a", 0), ("a", 0), ("b", 1), (None, 0))]
    figure = figures.clusters(_evaluation(*people))
    assert figure is not None
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "of no group"]
    assert [text.get_text() for text in axes.texts] == ["2", "0", "0", "1", "1", "0"]


def test_validation_is_drawn_beside_training_and_alone_where_training_tells_nothing() -> None:
    start = {"event": "start", "round": 0, "validation_bits_per_piece": 9.0}
    trained = [{"event": "round", "round": at, "train_bits_per_piece": 9.0 - at} for at in (1, 2)]
    measured = {"event": "evaluation", "round": 2, "validation_bits_per_piece": 8.5}
    both = figures.rounds([start, *trained, measured])
    silent = figures.rounds([start, *({**one, "train_bits_per_piece": None} for one in trained), measured])  # dpsgd
    assert both is not None
    assert silent is not None
    lines = {line.get_label(): line.get_xydata().tolist() for line in both.axes[0].lines}
    assert lines == {"messages trained on": [[1, 8], [2, 7]], "validation messages": [[0, 9], [2, 8.5]]}
    assert [line.get_label() for line in silent.axes[0].lines] == ["validation messages"]


def test_who_stayed_in_their_group_is_drawn_over_the_rounds() -> None:
    shares = [None] * 4 + [0.5] * 20 + [1.0] * 20
    events = [{"event": "round", "round": place, "stayed_share": share} for place, share in enumerate(shares, 1)]
    figure = figures.stayed(events)
    assert figure is not None
    (line,) = figure.axes[0].get_lines()
    assert list(line.get_xdata()) == pytest.approx([5.5 + 2 * block for block in range(20)])
    assert list(line.get_ydata()) == pytest.approx([50] * 10 + [100] * 10)
    assert figures.stayed(events[:4]) is None


def test_the_learning_curve_has_a_line_for_each_method() -> None:
    rows = [
        {"name": name, "people": people, "messages": messages, "gain_top1": gain, "gain_interval": [gain, gain]}
        for name, gain in (("finetuned", 0.01), ("personal", 0.02))
        for messages in (20, 5)
        for people in ("newcomers", "all")  # evaluations of before have both
    ]
    whole = [
        {"name": name, "people": people, "gain_top1": gain, "gain_interval": [gain, gain]}
        for people, gain in (("participants", 0.09), ("newcomers", 0.03))
        for name in ("federated", "finetuned", "personal")
    ]
    figure = figures.gain_at_hand(_evaluation(at_hand=rows, methods=whole))
    assert figure is not None
    [axes] = figure.axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert list(lines["personal"].get_xdata()) == [5, 20, 40]
    assert list(lines["personal"].get_ydata()) == pytest.approx([2, 2, 3])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["5", "20", "all"]
    assert "federated" not in lines


def _comparison() -> dict[str, Any]:
    """A run of each kind, and what they all began with; the people called "all" are those of the others."""
    spent = {"epsilon": 2.0, "unit": "user"}
    nothing: dict[str, Any] = {"changed": {}, "rounds": 9, "privacy": [], "upload_bytes": 1000}
    runs = [
        nothing | {"name": "plain"},
        nothing | {"name": "int8", "changed": {"update.codec": "int8"}, "upload_bytes": 250},
        nothing | {"name": "sign", "changed": {"update.codec": "sign"}, "upload_bytes": 40},
        nothing | {"name": "loud", "changed": {"privacy.method": "local"}, "privacy": [spent | {"epsilon": None}]},
        nothing | {"name": "quiet", "changed": {"privacy.method": "central"}, "privacy": [spent]},
        nothing | {"name": "pretrained", "rounds": 0, "upload_bytes": 0},
        nothing | {"name": "both", "changed": {"update.codec": "sign", "privacy.method": "local"}},  # for two reasons
    ]
    rows = [
        {"name": run["name"], "people": people, "gain_top1": -place / 100, "gain_interval": [-place / 50, 0]}
        for people in ("participants", "newcomers", "all")
        for place, run in enumerate(runs)
    ]
    return {"reference": "plain", "runs": runs, "methods": rows}


def test_what_small_and_private_updates_cost_is_drawn_from_the_smallest_up() -> None:
    drawn = figures.of_comparison(_comparison())
    lines = {
        "price-of-bytes": (["pretrained: nothing learned", "sign: 0 kB", "int8: 0 kB"], [-5, -2, -1]),
        "price-of-privacy": (
            ["pretrained: nothing learned", "quiet: ε 2, of a user", "loud: ε infinite, of a user"],
            [-5, -4, -3],
        ),
    }
    assert set(drawn) == set(lines)
    for name, (labels, gains) in lines.items():
        axes = drawn[name].axes[0]
        assert [label.get_text() for label in axes.get_yticklabels()] == labels
        bars = [bar for bar in axes.containers if isinstance(bar, ErrorbarContainer)]
        means = [bar.lines[0].get_xdata() for bar in bars]
        assert [list(mean) for mean in means] == [pytest.approx(gains)] * 2, name
    alone = _comparison() | {"runs": [run for run in _comparison()["runs"] if run["name"] in ("plain", "pretrained")]}
    assert figures.of_comparison(alone) == {}


def test_what_was_not_measured_is_not_drawn() -> None:
    assert figures.of_evaluation(_evaluation()) == {}
    assert figures.of_evaluation({"reference": "federated"}) == {}
    assert figures.rounds([{"event": "start", "round": 0}]) is None
    one_group = [{"group": "a", "name": "personal", "users": 1, "gain_top1": 0.1, "gain_interval": [0.1, 0.1]}]
    assert figures.gain_by_group(_evaluation(groups=one_group)) is None  # nothing to set it against


def test_figures_are_the_same_file_each_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        figures.save(figures.of_evaluation(_evaluation(_person(3), _person(1))), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["gain-by-history.png", "gain-by-history.svg", "gain-by-person.png", "gain-by-person.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_bytes_are_told_in_the_unit_that_they_round_to() -> None:
    assert [report._bytes(n) for n in (0, 999.4, 999.6, 1234, 999_600, 2.5e12)] == [
        "0 bytes", "999 bytes", "1 kB", "1.23 kB", "1 MB", "2.5e+03 GB",
    ]  # fmt: skip
