"""A command with sub-commands: it tells of each in whole sentences, and names the nearest where one is mistyped."""

from __future__ import annotations

import difflib
from typing import Any

import typer.core


class Group(typer.core.TyperGroup):
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if (found := super().get_command(ctx, cmd_name)) is not None:
            found.short_help = found.short_help or (found.help or "").partition("\n\n")[0]  # else cut to one line
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Raises ValueError for a command that there is not."""
        name, there = args[0], self.list_commands(ctx)
        if name not in there and not name.startswith("-"):
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(there)}"
            raise ValueError(f"there is no command {name!r}; {hint}")
        return super().resolve_command(ctx, args)
