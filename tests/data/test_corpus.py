"""Loading by name, the cache, and people in order."""

from __future__ import annotations

import json
import os
import random
import sys
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from data import corpus
from data.catalogue import entries, find
from data.corpus import Person, data_home, load, people

message = st.fixed_dictionaries(
    {
        "user": st.sampled_from(["b", "a", "é", "Z", "10", "9"]),
        "text": st.text(alphabet="xy", min_size=1, max_size=2),
        "time": st.none() | st.sampled_from(["2020-01-01", "2020-01-01T00:30:00+02:00", "2019-12-31T23:00:00", "soon"]),
        "group": st.none() | st.sampled_from(["n", "s"]),
    }
)


def slow_people(rows: list[dict[str, str | None]]) -> list[Person]:
    """The same by its definition, one user at a time."""
    instants = {"2020-01-01": 3, "2020-01-01T00:30:00+02:00": 1, "2019-12-31T23:00:00": 2}
    found = []
    for user in sorted({str(row["user"]) for row in rows}):
        own = [row for row in rows if row["user"] == user]
        by_time = all(row["time"] in instants for row in own)
        own_in_order = sorted(own, key=lambda row: instants[str(row["time"])]) if by_time else own
        counts = Counter(row["group"] for row in own if row["group"] is not None)
        group = counts.most_common(1)[0][0] if counts else None
        found.append(Person(user, group, tuple(str(row["text"]) for row in own_in_order), by_time))
    return found


@given(st.lists(message, min_size=1, max_size=30))
def test_people_equal_a_slow_obvious_reference(rows: list[dict[str, str | None]]) -> None:
    features = datasets.Features({column: datasets.Value("string") for column in corpus.COLUMNS})
    assert people(datasets.Dataset.from_list(rows, features=features)) == slow_people(rows)


def test_a_settled_name_holds_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in ("chats", "nus-sms"):
        (tmp_path / folder).mkdir()
    (tmp_path / "chats.jsonl").touch()
    kept = ["nus-sms", "hf:some/set", "hf:", "no.jsonl", str(tmp_path / "chats")]
    assert [corpus.settled(name) for name in kept] == kept
    here = [corpus.settled(name) for name in ("chats", "chats.jsonl", "~/chats", "hf:./chats")]
    assert here == [
        f"{prefix}{tmp_path}/{name}"
        for prefix, name in (("", "chats"), ("", "chats.jsonl"), ("", "chats"), ("hf:", "chats"))
    ]


def test_people_of_a_selection_are_those_selected() -> None:
    rows = [{"user": f"u{i % 3}", "text": str(i), "time": None, "group": None} for i in range(9)]
    chosen = datasets.Dataset.from_list(rows).select([8, 1, 4])
    assert people(chosen) == [Person("u1", None, ("1", "4")), Person("u2", None, ("8",))]
    assert people(chosen.select([])) == []


def write(path: Path, *texts: str, user: str = "a") -> str:
    path.write_text("".join(json.dumps({"user": user, "text": text}) + "\n" for text in texts))
    return str(path)


def test_a_prepared_corpus_is_read_from_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", "one", "two")
    first = load(path, data_dir=tmp_path / "home")
    monkeypatch.setattr("data.formats.jsonl.rows", lambda source: pytest.fail("read again"))
    second = load(path, data_dir=tmp_path / "home")
    assert second.to_list() == first.to_list()
    assert second.column_names == list(corpus.COLUMNS)


def test_a_changed_file_is_read_again_and_its_old_copy_removed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "one")
    before = load(path, data_dir=tmp_path / "home")
    write(tmp_path / "a.jsonl", "two")
    os.utime(path, ns=(1, 1))
    assert load(path, data_dir=tmp_path / "home")["text"][:] == ["two"]
    assert before["text"][:] == ["one"], "what was loaded stays readable"
    assert len(list((tmp_path / "home" / "prepared").iterdir())) == 1


def test_a_newer_loader_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", "one")
    load(path, data_dir=tmp_path / "home")
    monkeypatch.setattr("data.formats.jsonl.VERSION", 99)
    monkeypatch.setattr("data.formats.jsonl.rows", lambda source: iter([("a", "newer", None, None)]))
    assert load(path, data_dir=tmp_path / "home")["text"][:] == ["newer"]


def test_other_columns_are_another_corpus(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"user": "a", "text": "x", "body": "y"}\n')
    assert load(str(path), data_dir=tmp_path / "home")["text"][:] == ["x"]
    assert load(str(path), data_dir=tmp_path / "home", text_column="body")["text"][:] == ["y"]


def test_a_corpus_cut_off_while_it_was_written_is_made_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "one")
    load(path, data_dir=tmp_path / "home")
    next((tmp_path / "home" / "prepared").glob("*/state.json")).unlink()
    assert load(path, data_dir=tmp_path / "home")["text"][:] == ["one"]


def test_many_batches_keep_their_order(tmp_path: Path) -> None:
    texts = [str(i) for i in range(10_000)]
    assert load(write(tmp_path / "a.jsonl", *texts), data_dir=tmp_path / "home")["text"][:] == texts


def test_the_data_folder_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTWORD_DATA", str(tmp_path / "elsewhere"))
    assert data_home() == tmp_path / "elsewhere"
    assert data_home(tmp_path) == tmp_path
    monkeypatch.delenv("NEXTWORD_DATA")
    assert data_home().name == "nextword"


def test_an_unwritable_data_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="cannot write to .*--data-dir"):
        load(write(tmp_path / "a.jsonl", "one"), data_dir=tmp_path / "file" / "home")


def test_loading_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(write(tmp_path / "a.jsonl", "one"), data_dir=tmp_path / "home")
    assert capfd.readouterr() == ("", "")


def test_a_name_that_is_nothing_gets_the_nearest_right_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'nus-sms'"):
        load("nus_sms", data_dir=tmp_path)
    with pytest.raises(ValueError, match="there are: synthetic, nus-sms"):
        load("qqqqqqqq", data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"qqq.jsonl does not exist"):
        load("qqq.jsonl", data_dir=tmp_path)


def test_a_corpus_not_yet_fetched_says_how(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nextword corpus fetch nus-sms.*--from PATH"):
        load("nus-sms", data_dir=tmp_path)


def test_the_catalogue_names_only_loaders_that_exist() -> None:
    from data.formats import LOADERS

    for entry in entries().values():
        assert entry.generated == (entry.loader == "synthetic")
        assert entry.generated or entry.loader in LOADERS
        assert entry.generated or str(entry.url).startswith("https://")
        assert entry.licence
        assert entry.citation
    assert find("nus-sms").file_name == "nus-sms-smsCorpus_en_xml_2015.03.09_all.zip"


def test_the_generated_corpus_is_made_again_when_its_grammar_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, made = tmp_path / "synthetic" / "__init__.py", []
    code.parent.mkdir()
    module = types.ModuleType("data.synthetic")
    module.__file__ = str(code)

    def generate() -> Iterator[dict[str, str]]:
        made.append(code.read_text())
        yield {"user": "a", "text": code.read_text(), "time": "2020-01-01", "group": "north"}

    vars(module)["generate"] = generate
    monkeypatch.setitem(sys.modules, "data.synthetic", module)
    monkeypatch.setattr(data, "synthetic", module, raising=False)
    for text in ("one", "one", "two"):
        code.write_text(text)
        assert load("synthetic", data_dir=tmp_path / "home")["text"][:] == [text]
    assert made == ["one", "two"]


def test_a_local_data_set_loads_by_its_hub_name(tmp_path: Path) -> None:
    folder = tmp_path / "chat"
    folder.mkdir()
    for split, texts in (("train", ["one", "two"]), ("test", ["three"])):
        (folder / f"{split}.jsonl").write_text("".join(json.dumps({"who": 5, "body": t}) + "\n" for t in texts))
    options = {"data_dir": tmp_path / "home", "text_column": "body"}
    found = load(f"hf:{folder}", user_column="who", **options)
    assert found.to_list()[0] == {"user": "5", "text": "one", "time": None, "group": None}
    assert sorted(found["text"][:]) == ["one", "three", "two"]
    with pytest.raises(ValueError, match="no 'user' column .there are: body, who.; .*--user-column"):
        load(f"hf:{folder}", **options)


def test_a_hub_data_set_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load(f"hf:{tmp_path}/nothing", data_dir=tmp_path / "home")
    with pytest.raises(ValueError, match="wants the name"):
        load("hf:", data_dir=tmp_path / "home")


def test_groups_and_order_survive_a_shuffle_of_users(tmp_path: Path) -> None:
    rows = [(f"u{i % 7}", f"text {i}") for i in range(200)]
    interleaved = sorted(rows, key=lambda row: row[0])
    random.Random(0).shuffle(blocks := [[row for row in interleaved if row[0] == f"u{u}"] for u in range(7)])
    found = []
    for name, order in (("a", rows), ("b", [row for block in blocks for row in block])):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"user": user, "text": text}) + "\n" for user, text in order))
        found.append(people(load(str(path), data_dir=tmp_path / "home")))
    assert found[0] == found[1]
