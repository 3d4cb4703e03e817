"""RESULTS.md comes from what is published of runs, and from nothing else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from scripts.evaluation_rows import behind
from scripts.results import of_run, publish, published_in, with_headline
from scripts.results_document import document
from scripts.seeds import alike, mean_rows, relative_gain
from server.run_folder import RunFolder


def _measured(seed: int, top1: float, *, rounds: int = 2) -> dict[str, Any]:
    row = {
        "users": 4, "top1": top1, "top3": 0.5, "top1_interval": [top1 - 0.1, top1 + 0.1], "bits_per_character": 2.0,
        "keystroke_savings": 0.25, "gain_top1": 0.02, "gain_interval": [0.01, 0.03], "better_share": 0.5,
        "worse_share": 0.25, "worse_beyond_noise_share": 0.0, "worst_gain": -0.125,
        "top1_words": 0.125, "calibration_error": 0.0,
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
        "settings": {"at_most_users": None, "central_epochs": 4, "gate_margin": 2.0},
        "commit": "abc",
        "clusters": None,
        "at_hand": [],
        "device_seconds": {},
        "device_bytes": {},
        "methods": [{"name": name, "people": "participants", **row} for name in ("federated", "finetuned")],
    }


def test_a_row_is_the_mean_over_seeds() -> None:
    rows = mean_rows([_measured(0, 0.1), _measured(1, 0.2)])
    assert [row["name"] for row in rows] == ["federated", "finetuned"]
    assert abs(rows[0]["top1"] - 0.15) < 1e-12
    assert all(abs(end - wanted) < 1e-12 for end, wanted in zip(rows[0]["top1_interval"], (0.05, 0.25), strict=True))


def test_the_worst_of_all_seeds_is_told_and_what_could_not_be_set_yet_is_as_it_was() -> None:
    worst = [_measured(seed, 0.1) for seed in (0, 1)]
    worst[1]["methods"][1]["worst_gain"] = -0.375
    assert [row["worst_gain"] for row in mean_rows(worst)] == [-0.125, -0.375]
    before, now, other = (_measured(seed, 0.1) for seed in range(3))
    now["run"] |= {"clusters.pooling": 0.0}
    other["run"] |= {"clusters.pooling": 4.0}
    assert [[one["seed"] for one in seeds] for seeds in alike([other, now, before])] == [[0, 1], [2]]


def test_seconds_that_count_each_training_twice_are_told_so() -> None:
    def told(*seeds: dict[str, Any], seconds: dict[str, float]) -> bool:
        return "counts each training twice" in document([one | {"device_seconds": seconds} for one in seeds])

    older, newer = _measured(0, 0.1), _measured(1, 0.1) | {"trainings_counted": "once"}
    assert told(older, seconds={"finetuned": 3.0})
    assert told(older, newer, seconds={"finetuned": 3.0})  # a mean over both
    assert not told(newer, seconds={"finetuned": 3.0})
    assert not told(older, seconds={"private-8": 3.0})


def _with_people(seed: int, hits: dict[int, tuple[int, int]]) -> dict[str, Any]:
    """With hits of ten words by the shared and the fine-tuned model."""
    people = [
        {"person": person, "people": "participants", "words": 10, "top1_hits": {"federated": a, "finetuned": b}}
        for person, (a, b) in hits.items()
    ]
    return _measured(seed, 0.1) | {"people": people}


def test_an_interval_over_seeds_draws_a_person_with_what_all_seeds_gave_them() -> None:
    one, other = {1: (1, 2), 2: (3, 7)}, {3: (1, 2), 4: (3, 7)}
    same = mean_rows([_with_people(0, one), _with_people(1, one)])[1]["gain_interval"]
    # Of two people both draws may be one of them, however often they were measured.
    assert same == pytest.approx([0.1, 0.4])
    four = mean_rows([_with_people(0, one), _with_people(1, other)])[1]["gain_interval"]
    assert same[0] <= four[0] < 0.25 < four[1] <= same[1]
    assert mean_rows([_with_people(0, one), _measured(1, 0.1)])[1]["gain_interval"] == [0.01, 0.03]
    assert mean_rows([_with_people(0, one)])[1]["gain_interval"] == [0.01, 0.03]


def test_relative_gains_are_of_the_mean_and_of_own_hits_where_there_are_any() -> None:
    few = _with_people(0, {1: (1, 2), 2: (3, 4), 3: (0, 1), 4: (4, 4)})
    assert (
        "In percent of before, finetuned gains: of participants' mean top-1 +37.5 % (+7.7 to +200.0), of their own "
        "hits, if any, +33.3 % in the median and +44.4 % on average.\n"
    ) in document([few])
    seeds = [few, _with_people(1, {1: (2, 2)})]  # a seed counts as much as another, however many it measured
    gain = relative_gain(seeds, "finetuned", "participants")
    assert gain is not None
    assert gain.of_mean == pytest.approx((11 / 40 + 2 / 10) / (8 / 40 + 2 / 10) - 1)
    silent = {"person": 9, "people": "newcomers", "words": 0, "top1_hits": {"federated": 0, "finetuned": 0}}
    newcomer = {"person": 8, "people": "newcomers", "words": 10, "top1_hits": {"federated": 2, "finetuned": 6}}
    everybody = few | {"people": [*few["people"], silent, newcomer]}
    shares = [relative_gain([everybody], "finetuned", people) for people in ("participants", "newcomers", "all")]
    assert [share.of_mean for share in shares if share] == pytest.approx([11 / 8 - 1, 2.0, 17 / 10 - 1])
    assert relative_gain([_with_people(0, {1: (0, 2)})], "finetuned", "participants") is None
    assert "gains:" not in document([_measured(0, 0.1)])
    assert "gains:" not in document([_with_people(0, {1: (1, 2)}), _measured(1, 0.1)])  # one seed tells nobody
    layered = few | {"run": few["run"] | {"personal.method": "fedrep"}}
    assert "gains:" in document([few])
    assert "gains:" not in document([layered])  # over no model that anybody uses
    assert "By fedrep 'federated' is what people share under a top that nobody trained" in document([layered])


def test_where_seeds_measured_other_numbers_of_people_both_are_told() -> None:
    all_of_them = {"evaluated": {"participants": 4, "newcomers": 0}}
    assert "**participants** (all 4 a seed)" in document([_measured(0, 0.1) | all_of_them])
    more = _measured(1, 0.1) | {"evaluated": {"participants": 11, "newcomers": 0}}
    assert "**participants** (4 of 9 to 11 a seed)" in document([_measured(0, 0.1), more])


def test_what_is_published_of_people_is_read_again(tmp_path: Path) -> None:
    found = _with_people(0, {1: (1, 2), 2: (3, 7)})
    publish(found, tmp_path / "run-0.json")
    assert published_in(tmp_path / "run-0.json") == found
    assert (tmp_path / "run-0.csv").read_text(encoding="utf-8") == (
        "person,people,words,federated,finetuned\n1,participants,10,1,2\n2,participants,10,3,7\n"
    )
    publish(_measured(0, 0.1), tmp_path / "run-1.json")
    assert published_in(tmp_path / "run-1.json") == _measured(0, 0.1)
    whole = {name: (tmp_path / name).read_text(encoding="utf-8") for name in ("run-0.json", "run-0.csv")}
    for name, damaged in (
        ("run-0.json", whole["run-0.json"][:-9]),
        ("run-0.json", '{"seed": 0}'),
        ("run-0.json", "[]"),
        ("run-0.csv", whole["run-0.csv"][:-9]),
    ):
        (tmp_path / name).write_text(damaged, encoding="utf-8")
        with pytest.raises(ValueError, match=r"run-0.json: damaged .*; delete run-0.json and run-0.csv there"):
            published_in(tmp_path / "run-0.json")
        (tmp_path / name).write_text(whole[name], encoding="utf-8")


def test_a_method_that_one_seed_lacks_is_the_mean_of_the_others() -> None:
    short = _measured(1, 0.2)
    del short["methods"][1]
    finetuned = mean_rows([_measured(0, 0.1), short])[1]
    assert finetuned["top1"] == 0.1


def test_seeds_of_one_run_share_a_table_and_other_settings_do_not() -> None:
    stricter = _measured(0, 0.1) | {"settings": _measured(0, 0.1)["settings"] | {"gate_margin": 3.0}}
    fewer = _measured(0, 0.1) | {"settings": _measured(0, 0.1)["settings"] | {"at_most_users": 4}}
    alone = _measured(2, 0.1)
    alone["methods"] = alone["methods"][:1]
    seeds = [_measured(1, 0.2), _measured(0, 0.1), _measured(0, 0.3, rounds=5), stricter, fewer, alone]
    text = document(seeds)
    assert text.count("**participants** (4 of 9 a seed)") == 5
    assert text.count("; at abc. ") == 5
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
    clusters |= {"in_the_end": {"sizes": [7, 2], "stayed_share": 0.891}}
    one = _measured(0, 0.1)
    one["methods"] += [
        one["methods"][0] | {"name": name, "people": "newcomers", "top1": 0.3, "users": 5}
        for name in ("federated", "finetuned", "personal")
    ]
    text = document([one | {"at_hand": rows, "clusters": clusters}])
    assert "| messages | people | finetuned | personal |" in text
    assert "| 5 | 4 | 20.0 (+1.00) | 20.0 (+1.00) |\n| 20 |" in text
    assert "|\n| all | 5 | 30.0 (+2.00) | 30.0 (+2.00) |\n\n" in text
    assert (
        "Seed 0: people measured in each cluster: 3, 1; of all who took part 7, 2, 89 % of them as they had been "
        in text
    )
    assert "grouped; adjusted Rand index with the corpus's groups 0.50.\n" in text
    assert "at hand, top-1 (gain):" in text
    over = document([one | {"at_hand": rows, "reference": "clustered"}])
    assert "at hand, top-1 (gain, over the cluster that all messages choose):" in over
    before = {key: value for key, value in clusters.items() if key != "in_the_end"}
    assert "each cluster: 3, 1; adjusted" in document([one | {"clusters": before}])  # published before
    assert "in each cluster" not in document([_measured(0, 0.1)])
    seeds = [_measured(seed, 0.1) | {"at_hand": rows[: 4 * (2 - seed)]} for seed in (0, 1)]
    text = document(seeds)
    assert "| 5 | 4 | 20.0 (+1.00) |\n" in text  # what both have
    assert "| all |" not in text  # no newcomer was measured with all
    assert "messages at hand, top-1" not in document([seeds[0], _measured(1, 0.1)])


def test_what_a_gain_goes_with_is_told_where_it_is_known() -> None:
    seeds = [_measured(seed, 0.1) | {"predictors": {"messages": 0.2 * seed}} for seed in (1, 2)]
    assert "A person's gain by finetuned goes with (Spearman): messages in the history +0.30." in document(seeds)
    assert "Spearman" not in document([_measured(0, 0.1), _measured(1, 0.1) | {"predictors": {}}])


def _of(name: str, seed: int, federated: float, stack: float, *, users: int = 4) -> dict[str, Any]:
    one = _measured(seed, 0.0) | {"name": name, "corpus": "people"}
    row = one["methods"][0] | {"users": users}
    tops = {"trigram+own": 0.2, "federated": federated, "personal": stack}
    one["methods"] = [
        row | {"name": method, "people": people, "top1": top1 + 0.01 * (people == "newcomers")}
        for people in ("participants", "newcomers")
        for method, top1 in tops.items()
    ]
    one["at_hand"] = [
        {"name": "personal", "people": "newcomers", "messages": messages, "users": 4, "top1": top1, "gain_top1": 0.0}
        for messages, top1 in ((5, 0.9), (20, 0.4))
    ]
    return one


def test_runs_of_the_same_people_stand_side_by_side_over_the_plain_run_of_their_seeds() -> None:
    plain = [_of("people", 0, 0.1, 0.2), _of("people", 1, 0.3, 0.4)]
    other, of_few = _of("people-other", 1, 0.25, 0.5), _of("people-few", 0, 0.1, 0.2, users=2)
    text = document([*plain, other, of_few])
    table = text.partition("## Personalizing on people, side by side")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| people")
    ]
    assert rows == [
        [
            *("people", "abc", "0, 1", "20.0 / 21.0", "", ""),
            *("30.0 / 31.0", "+10.00 / +10.00", "+50.0 / +47.6", "+50.0 / +47.6", "40.0"),
        ],
        [
            *("people", "abc", "1", "30.0 / 31.0", "", ""),
            *("40.0 / 41.0", "+10.00 / +10.00", "+33.3 / +32.3", "+100.0 / +95.2", "40.0"),
        ],
        [
            *("people-other", "abc", "1", "25.0 / 26.0", "", ""),
            *("50.0 / 51.0", "+20.00 / +20.00", "+66.7 / +64.5", "+150.0 / +142.9", "40.0"),
        ],
    ]
    assert "side by side" not in document(plain)
    plain[1]["at_hand"] = plain[1]["at_hand"][:1]  # with 20 messages one seed of two was measured: nothing is told
    first = next(line for line in document([*plain, other]).splitlines() if line.startswith("| people | abc | 0, 1 "))
    assert first.endswith("| +50.0 / +47.6 |  |")


def _compared(seed: int, *, noise: float = 1.0, text: str = "epsilon 3", upload: int = 500) -> dict[str, Any]:
    row = {"users": 4, "people": "participants", "top1": 0.1 * (1 + seed), "gain_top1": -0.01}
    row |= {"gain_interval": [-0.02, 0.01], "bits_per_character": 2.0 + seed}
    projected = {"epsilon": 0.0, "delta": 1e-8, "projected_population": 1_000_000, "cohort": 10_000}
    private = {"text": text, "projections_not_measured": [projected, projected | {"epsilon": None}]}
    about = {"download_bytes": 2000, "upload_bytes": 2000, "changed": {}, "privacy": []}
    changed = {"privacy.noise-multiplier": noise}
    rows = [{"name": "plain", **row}, {"name": "dp", **row, "bits_per_character": 2.125 + seed}]
    return {
        "corpus": "/home/somebody/texts/people.jsonl",
        "seed": seed,
        "reference": "plain",
        "evaluated": {"participants": 9, "newcomers": 2},
        "commit": "abc",
        "runs": [
            {"name": "plain", **about},
            {"name": "dp", **about, "upload_bytes": upload, "changed": changed, "privacy": [private]},
        ],
        "methods": rows,
    }


def test_a_comparison_tells_how_many_people_and_what_each_seed_has_spent() -> None:
    text = document([_compared(0), _compared(1, text="epsilon 4")])
    assert "| kB down | participants (4 of 9 a seed) | newcomers (0 of 2 a seed) | bits/char |" in text
    assert "| plain |  | 2 | 2 | 1.0 | 2 | 15.0 |  | 2.500 |" in text
    assert "| dp | privacy.noise-multiplier 1.0 | 2 | 0 | 4.0 | 2 | -1.00 (-2.00 to +1.00) |  | +0.125 |" in text
    assert "- dp: epsilon 3; projected" in text
    assert "- dp: epsilon 4; projected" in text
    assert "not measured: epsilon 0 at delta 1e-08 with 1,000,000 users, 10,000 of them a round; epsilon inf at" in text


def test_a_comparison_tells_what_clusters_took_besides_the_rounds() -> None:
    one = _compared(0)
    assert "to find each person" not in document([one])  # published before
    grouping = {"trainings": 2091, "trainings_in_rounds": 3075, "upload_bytes": 42.9e9, "download_bytes": 171.6e9}
    one["runs"] = [one["runs"][0] | {"grouping": grouping}, one["runs"][1] | {"grouping": None}]
    lines = [line for line in document([one]).splitlines() if "to find each person" in line]
    assert lines == [
        "- plain: to find each person's cluster 2,091 trainings besides the 3,075 of the rounds, 42.9 GB more up and "
        "171.6 GB down"
    ]


def test_seeds_of_other_settings_are_no_seeds_of_one_row_in_a_comparison() -> None:
    text = document([_compared(0), _compared(1, noise=0.5, upload=0)])
    assert "| dp | privacy.noise-multiplier 1.0 | 1 | 0 | 4.0 | 2 | -1.00 (" in text
    assert "| dp | privacy.noise-multiplier 0.5 | 1 | 0 |  | 2 | -1.00 (" in text
    assert text.count("|  | +0.125 |") == 2  # over the run of the same seed


def test_an_interval_of_a_comparison_over_seeds_draws_people_where_they_are_published() -> None:
    hits = {1: (1, 2), 2: (3, 7)}
    people = [
        {"person": p, "people": "participants", "words": 10, "top1_hits": {"plain": a, "dp": b}}
        for p, (a, b) in hits.items()
    ]
    text = document([_compared(seed) | {"people": people} for seed in (0, 1)])
    assert "| dp | privacy.noise-multiplier 1.0 | 2 | 0 | 4.0 | 2 | -1.00 (+10.00 to +40.00) |" in text
    # A seed that was compared with other settings is of another row.
    gone = [one | {"top1_hits": {"plain": 5, "dp": 0}} for one in people]
    others = [_compared(2, noise=0.5) | {"people": gone}, _compared(3, noise=0.5) | {"people": gone}]
    text = document([*(_compared(seed) | {"people": people} for seed in (0, 1)), *others])
    assert "| dp | privacy.noise-multiplier 1.0 | 2 | 0 | 4.0 | 2 | -1.00 (+10.00 to +40.00) |" in text
    assert "| dp | privacy.noise-multiplier 0.5 | 2 | 0 | 4.0 | 2 | -1.00 (-50.00 to -50.00) |" in text


def test_what_is_published_of_a_comparison_names_no_folder(tmp_path: Path) -> None:
    comparison = _compared(0)
    comparison["runs"][1]["changed"] |= {"model.start": "/home/somebody/models/student"}
    RunFolder(tmp_path).write_comparison(comparison)
    (found,) = of_run(tmp_path).values()
    assert "somebody" not in str(found)
    assert found["corpus"] == "people.jsonl"
    assert found["runs"][1]["changed"] == {"privacy.noise-multiplier": 1.0, "model.start": "student"}
    person = {"person": 3, "people": "newcomers", "words": 9, "top1_hits": {"plain": 2}}
    RunFolder(tmp_path).write_comparison(comparison | {"people": [person | {"group": "SG", "messages": 40}]})
    (found,) = of_run(tmp_path).values()
    assert found["people"] == [person]


def test_what_stands_behind_a_method_is_of_all_people() -> None:
    row = {"worst_gain": -0.25, "top1_words": 0.125, "calibration_error": 0.0123}
    rows = [
        {"name": "federated", "people": "participants", **row},
        {"name": "federated", "people": "all", **row, "worst_gain": 0.0},
        {"name": "personal", "people": "participants", **row, "worst_gain": 0.0},
        {"name": "personal", "people": "all", **row, "shipped_share": 0.5},
    ]
    found = behind(rows, "federated", {"federated": 0.0, "personal": 12.34}, {"personal": 5_678_900.0})
    assert found == [
        ["federated", "", "12.5", "1.2", "", "", ""],
        ["personal", "-25.0", "12.5", "1.2", "50", "12.3", "5,679"],
    ]
