"""`nextword profile`: what the keyboard keeps of you, in your hands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nextword.text import counted, normalise
from personalization import chats
from personalization.profile import Profile
from personalization.profile_folder import Damaged, erase_damaged
from scripts.console import print_json
from scripts.group import Group

app = typer.Typer(cls=Group, no_args_is_help=True, add_completion=False)

_Name = Annotated[str, typer.Option("--profile", help="whose")]
_Folder = Annotated[Path | None, typer.Option("--profiles-dir", help="where profiles are kept; else your data folder")]
_Word = Annotated[str, typer.Argument(help="in whatever capitals")]
_Json = Annotated[bool, typer.Option("--json", help="print JSON alone")]


def folder_of(name: str, profiles_dir: Path | None) -> Path:
    """Where a profile is kept. Raises ValueError for what is no plain name."""
    import platformdirs

    if not name or name.startswith(".") or not all(letter.isalnum() or letter in "-_." for letter in name):
        raise ValueError(f"--profile {name!r}: a name of letters, digits, - and _")
    return (profiles_dir or platformdirs.user_data_path("nextword") / "profiles") / name


@app.callback()
def _group() -> None:
    """What the keyboard keeps of you: take it in, look at it, take it out, delete it."""


@app.command("list")
def list_profiles(profiles_dir: _Folder = None, as_json: _Json = False) -> None:
    """The profiles that there are."""
    parent = folder_of("me", profiles_dir).parent
    found = sorted(path.parent.name for path in parent.glob("*/profile.json"))
    if as_json:
        print_json({"profiles_dir": str(parent), "profiles": found})
        return
    for profile in found:
        print(profile)
    if not found:
        print(f"none yet in {parent}; 'nextword type' makes one")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="text, a message a line, a chat as WhatsApp exports it, a .csv, or what 'profile export' wrote"
        ),
    ],
    who: Annotated[str, typer.Option(help="whose messages of a chat are yours")] = "",
    name: _Name = "me",
    profiles_dir: _Folder = None,
) -> None:
    """Learn from messages that you have written elsewhere; of a file learned before, only from those after them.

    A file that has grown is known again by three different messages or more; with fewer, all of it is learned anew.
    """
    written = chats.read(file)
    if "" in written and who:
        raise ValueError(f"{file}: no chat with names, so --who has nothing to choose")
    if who not in written:
        raise ValueError(f"{file}: a chat; say with --who which of these is you: {', '.join(written)}")
    with Profile(folder_of(name, profiles_dir)) as profile:
        found = written[who]
        new, known = profile.restore(found.events) if isinstance(found, chats.Exported) else profile.take_in(found)
        if known and not new:
            print(f"{file} was learned before; nothing new")
            return
        before = f"; {known:,} before them were learned already" if known else ""
        print(f"{counted(new, 'message')} learned, {len(profile.contents.messages):,} in all{before}")


@app.command()
def words(
    beginning: Annotated[str, typer.Argument(help="only words that begin so")] = "",
    most: Annotated[int, typer.Option(min=1, help="at most so many, the most frequent ones")] = 50,
    name: _Name = "me",
    profiles_dir: _Folder = None,
    as_json: _Json = False,
) -> None:
    """The words that it has learned from you, and those that it never offers."""
    with _there(name, profiles_dir) as profile:
        contents = profile.contents
        frequent = contents.own.frequent(most, normalise(beginning))
        learned = [{"word": contents.own.written(word) or word, "times": times} for word, times in frequent]
        hidden = sorted(word for word in contents.blocked if word.startswith(normalise(beginning)))
    if as_json:
        print_json({"words": learned, "never_offered": hidden})
        return
    for known in learned:
        print(f"{known['times']:7.1f}  {known['word']}")
    if hidden:
        print(f"never offered: {', '.join(hidden)}")


@app.command()
def forget(word: _Word, name: _Name = "me", profiles_dir: _Folder = None) -> None:
    """Unlearn a word, until you type it again.

    It is taken out of all that is written down of you, unless a training that is in use may know it.
    """
    with _there(name, profiles_dir) as profile:
        if normalise(word) not in profile.contents.own:
            raise ValueError(f"{word}: not a word that was learned; 'nextword profile words' lists those")
        profile.forget(word)
        print(f"{word}: forgotten")
        _tell_of_trainings(profile)


@app.command()
def rename(
    old: Annotated[str, typer.Argument(help="a word that was learned")],
    new: Annotated[str, typer.Argument(help="the word that was meant, as it is to be written")],
    name: _Name = "me",
    profiles_dir: _Folder = None,
) -> None:
    """Say which word was meant by one: it is counted as that, and your messages have that in its place."""
    with _there(name, profiles_dir) as profile:
        if normalise(old) not in profile.contents.own:
            raise ValueError(f"{old}: not a word that was learned; 'nextword profile words' lists those")
        profile.rename(old, new)
        print(f"{old}: counted as {new} from now on")
        _tell_of_trainings(profile)


@app.command()
def block(word: _Word, name: _Name = "me", profiles_dir: _Folder = None) -> None:
    """Never offer a word again, however it is written."""
    with _there(name, profiles_dir) as profile:
        profile.block(word)
        print(f"{word}: never offered again; 'nextword profile unblock' undoes it")


@app.command()
def unblock(word: _Word, name: _Name = "me", profiles_dir: _Folder = None) -> None:
    """Offer it again."""
    with _there(name, profiles_dir) as profile:
        if normalise(word) not in profile.contents.blocked:
            raise ValueError(f"{word}: not among the words that are never offered")
        profile.unblock(word)
        print(f"{word}: may be offered again")


@app.command()
def write(
    form: Annotated[str, typer.Argument(help="the word, with its capitals")],
    name: _Name = "me",
    profiles_dir: _Folder = None,
) -> None:
    """Say how a word is to be written, as with its capitals."""
    with _there(name, profiles_dir) as profile:
        profile.write(form)
        print(f"{form}: written so from now on")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="that is not there yet")],
    name: _Name = "me",
    profiles_dir: _Folder = None,
) -> None:
    """Write all that you did to a new file, a line of JSON for each thing; figures and a draft are not among it."""
    with _there(name, profiles_dir) as profile:
        profile.export(file)
        print(f"{file}: {counted(len(profile.contents.messages), 'message')}, and what you said of words")


@app.command()
def erase(
    name: _Name = "me",
    profiles_dir: _Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Delete all that is kept, also of a profile that is damaged."""
    try:
        opened = _there(name, profiles_dir)
    except Damaged as damaged:
        _ask(f"{damaged.where}. Delete all that is kept, which cannot be read?", yes)
        erase_damaged(folder_of(name, profiles_dir))
        print(f"{name}: all deleted")
        return
    with opened as profile:
        kept = counted(len(profile.contents.messages), "message")
        _ask(f"Delete {kept} and all that was learned?", yes)
        profile.erase()
        print(f"{name}: {kept} deleted; the profile goes on, empty")


def _ask(question: str, yes: bool) -> None:
    """Leave where the answer is no; it may have been given with the command."""
    if not yes and not typer.confirm(question):
        raise typer.Exit(1)


def _tell_of_trainings(profile: Profile) -> None:
    if profile.trained:
        print("a training made before still knows it: undo that in 'nextword type', or train again")


def _there(name: str, profiles_dir: Path | None) -> Profile:
    """A profile that exists already."""
    folder = folder_of(name, profiles_dir)
    if not (folder / "profile.json").is_file():
        raise FileNotFoundError(f"{folder}: no such profile; 'nextword profile list' tells those that there are")
    return Profile(folder)
