"""`driftwheel gate`, `promote` and `rollback`: which version of a model is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from driftwheel.cli.listing import Cell
    from driftwheel.performance.gate import GateCheck
    from driftwheel.services.release.gate_slice import GateSlice
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.release.gate_runs import GateRun

__all__ = ["gate", "promote", "register", "rollback"]

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_VERSION = typer.Argument(metavar="VERSION", help="The version's name.")
_ALERT = typer.Option("--alert", help="Better on what this alert is about; by default the newest one.", min=1)
_SINCE = typer.Option("--since", help="Better on records from then on, as 2026-03-04.")
_UNTIL = typer.Option("--until", help="Better on records before.")
_SEGMENT = typer.Option("--segment", help="Better on the records of a segment, as camera=2.")
_EVERYTHING = typer.Option("--everything", help="Better on all held-out images, whatever alerts say.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")
_REASON = typer.Option("--reason", help="Why; it is kept.")
_WITHOUT = typer.Option("--without-gate", help="Although the gate has not let it in; needs --reason.")
_TO = typer.Option("--to", help="An earlier champion; by default the one that this one replaced.")


def gate(
    model: Annotated[str, _MODEL],
    version: Annotated[str, _VERSION],
    alert: Annotated[int | None, _ALERT] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    segment: Annotated[str | None, _SEGMENT] = None,
    everything: Annotated[bool, _EVERYTHING] = False,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Compare a version with the champion on held-out images, and say whether it may replace it.

    The exit code is 0 where it may, 6 where it may not, and 4 where more labels are needed.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.exit_codes import EXIT_INSUFFICIENT, EXIT_KEPT_OUT
    from driftwheel.services.clock import utc_now
    from driftwheel.services.release.ask_gate import ask_gate
    from driftwheel.store.files.blobs import Blobs

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        chosen = _slice(engine, model, alert, since, until, segment, everything)
        asked = ask_gate(engine, model, version, chosen=chosen, by=acting_user(), now=utc_now())
        run = _made(engine, kept, asked.key)
    _tell(run, model, version, as_json)
    if run.decision != "promote":
        raise typer.Exit(EXIT_INSUFFICIENT if run.decision == "label_more" else EXIT_KEPT_OUT)


def promote(
    model: Annotated[str, _MODEL],
    version: Annotated[str, _VERSION],
    reason: Annotated[str, _REASON] = "",
    without_gate: Annotated[bool, _WITHOUT] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Make a version the champion of its model: servers answer with it within a second or two."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import quoted
    from driftwheel.services.clock import utc_now
    from driftwheel.services.release import promote as release

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        made = release.promote(
            engine, model, version, by=acting_user(), now=utc_now(), reason=reason, without_gate=without_gate
        )
    typer.echo(f"The champion of {quoted(model)} is {quoted(made.name)}")


def rollback(
    model: Annotated[str, _MODEL],
    to: Annotated[str | None, _TO] = None,
    reason: Annotated[str, _REASON] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Make the champion before this one the champion again; once more, it goes further back."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import quoted
    from driftwheel.services.clock import utc_now
    from driftwheel.services.release import promote as release

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        made = release.roll_back(engine, model, by=acting_user(), now=utc_now(), reason=reason, to=to)
    typer.echo(f"The champion of {quoted(model)} is {quoted(made.name)} again")


def _slice(
    engine: Engine,
    model: str,
    alert: int | None,
    since: str | None,
    until: str | None,
    segment: str | None,
    everything: bool,
) -> GateSlice | None:
    from driftwheel.cli.moments import as_moment
    from driftwheel.errors import UsageError
    from driftwheel.services.release.gate_slice import GateSlice, slice_of_alert
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    given = [since, until, segment]
    if sum((alert is not None, everything, any(given))) > 1:
        raise UsageError("Give --alert, or --everything, or --since, --until and --segment; not several.")
    if alert is not None:
        with reading(engine) as connection:
            return slice_of_alert(connection, find_model(connection, model), alert)
    if not everything and not any(given):
        return None
    tag, equals, value = (segment or "").partition("=")
    if segment is not None and not (tag and equals and value):
        raise UsageError(f"'{segment}' is no segment; give a tag and its value, as camera=2.")
    moments: list[datetime | None] = [None if one is None else as_moment(one) for one in (since, until)]
    return GateSlice(moments[0], moments[1], tag, value)


def _made(engine: Engine, blobs: Blobs, key: int) -> GateRun:
    """Make a gate run here, unless a worker has begun it: then wait for that."""
    import time

    from driftwheel.errors import DriftwheelError, UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.release.run_gate import fail_gate, run_gate
    from driftwheel.store.engine.database import reading
    from driftwheel.store.engine.named_lock import NamedLock
    from driftwheel.store.release.gate_runs import gate_run_by_key

    lock = NamedLock(engine, f"gate-{key}")
    while True:
        if lock.take():
            try:
                run_gate(engine, blobs, key, now=utc_now)
            except DriftwheelError as error:
                fail_gate(engine, key, str(error), now=utc_now())
                raise
            finally:
                lock.give_back()
        with reading(engine) as connection:
            run = gate_run_by_key(connection, key)
        if run is None or run.state == "failed":
            raise UsageError("It could not be compared." if run is None else str(run.reason))
        if run.state == "done":
            return run
        time.sleep(0.5)


def _tell(run: GateRun, model: str, version: str, as_json: bool) -> None:
    from driftwheel.cli.given import quoted
    from driftwheel.cli.listing import print_rows
    from driftwheel.services.release.gate_numbers import GateNumbers

    numbers = GateNumbers.from_json(run.numbers or {})
    print_rows("checks", [_row(one) for one in numbers.checks], as_json=as_json)
    if as_json:
        return
    for line in numbers.notes:
        typer.echo(line)
    if run.decision == "promote":
        do = f"Promote it with: driftwheel promote {quoted(model)} {quoted(version)}"
        typer.echo(f"{version} is let in. {'It is promoted.' if run.answer == 'promoted' else do}")
    elif run.decision == "refuse":
        typer.echo(f"{version} is kept out.")
    else:
        lacks = f"about {numbers.more:,} labels more are needed"
        typer.echo(f"It cannot be told yet: {lacks}. Gate run {run.key}.")


def _row(check: GateCheck) -> dict[str, Cell]:
    import math

    if check.asked in {"latency", "size"}:
        unit, scale = ("ms", 1000.0) if check.asked == "latency" else ("kB", 0.001)
        numbers = [f"{scale * one:,.3g} {unit}" for one in (check.champion, check.challenger, check.limit)]
        return {
            "asked": check.asked,
            "on": "one image" if check.asked == "latency" else "the file",
            "found": check.state,
            "images": None,
            "champion": numbers[0],
            "challenger": numbers[1],
            "difference": None,
            "needed": f"at most {numbers[2]}",
        }
    points = [100 * one for one in (check.low, check.high)]
    beyond = "above 0" if check.asked == "better" else f"above {100 * check.limit:g}"
    known = not math.isnan(check.champion)
    return {
        "asked": check.asked.replace("_", " "),
        "on": check.group,
        "found": check.state,
        "images": check.n,
        "champion": f"{check.champion:.1%}" if known else None,
        "challenger": f"{check.challenger:.1%}" if known else None,
        "difference": f"{points[0]:+.1f} to {points[1]:+.1f} points",
        "needed": f"{beyond}, {check.more:,} labels more" if check.more else beyond,
    }


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(gate)
    app.command()(promote)
    app.command()(rollback)
