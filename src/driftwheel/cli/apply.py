"""`driftwheel apply`: make models, monitors, wheels and channels what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.services.operate.plan_configuration import PlannedChange

__all__ = ["apply", "register"]

_FILE = typer.Argument(metavar="[FILE]", help="The file; - reads standard input.")
_DIFF = typer.Option("--diff", help="Show what is different, before and after.")
_DRY_RUN = typer.Option("--dry-run", help="Change nothing; say what would be changed.")
_PRUNE = typer.Option(
    "--prune",
    help="Also remove monitors of its models, and channels, that it does not name. Models and the "
    "policies of their wheels stay.",
)
_SIGNS = {"add": "+", "change": "~", "remove": "-"}
_DONE = {"add": "added", "change": "changed", "remove": "removed"}


def apply(
    file: Annotated[Path, _FILE] = Path("driftwheel.toml"),
    diff: Annotated[bool, _DIFF] = False,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    prune: Annotated[bool, _PRUNE] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Make models, monitors, wheels and channels what a file says; what it does not name stays.

    `driftwheel export toml` writes such a file. Of a wheel it is the policy, [models.NAME.wheel]. Addresses
    of channels hold ${NAME} in place of secrets, which is read from the environment.
    """
    import os

    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.operate.apply_configuration import apply_configuration
    from driftwheel.services.operate.configuration import read_configuration

    wanted = read_configuration(_text(file), os.environ, source=str(file))
    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine:
        changes = apply_configuration(
            engine,
            wanted,
            by=acting_user(),
            now=utc_now(),
            prune=prune,
            dry_run=dry_run,
            allow_private=settings.allow_private_channels,
        )
    for change in changes:
        _show(change, diff=diff)
    typer.echo(_summary(changes, dry_run=dry_run))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(apply)


def _text(file: Path) -> str:
    from driftwheel.errors import UsageError

    if str(file) == "-":
        return typer.get_text_stream("stdin").read()
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"'{file}' is no text in UTF-8.") from None
    except OSError as error:
        hint = "" if file.exists() else " Write one: driftwheel export toml -o driftwheel.toml"
        raise UsageError(f"Cannot read '{file}': {error.strerror or error}.{hint}") from None


def _show(change: PlannedChange, *, diff: bool) -> None:
    typer.echo(f"{_SIGNS[change.action]} {change.title}")
    if not diff:
        return
    for one in change.differences:
        if change.action == "change" and one.before is not None:
            typer.echo(f"    - {one.key} = {_written(one.before)}")
        if one.after is not None:
            typer.echo(f"    + {one.key} = {_written(one.after)}")


def _written(value: Any) -> str:
    from driftwheel.services.operate.toml_text import toml_value

    return toml_value(value)


def _summary(changes: tuple[PlannedChange, ...], *, dry_run: bool) -> str:
    if not changes:
        return "Nothing to change."
    counts = {action: sum(one.action == action for one in changes) for action in _DONE}
    said = ", ".join(f"{n} {_DONE[action]}" for action, n in counts.items() if n)
    return f"It would be: {said}. Nothing was changed." if dry_run else f"Done: {said}."
