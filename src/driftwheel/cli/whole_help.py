"""The list of commands in a help text, each with its whole first sentence."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["WholeHelp"]

_LONGEST = 400  # characters of a sentence; typer would cut it where the line ends


class WholeHelp(TyperGroup):
    """A group of commands whose help goes on in the next line where a line is full."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands that are not hidden, and what each is for."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_LONGEST))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
