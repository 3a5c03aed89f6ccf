"""`driftwheel monitors`: what is watched of a model, and when it becomes an alert."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.alert.replay_monitor import Replay

__all__ = ["add", "change", "list_all", "register", "remove", "show", "signals", "try_out"]

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_SOME_MODEL = typer.Argument(metavar="MODEL", help="The model's name; without it, of all models.")
_NAME = typer.Argument(metavar="NAME", help="The monitor's name, such as 'dark images'.")
_WHEN = typer.Argument(
    metavar="RULE", help="What is not to be: 'drift is found', 'accuracy below 90 % and records above 100'."
)
_NEW_WHEN = typer.Option("--when", metavar="RULE", help="Another rule.")
_TRIED = typer.Argument(metavar="RULE|NAME", help="A rule, or the name of a monitor of the model.")
_SEVERITY = typer.Option("--severity", help="info, warning or critical.")
_SEGMENT = typer.Option(
    "--segment",
    metavar="TAG",
    help="A tag whose values are watched one by one, '' for the whole model; may be given again; else all.",
)
_ALL = typer.Option("--all-segments", help="Watch the whole model and every segment.")
_BREACHES = typer.Option("--breaches", min=1, max=100, help="It fires when so many windows are in breach …")
_OF = typer.Option("--of-windows", min=1, max=100, help="… of so many; else of as many.")
_KEEP = typer.Option(
    "--keep-firing-for", min=1, max=100, help="It is resolved after so many clear windows in a row."
)
_LEAST = typer.Option("--least-n", min=1, help="With a smaller sample nothing is said of a window.")
_NOTE = typer.Option("--note", help="What whoever is told should know.")
_ON = typer.Option("--on/--off", help="Switch it on or off; off, its alerts are closed.")
_REASON = typer.Option("--reason", help="Why it is switched off.")
_SINCE = typer.Option("--since", help="Windows from then on, as 2026-03-04 or 2026-03-04T05:06:07Z.")
_UNTIL = typer.Option("--until", help="Windows until then.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(
    help="Monitors: what is watched of a model, and when it becomes an alert.", no_args_is_help=True
)


@_APP.command(name="list")
def list_all(
    model: Annotated[str | None, _SOME_MODEL] = None,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the monitors of a model, or of all: those with alerts first, then the gravest, those off last."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.services.alert.describe_monitors import describe_monitors
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model, list_models

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        models = list_models(connection) if model is None else [find_model(connection, model)]
        found = [(its.name, one) for its in models for one in describe_monitors(connection, its)]
    rows: list[dict[str, Cell]] = [
        {
            **({"model": its} if model is None else {}),
            "name": one.stored.name,
            "severity": str(one.stored.definition.get("severity", "")),
            "on": one.stored.enabled,
            "says": None if one.shown is None else one.shown.result.replace("_", " "),
            "alerts": len(one.firing),
            "when": str(one.stored.definition.get("when", "")),
            **(
                {"from": one.stored.origin, "changed": one.stored.changed, "by": one.stored.by}
                if as_json
                else {}
            ),
        }
        for its, one in found
    ]
    hint = "They appear by themselves with the first reference of a model: driftwheel reference set MODEL"
    print_rows("monitors", rows, as_json=as_json, sentence="when", hint=hint)


@_APP.command()
def show(
    model: Annotated[str, _MODEL],
    name: Annotated[str, _NAME],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show one monitor: its definition as in driftwheel.toml, and who changed it when (UTC)."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.outputs import write_json
    from driftwheel.services.operate.toml_text import toml_text
    from driftwheel.store.alerts.monitors import find_monitor, list_revisions
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        stored = find_monitor(connection, find_model(connection, model).key, name)
        revisions = list_revisions(connection, stored.key)
    definition = dict(stored.definition) | {"enabled": stored.enabled}
    if as_json:
        write_json({"name": stored.name, "revision": stored.revision, **definition}, Path("-"))
        return
    typer.echo(toml_text({"models": {model: {"monitors": {stored.name: definition}}}}))
    for one in revisions:
        when = one.definition.get("when", "")
        typer.echo(f"revision {one.revision}: {one.time:%Y-%m-%d %H:%M} by {one.by}: {when}")


@_APP.command()
def add(
    model: Annotated[str, _MODEL],
    name: Annotated[str, _NAME],
    when: Annotated[str, _WHEN],
    severity: Annotated[str, _SEVERITY] = "warning",
    segment: Annotated[list[str] | None, _SEGMENT] = None,
    breaches: Annotated[int, _BREACHES] = 1,
    of_windows: Annotated[int | None, _OF] = None,
    keep_firing_for: Annotated[int, _KEEP] = 1,
    least_n: Annotated[int, _LEAST] = 20,
    note: Annotated[str, _NOTE] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Add a monitor; windows that are over by now never page. Try it first: driftwheel monitors try."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.monitors.monitor import monitor_from
    from driftwheel.services.alert.change_monitor import add_monitor
    from driftwheel.services.clock import utc_now

    given = {
        "when": when,
        "severity": severity,
        "segments": segment or None,
        "breaches": breaches,
        "of_windows": of_windows,
        "keep_firing_for": keep_firing_for,
        "least_n": least_n,
        "note": note,
    }
    monitor = monitor_from(name, _said(given))
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        add_monitor(engine, model, monitor, origin="api", by=acting_user(), now=utc_now())
    typer.echo(f"Added the monitor '{name}' to {model}.")


@_APP.command()
def change(
    model: Annotated[str, _MODEL],
    name: Annotated[str, _NAME],
    when: Annotated[str | None, _NEW_WHEN] = None,
    on: Annotated[bool | None, _ON] = None,
    reason: Annotated[str, _REASON] = "",
    severity: Annotated[str | None, _SEVERITY] = None,
    all_segments: Annotated[bool, _ALL] = False,
    segment: Annotated[list[str] | None, _SEGMENT] = None,
    breaches: Annotated[int | None, _BREACHES] = None,
    of_windows: Annotated[int | None, _OF] = None,
    keep_firing_for: Annotated[int | None, _KEEP] = None,
    least_n: Annotated[int | None, _LEAST] = None,
    note: Annotated[str | None, _NOTE] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Change a monitor, or switch it off and on; what is not named stays as it is."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.monitors.monitor import monitor_from
    from driftwheel.services.alert.change_monitor import change_monitor, switch_monitor
    from driftwheel.services.clock import utc_now
    from driftwheel.store.alerts.monitors import find_monitor
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    given = {
        "when": when,
        "severity": severity,
        "segments": segment or None,
        "breaches": breaches,
        "of_windows": of_windows,
        "keep_firing_for": keep_firing_for,
        "least_n": least_n,
        "note": note,
    }
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        with reading(engine) as connection:
            before = find_monitor(connection, find_model(connection, model).key, name).definition
        changes = _said(given, before)
        kept = {key: value for key, value in before.items() if key != "segments" or not all_segments}
        if changes or all_segments:
            monitor = monitor_from(name, kept | changes)
            change_monitor(engine, model, monitor, origin="api", by=acting_user(), now=utc_now())
        if on is not None:
            switch_monitor(engine, model, name, enabled=on, reason=reason, by=acting_user(), now=utc_now())
    typer.echo(f"Changed the monitor '{name}' of {model}.")


@_APP.command(name="try")
def try_out(
    model: Annotated[str, _MODEL],
    tried: Annotated[str, _TRIED],
    breaches: Annotated[int | None, _BREACHES] = None,
    of_windows: Annotated[int | None, _OF] = None,
    keep_firing_for: Annotated[int | None, _KEEP] = None,
    least_n: Annotated[int | None, _LEAST] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Try a rule on past windows: how often would it have fired (UTC)? Nothing is saved."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.moments import as_moment
    from driftwheel.monitors.monitor import monitor_from
    from driftwheel.services.alert.replay_monitor import replay_monitor
    from driftwheel.store.alerts.monitors import list_monitors
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    given = {
        "breaches": breaches,
        "of_windows": of_windows,
        "keep_firing_for": keep_firing_for,
        "least_n": least_n,
    }
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        with reading(engine) as connection:
            there = {one.name: one for one in list_monitors(connection, find_model(connection, model).key)}
        known = dict(there[tried].definition) if tried in there else {"when": tried}
        found = replay_monitor(
            engine,
            model,
            monitor_from(tried if tried in there else "tried", known | _said(given, known)),
            since=None if since is None else as_moment(since),
            until=None if until is None else as_moment(until),
        )
    _show_replay(found, as_json=as_json)


@_APP.command()
def remove(
    model: Annotated[str, _MODEL],
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Remove a monitor with what it said; its alerts are closed and stay."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.alert.change_monitor import remove_monitor
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        remove_monitor(engine, model, name, by=acting_user(), now=utc_now())
    typer.echo(f"Removed the monitor '{name}' of {model}.")


@_APP.command()
def signals(as_json: Annotated[bool, _JSON] = False) -> None:
    """List the signals that rules can name."""
    from driftwheel.cli.listing import print_rows
    from driftwheel.monitors.signal import SIGNALS

    rows: list[dict[str, Cell]] = [
        {"signal": one.name, "unit": one.unit or None, "meaning": one.meaning} for one in SIGNALS
    ]
    print_rows("signals", rows, as_json=as_json, sentence="meaning")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="monitors")


def _said(given: dict[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what was given; so many breaches need as many windows, where those were not given too."""
    said = {key: value for key, value in given.items() if value is not None}
    if before is not None and "breaches" in said and "of_windows" not in said:
        said["of_windows"] = max(said["breaches"], before.get("of_windows", 1))
    return said


def _show_replay(found: Replay, *, as_json: bool) -> None:
    from driftwheel.cli.listing import print_rows

    rows: list[dict[str, Cell]] = [
        {
            "segment": f"{segment.tag}={segment.value}" if segment.tag else "",
            "from": one.began,
            "until": one.last_breach,
            "ended": one.ended,
            "flapping": one.flapping,
        }
        for segment in found.segments
        for one in segment.episodes
    ]
    if as_json or rows:
        print_rows("alerts", rows, as_json=as_json)
    if not as_json:
        times = "once" if found.fired == 1 else f"{found.fired:,} times"
        typer.echo(f"It would have fired {times} in {found.windows:,} windows.")
