"""The commands: one file each. This one only gathers them, and turns a user's mistake into one line."""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import os
import sys
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from scripts.console import Stopped
from scripts.group import Group

# name -> (module, help); a module offers `command`, or `app` for a group of sub-commands.
_COMMANDS = {
    "demo": "Train across people with Flower on the embedded corpus, and show what each of them gains.",
    "simulate": "Run a federated simulation with Flower.",
    "evaluate": "Measure what federation and personalization gain on people's own text.",
    "compare": "Compare the shared models of several runs on the same people's text.",
    "type": "Type in the terminal, with suggestions that learn from you on this device.",
    "profile": "See, take in, take out or delete what the keyboard keeps of you.",
    "predict": "Suggest the next words for a text.",
    "corpus": "List, fetch and describe the corpora.",
    "pretrain": "Train a model on public text.",
    "distill": "Train a small model on public text and a larger model's advice.",
    "bench": "Measure how fast it is, against a named peer in the same run.",
    "report": "Write one page of runs: tables, figures, settings.",
    "results": "Write RESULTS.md from evaluated runs.",
}


_INTERRUPTED = 130  # as shells have it


class _Commands(Group):
    """Loads a command's file only when it is called, so that help and errors come at once."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"scripts.{cmd_name}")
        if hasattr(module, "app"):
            found: Any = typer.main.get_group(module.app)
        else:
            single = typer.Typer(add_completion=False)
            single.command(name=cmd_name, help=_COMMANDS[cmd_name])(module.command)
            found = typer.main.get_command(single)
        found.name = cmd_name  # a group has none of its own, and would be listed without
        found.short_help = _COMMANDS[cmd_name]
        return found


typer.core.HAS_RICH = False  # its boxes cut the names of options where a terminal has 80 columns

# Local variables may hold people's messages: no traceback shows them.
_app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)


@_app.callback(
    invoke_without_command=True,
    help="A keyboard that learns from everyone and from you, while nobody sees what you type.",
)
def _main(version: Annotated[bool, typer.Option("--version", help="print the version, and leave")] = False) -> None:
    if version:
        print(importlib.metadata.version("nextword"))
        raise typer.Exit


def app() -> None:
    """The command `nextword`: a mistake in what it is given ends in one line and exit code 2."""
    os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):  # numpy's products are small: threads only wait
        os.environ.setdefault(name, "1")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where it has no letter for something, the rest is told still
    try:
        code = _app(prog_name="nextword", standalone_mode=False)
    except typer.Abort:
        _end("stopped", 1)
    except Stopped as stopped:
        _end(str(stopped), _INTERRUPTED)
    except (ValueError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        _end(f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error), 2)
    except Exception as error:
        # A mistake in the options. Its class has no public name: it is click's, or of a copy that newer typers hold.
        if (message := getattr(error, "format_message", None)) is None:
            raise
        told, where = message(), getattr(error, "ctx", None)
        if where and told == where.get_help():  # nothing was asked of a group
            print(told)
        else:
            help_ = f" ('{where.command_path} --help' tells more)" if where else ""
            print(f"nextword: {' '.join(told.split()).removesuffix('.')}{help_}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))
    if code == _INTERRUPTED:  # what typer makes of a KeyboardInterrupt
        _end("stopped", code)
    if code:
        sys.exit(code)


def _end(message: str, code: int) -> NoReturn:
    print(f"nextword: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
