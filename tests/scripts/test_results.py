"""RESULTS.md comes from what is published of runs, and from nothing else."""

from __future__ import annotations

import copy
from typing import Any

from scripts.results import document, mean_rows, with_headline


def _measured(seed: int, top1: float, *, rounds: int = 2) -> dict[str, Any]:
    row = {
        "users": 4, "top1": top1, "top3": 0.5, "top1_interval": [top1 - 0.1, top1 + 0.1], "bits_per_character": 2.0,
        "keystroke_savings": 0.25, "gain_top1": 0.02, "gain_interval": [0.01, 0.03], "better_share": 0.5,
        "worse_share": 0.25, "worse_beyond_noise_share": 0.0, "worst_gain": -0.125,
    }  # fmt: skip
    return {
        "run": {"federation.users-per-round": 3, "federation.rounds": rounds},
        "rounds": rounds,
        "seconds": 90.0,
        "cores": 2 + seed,
        "name": "people",
        "corpus": "people",
        "reference": "federated",
        "seed": seed,
        "evaluated": {"participants": 9, "newcomers": 2},
        "settings": {"central_epochs": 4, "gate_margin": 2.0},
        "commit": "abc",
        "clusters": None,
        "at_hand": [],
        "methods": [{"name": name, "people": "participants", **row} for name in ("federated", "finetuned")],
    }


def test_a_row_is_the_mean_over_seeds() -> None:
    rows = mean_rows([_measured(0, 0.1), _measured(1, 0.2)])
    assert [row["name"] for row in rows] == ["federated", "finetuned"]
    assert abs(rows[0]["top1"] - 0.15) < 1e-12
    assert all(abs(end - wanted) < 1e-12 for end, wanted in zip(rows[0]["top1_interval"], (0.05, 0.25), strict=True))


def test_a_method_that_one_seed_lacks_is_the_mean_of_the_others() -> None:
    short = _measured(1, 0.2)
    del short["methods"][1]
    finetuned = mean_rows([_measured(0, 0.1), short])[1]
    assert finetuned["top1"] == 0.1


def test_seeds_of_one_run_share_a_table_and_other_settings_do_not() -> None:
    stricter = _measured(0, 0.1) | {"settings": {"central_epochs": 4, "gate_margin": 3.0}}
    text = document([_measured(1, 0.2), _measured(0, 0.1), _measured(0, 0.3, rounds=5), stricter])
    assert text.count("**participants** (4 of 9 a seed)") == 3
    assert "2 seeds (0, 1); 2 rounds of 3 users, 1.5 minutes of federation a seed" in text
    assert " a seed on a machine with 2 or 3 cores; at abc. central epochs 4" in text
    assert (
        "| finetuned | 15.0 | 5.0 to 25.0 | 50.0 | 2.000 | 25.0 | +2.00 | +1.00 to +3.00 | 50 | 25 | 0 | -12.5 |"
        in text
    )


def test_the_headline_stands_between_its_marks_and_only_there() -> None:
    text = "before\n<!-- from: nextword results -->\nold\n<!-- to here -->\nafter\n"
    other = _measured(2, 0.3) | {"corpus": "others", "name": "others"}
    variant = _measured(3, 0.9, rounds=5) | {"name": "people-otherwise"}
    written = with_headline(text, [other, _measured(0, 0.1), _measured(1, 0.2), variant])
    assert written.startswith("before\n<!-- from: nextword results -->\n| top-1 / top-3 in % | others: participants |")
    assert written.endswith("Means over 1 seed of others, 2 seeds of people.\n<!-- to here -->\nafter\n")
    assert "| federated, text never pooled | 30.0 / 50.0 |  | 15.0 / 50.0 |  |\n" in written
    assert "old" not in written
    assert with_headline(written, [other, _measured(0, 0.1), _measured(1, 0.2)]) == written
    assert with_headline("no marks", [other]) == "no marks"


def test_the_order_of_what_is_published_changes_nothing() -> None:
    seeds = [_measured(seed, 0.1 * seed) for seed in range(3)]
    assert document(seeds) == document(copy.deepcopy(seeds)[::-1])


def test_few_messages_and_clusters_are_told_where_they_were_measured() -> None:
    rows = [
        {"name": name, "people": people, "messages": messages, "users": 4, "top1": 0.2, "gain_top1": 0.01}
        for name in ("finetuned", "personal")
        for people in ("newcomers", "all")
        for messages in (20, 5)
    ]
    clusters = {"sizes": [3, 1], "adjusted_rand_index": 0.5, "users_of_known_group": 4}
    text = document([_measured(0, 0.1) | {"at_hand": rows, "clusters": clusters}])
    assert "| messages | people | finetuned | personal |" in text
    assert "| 5 | 4 | 20.0 (+1.00) | 20.0 (+1.00) |\n| 20 |" in text
    assert "People measured in each cluster: 3, 1; adjusted Rand index with the corpus's groups 0.50." in text
    assert "cluster" not in document([_measured(0, 0.1)])
