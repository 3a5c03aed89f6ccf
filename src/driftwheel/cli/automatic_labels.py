"""`driftwheel labels automatic`: have the rest of a pool labelled by its assistant, within an error bound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.services.assist.describe_automatic import AutomaticStanding

__all__ = ["add_commands"]

_PROJECT = typer.Argument(metavar="PROJECT", help="The project's name, or its key.")
_POOL = typer.Option("--pool", help="The pool, by its name; needed where the project has several.")
_BOUND = typer.Option("--bound", help="Begin: at most this share of what is accepted is wrong, as 0.02.")
_RISK = typer.Option("--risk", help="The chance that the bound is broken.")
_SAMPLE = typer.Option("--sample", help="Images that people answer first; else as many as it takes.")
_UNDO = typer.Option("--undo", help="Give all that a run accepted back to people, by the run's key.")


def _automatic(
    project: Annotated[str, _PROJECT],
    pool: Annotated[str | None, _POOL] = None,
    bound: Annotated[float | None, _BOUND] = None,
    risk: Annotated[float, _RISK] = 0.05,
    sample: Annotated[int | None, _SAMPLE] = None,
    undo: Annotated[int | None, _UNDO] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Have the rest of a pool labelled by its assistant, within an error bound; or say how that stands.

    With --bound it begins: people answer a random sample, then a worker accepts what the assistant is sure
    of, and leaves the rest to people. Without, the runs of the pool are shown.
    """
    import secrets

    import numpy as np

    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.exchange_labels import pool_named
    from driftwheel.cli.given import not_found_is_usage
    from driftwheel.errors import UsageError
    from driftwheel.services.assist.begin_automatic import begin_automatic
    from driftwheel.services.assist.describe_automatic import describe_automatic
    from driftwheel.services.assist.undo_automatic import undo_automatic
    from driftwheel.services.clock import utc_now
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.projects import project_named

    if bound is not None and undo is not None:
        raise UsageError("Give --bound to begin, or --undo to give back, not both.")
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        with reading(engine) as connection:
            found = project_named(connection, project)
            key = pool_named(connection, found, pool)
        with not_found_is_usage():
            if bound is not None:
                begin_automatic(
                    engine,
                    found.key,
                    key,
                    bound=bound,
                    risk=risk,
                    sample=sample,
                    by=acting_user(),
                    now=utc_now(),
                    rng=np.random.default_rng(secrets.randbits(128)),
                )
            elif undo is not None:
                undo_automatic(engine, found.key, key, undo, by=acting_user(), now=utc_now())
        with reading(engine) as connection:
            runs = describe_automatic(connection, key)
    for one in runs:
        _show(one)
    if not runs:
        typer.echo("Nothing was labelled automatically yet. Begin with: --bound 0.02")


def _show(one: AutomaticStanding) -> None:
    run = one.run
    typer.echo(f"run {run.key}: {run.state}, at most {run.bound:.2%} wrong with {1 - run.risk:.0%} certainty")
    typer.echo(f"  {run.reason}")
    typer.echo(f"  sample: {one.sample_answered:,} of {one.sample:,} answered")
    if run.threshold is not None:
        typer.echo(
            f"  accepted: {one.accepted:,}; audits: {one.audited:,} of {one.audits:,} answered, "
            f"{one.audited_wrong:,} wrong"
        )


def add_commands(app: typer.Typer) -> None:
    """Add the command to those of labels."""
    app.command("automatic")(_automatic)
