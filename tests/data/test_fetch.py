"""Downloads from a server on this machine: resumed, begun anew, checked; and files at hand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data.catalogue import Entry
from data.corpus import load, source_folder
from data.fetch import Fetched, fetch

BODY = "".join(json.dumps({"user": f"u{i}", "text": f"message {i} " + "x" * 200}) + "\n" for i in range(2000)).encode()


@dataclass
class Site:
    """What the server does, and what it was asked."""

    url: str = ""
    body: bytes = BODY
    tag: str = '"one"'
    ranges: bool = True
    stop_after: int | None = None
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append(wanted)
            if self.path == "/missing":
                self.send_error(404)
                return
            fits = self.headers.get("If-Range", site.tag) == site.tag
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges and fits else 0
            if start >= len(site.body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(site.body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(site.body) - 1}/{len(site.body)}")
            self.send_header("ETag", site.tag)
            self.send_header("Content-Length", str(len(site.body) - start))
            self.end_headers()
            self.wfile.write(site.body[start : site.stop_after])
            if site.stop_after is not None:
                self.connection.close()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}/messages.jsonl"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def entry(site: Site) -> Entry:
    sha256 = hashlib.sha256(BODY).hexdigest()
    return Entry("nus-sms", "what", "people", "licence", "citation", "nus_sms", url=site.url, sha256=sha256)


def broken_off(site: Site, entry: Entry, home: Path, at_byte: int = 100_000) -> Path:
    site.stop_after = at_byte
    with pytest.raises(OSError, match=f"broke off after {at_byte:,} bytes; run the same command again"):
        fetch(entry, data_dir=home)
    site.stop_after = None
    return home / "sources" / f"{entry.file_name}.part"


def assert_whole(came: Fetched, home: Path) -> None:
    assert came.path.read_bytes() == BODY
    assert came.check == "matches"
    assert not list((home / "sources").glob("*.part*"))
    assert len(load("nus-sms", data_dir=home)) == 2000


def test_a_download_is_checked_and_loads(site: Site, entry: Entry, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    came = fetch(entry, data_dir=tmp_path, report=lambda received, total: seen.append((received, total)))
    assert_whole(came, tmp_path)
    assert seen[0] == (0, len(BODY))
    assert seen[-1] == (len(BODY), len(BODY))
    assert seen == sorted(seen)


def test_a_download_that_broke_off_goes_on_where_it_stopped(site: Site, entry: Entry, tmp_path: Path) -> None:
    assert broken_off(site, entry, tmp_path).read_bytes() == BODY[:100_000]
    assert_whole(fetch(entry, data_dir=tmp_path), tmp_path)
    assert site.asked == [None, "bytes=100000-"]


def test_a_server_that_knows_no_ranges_makes_it_start_again(site: Site, entry: Entry, tmp_path: Path) -> None:
    broken_off(site, entry, tmp_path)
    site.ranges = False
    assert_whole(fetch(entry, data_dir=tmp_path), tmp_path)


def test_a_file_that_changed_in_between_is_begun_anew(site: Site, entry: Entry, tmp_path: Path) -> None:
    part = broken_off(site, entry, tmp_path)
    part.write_bytes(b"of an older release" * 1000)
    site.tag = '"two"'
    assert_whole(fetch(entry, data_dir=tmp_path), tmp_path)


def test_a_part_that_is_already_whole_is_taken(site: Site, entry: Entry, tmp_path: Path) -> None:
    broken_off(site, entry, tmp_path).write_bytes(BODY)
    assert_whole(fetch(entry, data_dir=tmp_path), tmp_path)


def test_a_part_that_is_too_long_is_dropped(site: Site, entry: Entry, tmp_path: Path) -> None:
    broken_off(site, entry, tmp_path).write_bytes(BODY + b"too much")
    with pytest.raises(OSError, match="does not fit; run the same command again"):
        fetch(entry, data_dir=tmp_path)
    assert_whole(fetch(entry, data_dir=tmp_path), tmp_path)


def test_a_wrong_checksum_keeps_nothing_and_leaves_what_was_there(site: Site, entry: Entry, tmp_path: Path) -> None:
    fetch(entry, data_dir=tmp_path)
    site.body = BODY.replace(b"message 7 ", b"message 8 ")
    with pytest.raises(ValueError, match="SHA-256 .* as the catalogue says: nothing is kept"):
        fetch(entry, data_dir=tmp_path)
    assert (source_folder(entry, tmp_path) / entry.file_name).read_bytes() == BODY
    assert [path.name for path in (tmp_path / "sources").iterdir()] == ["nus-sms"]


def test_a_download_that_is_another_thing_keeps_nothing(site: Site, entry: Entry, tmp_path: Path) -> None:
    site.body = b"please sign in first"
    with pytest.raises(ValueError, match="is no nus-sms: nothing is kept"):
        fetch(replace(entry, sha256=None, url=site.url.replace(".jsonl", "")), data_dir=tmp_path)
    assert not list((tmp_path / "sources").iterdir())


def test_a_download_whose_preparation_is_interrupted_is_not_lost(
    site: Site, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("data.fetch.prepare", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch(entry, data_dir=tmp_path)
    assert fetch(entry, data_dir=tmp_path).check == "matches"
    assert site.asked == [None, f"bytes={len(BODY)}-"]


def test_a_missing_page_and_a_silent_server_are_one_line(site: Site, entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="/missing answers 404 Not Found"):
        fetch(replace(entry, url=site.url.replace("/messages.jsonl", "/missing")), data_dir=tmp_path)
    with pytest.raises(OSError, match="cannot reach .*--from PATH"):
        fetch(replace(entry, url="http://127.0.0.1:9/a.zip"), data_dir=tmp_path)


def test_a_file_at_hand_is_copied_and_its_checksum_told_not_forced(entry: Entry, tmp_path: Path) -> None:
    at_hand = tmp_path / "mine.jsonl"
    at_hand.write_bytes(BODY)
    assert fetch(entry, data_dir=tmp_path / "home", from_path=at_hand).check == "matches"
    at_hand.write_bytes(BODY[: BODY.index(b"\n") + 1])
    came = fetch(entry, data_dir=tmp_path / "home", from_path=at_hand)
    assert came.check == "differs"
    at_hand.unlink()
    assert len(load("nus-sms", data_dir=tmp_path / "home")) == 1


def test_a_folder_at_hand_is_copied_without_its_history(entry: Entry, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    for name in (".git/config", "data/2005-02-06.raw.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("[10:00] <ann> hi\n")
    irc = replace(entry, name="ubuntu-irc", loader="ubuntu_irc")
    came = fetch(irc, data_dir=tmp_path / "home", from_path=folder)
    assert (came.sha256, came.check, came.messages) == (None, "unknown", 1)
    assert [path.name for path in came.path.iterdir()] == ["data"]


def test_a_folder_with_one_file_in_it_stands_for_that_file(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "messages.jsonl").write_bytes(BODY)
    assert fetch(entry, data_dir=tmp_path / "home", from_path=tmp_path / "folder").check == "matches"


def test_what_is_not_that_corpus_is_refused_and_nothing_is_overwritten(entry: Entry, tmp_path: Path) -> None:
    folder = tmp_path / "irc" / "data"
    folder.mkdir(parents=True)
    (folder / "2005-02-06.raw.txt").write_text("[10:00] <ann> hi\n")
    with pytest.raises(ValueError, match="of the format ubuntu_irc, not nus_sms"):
        fetch(entry, data_dir=tmp_path / "home", from_path=folder.parent)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        fetch(entry, data_dir=tmp_path / "home", from_path=tmp_path / "nothing")
    assert not (tmp_path / "home" / "sources" / "nus-sms").exists()


def test_a_bad_file_at_hand_replaces_nothing(entry: Entry, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(BODY)
    bad.write_bytes(BODY + b"{oops\n")
    fetch(entry, data_dir=tmp_path / "home", from_path=good)
    with pytest.raises(ValueError, match=f"^{bad}, line 2001 is not JSON"):
        fetch(entry, data_dir=tmp_path / "home", from_path=bad)
    assert len(load("nus-sms", data_dir=tmp_path / "home")) == 2000


def test_a_file_at_hand_with_other_columns_is_told_what_fetch_can_do(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"who": "a", "body": "hi"}\n')
    with pytest.raises(ValueError, match=r"other\.jsonl, line 1: no 'user' column") as told:
        fetch(entry, data_dir=tmp_path / "home", from_path=tmp_path / "other.jsonl")
    assert "--user-column" not in str(told.value)
    assert "name the file itself as the corpus" in str(told.value)


def test_what_is_generated_is_not_fetched(entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to fetch"):
        fetch(replace(entry, url=None), data_dir=tmp_path)
