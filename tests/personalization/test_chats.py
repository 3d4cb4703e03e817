"""Chats as phones export them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest

from personalization import chats

ANDROID = """31/12/2023, 22:15 - Messages and calls are end-to-end encrypted.
31/12/2023, 22:15 - Ann: hello: you
there
31/12/2023, 22:16 - Ben Two: <Media omitted>
31/12/2023, 22:17 - Ann: see you
31/12/2023, 22:18 - Ann: This message was deleted
31/12/2023, 22:18 - Ben Two: ok"""
APPLE = """\u200e[12/31/23, 10:15:03\u202fPM] Ann: hello: you
there
[12/31/23, 10:16:00\u202fPM] Ben Two: \u200eimage omitted
[12/31/23, 10:17:00\u202fPM] \u202aAnn\u202c: see you \u200e<This message was edited>
[12/31/23, 10:17:30\u202fPM] Ann: \u200eThis message was deleted.
[12/31/23, 10:18:00\u202fPM] Ben Two: ok"""


@pytest.mark.parametrize("chat", [ANDROID, APPLE], ids=["android", "apple"])
def test_each_ones_messages_are_told_apart(chat: str) -> None:
    lines = chat.splitlines()
    assert chats.is_chat(lines)
    assert _names(lines) == ["Ann", "Ben Two"]
    assert _messages_of(lines, "Ann") == ["hello: you\nthere", "see you"]
    assert _messages_of(lines, "Ben Two") == ["ok"]


def test_a_chat_of_long_messages_is_one(tmp_path: Path) -> None:
    """By its first line: else what others wrote in it would be taken for one's own."""
    told = ANDROID.replace("hello: you\nthere", "hello\n" + "line\n" * 20 + "end")
    (tmp_path / "chat.txt").write_text(told, encoding="utf-8")
    found = chats.read(tmp_path / "chat.txt")
    assert list(found) == ["Ann", "Ben Two"]
    assert found["Ben Two"] == ["ok"]


@pytest.mark.parametrize(
    "head",
    [
        "31/12/23, 10:15 p. m. - ",  # Spanish
        "31/12/23, 10:15\u202fp.\u00a0m. - ",
        "31/12/23 a las 22:15 - ",
        "[31/12/23, 10:15:03 p. m.] ",
        "31/12/2023 à 22:15 - ",  # French
        "[31/12/2023 à 22:15:03] ",
        "31.12.23, 22:15 - ",  # German
        "31.12.23 um 22:15 - ",
        "31-12-2023 22:15 - ",  # Dutch
        "31-12-23 om 22:15 - ",
        "31/12/23 22.15 - ",  # Indonesian
        "31.12.2023 klo 22.15 - ",  # Finnish
        "2023. 12. 31. 22:15 - ",  # Hungarian
        "2023/12/31 下午10:15 - ",  # Chinese
        "[2023/12/31 下午10:15:03] ",
        "2023. 12. 31. 오후 10:15 - ",  # Korean
        "31\u200f/12\u200f/2023، 10:15 م - ",  # Arabic
    ],
)
def test_a_chat_is_one_in_whatever_language_the_phone_speaks(head: str, tmp_path: Path) -> None:
    """Else what others wrote in it, names and dates would be taken for one's own."""
    file = tmp_path / "chat.txt"
    file.write_text(f"{head}(…)\n{head}Ana: hola: tú\n12:15 - ya\n{head}王 Two: ok\n{head}Ana: sí\n", encoding="utf-8")
    assert chats.read(file) == {"Ana": ["hola: tú\n12:15 - ya", "sí"], "王 Two": ["ok"]}


@pytest.mark.parametrize("head", ["22:15, 31/12/2023 - ", "31/12/2023 22:15 | ", "(2023-12-31) "])
def test_what_looks_like_a_chat_of_another_form_is_refused(head: str, tmp_path: Path) -> None:
    file = tmp_path / "chat.txt"
    file.write_text(f"{head}Ann: hello\n{head}Ben: ok\nand so on\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"chat\.txt: looks like a chat, of a form that is not known"):
        chats.read(file)


@pytest.mark.parametrize(
    "mark",
    [
        "<Medien ausgeschlossen>",
        "<Multimedia omitido>",
        "<Médias omis>",
        "<Media omessi>",
        "<Mídia oculta>",
        "<Media weggelaten>",
        "<Media tidak disertakan>",
        "Diese Nachricht wurde gelöscht.",
        "IMG-0001.jpg (archivo adjunto)",
        "\u200e何か",  # as phones of Apple mark it
    ],
)
def test_what_the_app_puts_in_the_place_of_a_message_is_left_out(mark: str, tmp_path: Path) -> None:
    file = tmp_path / "chat.txt"
    file.write_text(f"[31/12/23 22:15:03] Ann: {mark}\n[31/12/23 22:15:04] Ann: ok\u200e <…>\n", encoding="utf-8")
    assert chats.read(file) == {"Ann": ["ok <…>"]}
    file.write_text(f"[31/12/23 22:15:03] Ann: {mark}\n[31/12/23 22:15:04] Ann: ok \u200e<…>\n", encoding="utf-8")
    assert chats.read(file) == {"Ann": ["ok"]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"name": "Ann", "messages": [{"from": "Ann", "text": "hello"}]}, indent=1),  # Telegram
        json.dumps([{"sender_name": "Ann", "content": "hi"}], indent=2),
        "<!DOCTYPE html>\n<html>\n<body>\nhello\n</body>\n</html>\n",
        '<?xml version="1.0"?>\n<smses count="1">\n<sms body="hello there"/>\n</smses>',
        "[LINE] Chat with Ann\n\n2023/12/31(Sun)\n22:15\tAnn\thello\n22:16\tBen\thi\n22:17\tAnn\tok\n",
        "[Ann] [\uc624\ud6c4 10:15] hello\n[Ben] [\uc624\ud6c4 10:16] hi\n",  # KakaoTalk
        "2023\ub144 12\uc6d4 31\uc77c \uc624\ud6c4 10:15, Ann : hello\n2023\ub144 12\uc6d4 31\uc77c 10:16, Ben : hi\n",
        "22:15 < ann> hello\n22:16 <@ben> hi\n",  # irssi
        "[31-Dec-23 10:15 PM] ann\nhello there\n\n[31-Dec-23 10:16 PM] ben\nhi\n",  # Discord
    ],
)
def test_an_export_of_another_app_is_refused(text: str, tmp_path: Path) -> None:
    """Else what others wrote, names and markup would be taken for one's own."""
    file = tmp_path / "chat.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"chat\.txt: looks like a chat, of a form that is not known"):
        chats.read(file)


def test_what_is_written_below_a_picture_is_a_message(tmp_path: Path) -> None:
    file = tmp_path / "chat.txt"
    head = "31/12/2023, 22:15 - Ann: "
    file.write_text(f"{head}<Media omitted>\nlook at that\n{head}IMG-1.jpg (file attached)\nand\nthat\n{head}ok\n")
    assert chats.read(file) == {"Ann": ["look at that", "and\nthat", "ok"]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\nsee you",
        "12:15 - see you: there\nok\nhaha",
        "at 22:15 - Ann: no",
        "see [1] <3\n<3 you",
        "{a}\n[b]",
        "<hi> there\nat 10:15",
        "1/2 tea: ok\n1.5.2 is out",
    ],
)
def test_plain_text_is_no_chat(text: str, tmp_path: Path) -> None:
    assert not chats.is_chat(text.splitlines())
    (tmp_path / "mine.txt").write_text(text, encoding="utf-8")
    assert chats.read(tmp_path / "mine.txt") == {"": text.splitlines()}


def test_a_file_is_read_by_who_has_written_in_it(tmp_path: Path) -> None:
    file = tmp_path / "chat.txt"
    file.write_text("\ufeff" + ANDROID, encoding="utf-8")
    assert list(chats.read(file)) == ["Ann", "Ben Two"]
    assert chats.read(file) == {"Ann": ["hello: you\nthere", "see you"], "Ben Two": ["ok"]}
    file.write_text("hello\n\n  \nsee you", encoding="utf-8")
    assert chats.read(file) == {"": ["hello", "see you"]}
    file.write_text(ANDROID.splitlines()[0], encoding="utf-8")
    with pytest.raises(ValueError, match="nobody has written"):
        chats.read(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not a text in UTF-8"):
        chats.read(file)


def test_a_file_is_gone_through_once_however_many_have_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pass for each of them a group of some hundred takes long, and no word is offered meanwhile."""
    told = Mock(wraps=chats._told)
    monkeypatch.setattr(chats, "_told", told)
    file = tmp_path / "group.txt"
    lines = [f"31/12/2023, 22:15 - Name {n % 9}: hello {n}" for n in range(40)]
    file.write_text("\n".join(lines), encoding="utf-8")
    found = chats.read(file)
    assert told.call_count == 1
    assert list(found) == _names(lines)
    assert found == {who: _messages_of(lines, who) for who in _names(lines)}


def test_an_export_of_a_profile_is_read_as_its_messages(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    events = [{"sent": "teh Zoque"}, {"sent": "ok", "import": 1}, {"renamed": "teh", "to": "the"}, {"forgot": "ok"}]
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    assert chats.read(file) == {"": ["the Zoque", ""]}
    for line in ('{"text": "hello", "user": "Ann"}', '{"sent": 3}', "{}"):
        file.write_text(f'{{"sent": "hello"}}\n\n{line}\n', encoding="utf-8")
        with pytest.raises(ValueError, match=r"mine\.jsonl: JSON lines, not a text; give a message a line"):
            chats.read(file)
    for text in ("[1]\n", '{"sent": "hello"}\nok\n', "[" * 100_000):
        file.write_text(text, encoding="utf-8")
        assert chats.read(file) == {"": text.splitlines()}


def test_a_message_of_spaces_is_read_at_once(tmp_path: Path) -> None:
    """Not in a time that grows with their square: minutes, for so many."""
    file = tmp_path / "chat.txt"
    spaces = " " * 200_000
    file.write_text(f"31/12/2023, 22:15 - Ann: one{spaces}two <This message was edited>\n", encoding="utf-8")
    assert chats.read(file) == {"Ann": [f"one{spaces}two"]}


def test_a_name_tells_the_terminal_nothing(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text("31/12/2023, 22:15 - An\x1b]0;x\x07n: hello\n", encoding="utf-8")
    assert chats.read(tmp_path / "chat.txt") == {"An]0;xn": ["hello"]}


def test_a_name_without_a_letter_is_nobody(tmp_path: Path) -> None:
    """Or a chat would look like plain text, of which nobody can be chosen."""
    file = tmp_path / "chat.txt"
    file.write_text("31/12/2023, 22:15 - \u200e: hi\n31/12/2023, 22:16 - Ann: ok\n", encoding="utf-8")
    assert chats.read(file) == {"Ann": ["ok"]}


DISCORD = 'AuthorID,Author,Date,Content,Attachments\n1,ann,2023-12-31,"hello, you\nthere",\n2,ben,2024-01-01,ok,a.png\n'
PHONE = (
    "Type;Date;Name / Number;Sender;Text\nIncoming;today;555;Ben;hey\nOutgoing;today;;;see you\nIncoming;today;5;Ben;\n"
)


@pytest.mark.parametrize(
    ("name", "table", "written"),
    [
        ("a.csv", DISCORD, {"ann": ["hello, you\nthere"], "ben": ["ok"]}),
        ("a.CSV", "\ufeff" + DISCORD.replace("\n", "\r\n"), {"ann": ["hello, you\nthere"], "ben": ["ok"]}),
        ("a.csv", PHONE, {"Ben": ["hey"], "(no name)": ["see you"]}),
        ("a.tsv", 'Message\tTime\nsay "hi", ok\tnow\nwell\tthen\n', {"": ['say "hi", ok', "well"]}),
        ("a.csv", "text\nso, it begins\n\nand ends\n", {"": ["so, it begins", "and ends"]}),
    ],
)
def test_a_table_is_read_by_the_names_of_its_columns(
    name: str, table: str, written: dict[str, list[str]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(table, encoding="utf-8", newline="")
    assert chats.read(tmp_path / name) == written


@pytest.mark.parametrize(
    "table",
    ["", "hello, you\nsee you, then\n", f"text,who\n{'x' * 200_000},me\n", "ID,Contents\n", f"{'x' * 200_000},text\n"],
)
def test_a_table_that_cannot_be_read_is_told_in_one_line(table: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.csv: (a chat in which nobody|(not )?a table)"):
        chats.read(tmp_path / "a.csv")


def _names(lines: Sequence[str]) -> list[str]:
    """Who has written in a chat, those with most messages first."""
    return [who for who, _ in Counter(who for who, _ in chats._told(lines)).most_common()]


def _messages_of(lines: Sequence[str], who: str) -> list[str]:
    """What one of them has written, oldest first; what is no text, such as omitted pictures, is left out."""
    return [text for name, text in chats._told(lines) if name == who and chats._is_text(text)]
