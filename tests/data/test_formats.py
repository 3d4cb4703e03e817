"""Every format as its source releases it, on small files written here, and every way a file can be bad."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from data.corpus import load, people
from data.formats import loader, nus_sms, recognise, self_dialogue
from data.formats.source import Source, anonymised

Row = dict[str, str | None]
SMS = """<?xml version='1.0' encoding='UTF-8'?>
<smsCorpus date="2015.03.09" version="1.2">{}</smsCorpus>"""
MESSAGE = """<message id="{id}"><text>{text}</text><source><srcNumber>1</srcNumber><userProfile><userID>{user}</userID>
<country>{country}</country></userProfile></source><messageProfile language="en" time="{time}" type="sent" />
<collectionMethod collector="x" method="y" time="2003/4" /></message>"""


def rows(path: Path, tmp_path: Path, user_column: str = "user", text_column: str = "text") -> list[Row]:
    dataset = load(str(path), data_dir=tmp_path / "home", user_column=user_column, text_column=text_column)
    return list(dataset.to_list())


def jsonl(path: Path, *records: object) -> Path:
    text = "".join(json.dumps(record) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def unpacked(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def sms(*messages: tuple[str, str, str, str]) -> str:
    filled = [MESSAGE.format(id=i, user=u, text=t, country=c, time=at) for i, (u, t, c, at) in enumerate(messages)]
    return SMS.format("".join(filled))


# --- JSON lines


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_json_lines_load_as_they_stand(name: str, tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / name,
        {"user": "b", "text": "hello", "group": "north", "time": "2020-01-01"},
        {"user": 7, "text": "you"},
        {"user": "b", "text": " \t"},
    )
    assert rows(path, tmp_path) == [
        {"user": "b", "text": "hello", "time": "2020-01-01", "group": "north"},
        {"user": "7", "text": "you", "time": None, "group": None},
    ]


def test_gzip_without_its_suffix_and_text_without_a_name_are_recognised(tmp_path: Path) -> None:
    packed = jsonl(tmp_path / "a.gz", {"user": "a", "text": "x"}).rename(tmp_path / "packed")
    plain = jsonl(tmp_path / "b", {"user": "a", "text": "x"})
    assert rows(packed, tmp_path) == rows(plain, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (1 << 20),
        "👩‍👩‍👧 🇸🇬 ok",
        "مرحبا يا صديقي",
        "שלום \u202eabc",
        "nul \0 inside",
        "\u2028line\u2029",
        "e\u0301",
    ],
    ids=["1 MB", "emoji", "arabic", "hebrew", "nul", "separators", "combining"],
)
def test_unusual_text_comes_through_unchanged(text: str, tmp_path: Path) -> None:
    assert rows(jsonl(tmp_path / "a.jsonl", {"user": "a", "text": text}), tmp_path)[0]["text"] == text


def test_raw_control_characters_a_mark_at_the_start_and_half_surrogates_load(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"user": "a", "text": "x\0y"}\n\n{"user": "a", "text": "\\ud83d!"}\n')
    assert [row["text"] for row in rows(path, tmp_path)] == ["x\0y", "\ufffd!"]


def test_columns_can_have_other_names(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"author": "a", "body": "x"})
    assert rows(path, tmp_path, user_column="author", text_column="body")[0]["user"] == "a"


def test_a_number_for_a_time_counts_seconds_or_milliseconds(tmp_path: Path) -> None:
    times = (86400, 1.6e12, True, 1e300, 10**400)
    path = jsonl(tmp_path / "a.jsonl", *({"user": "a", "text": "x", "time": time} for time in times))
    assert [row["time"] for row in rows(path, tmp_path)] == [
        "1970-01-02T00:00:00+00:00",
        "2020-09-13T12:26:40+00:00",
        None,
        None,
        None,
    ]


GOOD = '{"user": "a", "text": "x"}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + "{oops SECRET\n", "line 2 is not JSON"),
        (GOOD + "[" * 100_000 + "\n", "line 2 is not JSON"),
        (GOOD * 3 + '["SECRET"]\n', "line 4 is not a JSON object"),
        ('{"author": "a", "text": "SECRET"}\n', "line 1: no 'user' column .there are: author, text.; .*--user-column"),
        ('{"user": "a", "body": "SECRET"}\n', "no 'text' column .*--text-column"),
        (GOOD + '{"text": "SECRET"}\n', "line 2: no 'user' column"),
        (GOOD + '{"user": "a", "text": ["SECRET"]}\n', "line 2: 'text' is a list, not text"),
        (GOOD + '{"user": "a", "text": null}\n', "line 2: 'text' is null, not text"),
        (GOOD + '{"user": null, "text": "SECRET"}\n', "line 2: 'user' is null"),
        (GOOD + '{"user": "", "text": "SECRET"}\n', "line 2: 'user' is empty"),
        (GOOD + '{"user": true, "text": "SECRET"}\n', "line 2: 'user' is a bool"),
        ("", "holds no messages"),
        ('{"user": "a", "text": " "}\n', "holds no messages"),
        ("SECRET\0\n", "line 1 is not JSON"),
    ],
)
def test_a_bad_line_is_named_in_one_line_without_its_text(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        rows(path, tmp_path)
    assert "SECRET" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "home").rglob("*.arrow")), "a failed load leaves nothing behind"


BROKEN_GZIP = gzip.compress(GOOD.encode() * 1000, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", bytes(range(128, 256)) * 40, "line 1 is not UTF-8 text: a binary file"),
        ("a.bin", b"\x7fELF" + bytes(range(256)) * 40, "binary file; a corpus is"),
        ("a.txt", b"just some prose", "not in a known format"),
        ("a.dat", b"", "empty; a corpus is"),
        ("a.jsonl.gz", BROKEN_GZIP[:-20], "damaged gzip"),
        ("b.jsonl.gz", BROKEN_GZIP[:20] + b"\0\0\0\0" + BROKEN_GZIP[24:], "damaged gzip|not JSON|not UTF-8"),
        ("c.jsonl.gz", BROKEN_GZIP + b"rubbish", "damaged gzip"),
        ("a.zip", b"PK\x03\x04" + b"rubbish" * 50, "damaged zip"),
        ("a.xml", sms(("1", "SECRET", "SG", "unknown"))[:-30].encode(), "not well-formed XML"),
        ("b.xml", b"<html><p>SECRET</p></html>", "XML but no smsCorpus"),
        ("c.xml", sms().encode(), "holds no messages"),
        ("d.xml", sms().replace("UTF-8", "bogus").encode(), "d.xml is not well-formed XML: unknown encoding"),
    ],
)
def test_a_file_that_is_no_corpus_is_refused(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        rows(path, tmp_path)
    assert "\n" not in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_damaged_member_of_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "sms.zip", {"smsCorpus.xml": sms(*[("1", f"text {i}", "SG", "unknown") for i in range(99)])}
    )
    content = bytearray(path.read_bytes())
    content[200:220] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged zip|not well-formed"):
        rows(path, tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_damaged_anywhere_is_named(method: int, tmp_path: Path) -> None:
    """Each byte in its turn: of the member, packed in whatever way, and of the archive's own tables."""
    path = tmp_path / "sms.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("smsCorpus.xml", sms(*[("1", f"text {i}", "SG", "unknown") for i in range(9)]))
    whole = path.read_bytes()
    for place in range(4, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        told = str(path)
        try:
            source = Source(path)
            list(loader(recognise(source)).rows(source))
        except ValueError as error:
            told = str(error)
        assert str(path) in told


def test_an_address_is_masked_from_the_64th_letter_before_its_sign_on() -> None:
    """A longer beginning is no address, and looking for one would take a time that grows with the square."""
    assert anonymised("w" * 100 + "@mail.example.org or ann.lee+x@a.org") == "w" * 36 + "<EMAIL> or <EMAIL>"
    assert anonymised("w" * 10**5) == "w" * 10**5


# --- NUS SMS


def test_the_sms_corpus_loads_from_xml_zip_and_folder(tmp_path: Path) -> None:
    xml = sms(("9", "ok &lt;#&gt; ü", "SG", "unknown"), ("9", "see u", "india", "2010.12.31 23:59"))
    expected = [
        {"user": "9", "text": "ok <#> ü", "time": None, "group": "Singapore"},
        {"user": "9", "text": "see u", "time": "2010-12-31T23:59:00", "group": "India"},
    ]
    (tmp_path / "a.xml").write_text(xml)
    archive = zipped(tmp_path / "sms.zip", {"smsCorpus_en.xml": xml})
    folder = unpacked(tmp_path / "folder", {"smsCorpus_en.xml": xml})
    for path in (tmp_path / "a.xml", archive, folder):
        assert rows(path, tmp_path) == expected


def test_a_phone_that_hands_in_its_newest_message_first_is_put_in_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        sms(
            ("new", "third", "SG", "2011.01.02 10:00:00"),
            ("old", "b", "SG", "2011.01.02 10:00:00"),
            ("new", "second", "SG", "1/2/2011 9:59:00 AM"),
            ("old", "a", "SG", "unknown"),
            ("new", "first", "SG", "2010.12.3123:00:00"),
        )
    )
    found = {person.user: person.messages for person in people(load(str(path), data_dir=tmp_path / "home"))}
    assert found == {"new": ("first", "second", "third"), "old": ("b", "a")}


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2010.12.31 23:59:58    ", "2010-12-31T23:59:58"),
        ("2010.12.31 3:59", "2010-12-31T03:59:00"),
        ("12/31/2010 12:05:00 AM", "2010-12-31T00:05:00"),
        ("12/31/2010 12:05:00 PM", "2010-12-31T12:05:00"),
        ("2010.02.31 10:00", None),
        ("2003/4", None),
        ("unknown", None),
    ],
)
def test_times_of_the_sms_corpus(written: str, iso: str | None) -> None:
    assert nus_sms.iso_time(written) == iso


# --- Self-dialogue

HEADER = (
    "WorkerId,AssignmentId,SubmitTime,AssignmentStatus,Reject,Answer.sentence10,Answer.sentence2,Answer.sentence1\n"
)
DIALOGUES = {
    "corpus/movies/b.csv": HEADER
    + 'w1,a1,Tue Jan 03 10:00:00 PST 2017,Approved,,tenth,"second, with\na break",first\n'
    + "w1,a2,Mon Jan 02 15:04:05 PST 2017,Submitted,,{},,earlier www.example.org\n"
    + "w1,a3,Mon Jan 02 15:04:05 PST 2017,Rejected,,x,x,rejected\n"
    + "w2,a4,Mon Jan 02 15:04:05 PST 2017,Approved,,x,x,blocked\n",
    "corpus/music/a.csv": HEADER + "w1,a1,Tue Jan 03 10:00:00 PST 2017,Approved,,tenth,second,again\n",
    "blocked_workers.txt": "w2\nw3\n",
    "get_data.py": "",
}


def test_self_dialogues_load_from_the_repository_as_folder_and_zip(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "repository", DIALOGUES)
    archive = zipped(tmp_path / "master.zip", {f"self_dialogue_corpus-master/{n}": t for n, t in DIALOGUES.items()})
    for path in (folder, archive):
        (person,) = people(load(str(path), data_dir=tmp_path / "home"))
        assert person.messages == ("earlier <URL>", "first", "second, with\na break", "tenth")
        assert person.group == "movies"
        assert person.user.startswith("sd_")
        assert "w1" not in person.user


def test_times_of_the_self_dialogues() -> None:
    assert self_dialogue.iso_time("Mon Jan 02 15:04:05 PST 2017") == "2017-01-02T15:04:05-08:00"
    assert self_dialogue.iso_time("2 January") is None


def test_a_table_without_workers_is_refused(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "repository", {"corpus/movies/b.csv": "AssignmentId\na1\n"})
    with pytest.raises(ValueError, match="b.csv has no 'WorkerId' column"):
        rows(folder, tmp_path)


# --- Ubuntu IRC

LOGS = {
    "data/train/2005-02-06.train-c.raw.txt": "=== ann [~ann@host] has joined #ubuntu\n"
    "[23:58] <bob> ann: try http://example.org/x or me@example.org\n"
    "[23:59] * bob waves\n"
    "[23:59] <ubotu> a bot speaks\n"
    "=== bob is now known as bobby\n"
    "[00:01] <ann> thanks <g>\n",
    "data/dev/2004-11-15_03.raw.txt": "[03:05] <ann> hello\n[03:05] <ann>\n[03:06] <ann> \n",
    "data/pilot/2004-11-15_04.raw.txt": "[03:05] <ann> hello\n[04:00] <ann> later\n[04:00] <ann> later\n",
    "data/train/2005-02-06.train-c.tok.txt": "<s> tokens </s>\n",
    "data/channel-two/channel-two.raw.txt": "[10:00] <ann> another channel\n",
}


def test_irc_logs_load_from_the_repository_as_folder_and_zip(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "repository", LOGS)
    archive = zipped(tmp_path / "master.zip", {f"irc-disentanglement-master/{n}": t for n, t in LOGS.items()})
    for path in (folder, archive):
        found = rows(path, tmp_path)
        assert [(row["text"], row["time"], row["group"]) for row in found] == [
            ("hello", "2004-11-15T03:05:00", "ubuntu:2004-11-15"),
            ("later", "2004-11-15T04:00:00", "ubuntu:2004-11-15"),
            ("later", "2004-11-15T04:00:00", "ubuntu:2004-11-15"),
            ("ann: try <URL> or <EMAIL>", "2005-02-06T23:58:00", "ubuntu:2005-02-06"),
            ("thanks <g>", "2005-02-07T00:01:00", "ubuntu:2005-02-06"),
            ("another channel", None, "channel-two"),
        ]
        assert len({row["user"] for row in found}) == 3, "equal nicks of two channels are two people"


def test_a_folder_or_zip_without_messages_is_refused(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "folder", {"a.py": ""})
    with pytest.raises(ValueError, match="folder without messages"):
        rows(folder, tmp_path)
    with pytest.raises(ValueError, match="zip without messages"):
        rows(zipped(tmp_path / "a.zip", {"a.py": ""}), tmp_path)
