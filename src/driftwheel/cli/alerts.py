"""`driftwheel alerts`: what is wrong, and what people do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.alert.list_alerts import Alert

__all__ = ["acknowledge", "close", "list_all", "register", "show", "snooze", "unsnooze"]

_KEY = typer.Argument(metavar="KEY", min=1, help="The alert's number, as the list says it.")
_KEYS = typer.Argument(metavar="KEY...", min=1, help="The alerts' numbers.")
_MODEL = typer.Option("--model", metavar="NAME", help="Those of this model.")
_SEVERITY = typer.Option("--severity", help="Those that are info, warning or critical.")
_STATE = typer.Option(
    "--state",
    help="open (the usual choice), firing, recovering, pending, acknowledged, snoozed, ended, resolved or "
    "closed.",
)
_LIMIT = typer.Option("--limit", min=1, max=1000, help="Most that ended, the newest.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")
_NOTE = typer.Option("--note", help="What others should know.")
_FOR = typer.Option("--for", metavar="TIME", help="For how long, such as 90m, 4h or 3d.")
_UNTIL = typer.Option("--until", metavar="MOMENT", help="Until then, as 2026-03-04 or 2026-03-04T05:06:07Z.")
_REASON = typer.Option("--reason", help="Why.")

_BELOW = ("until", "acknowledged by", "snoozed until", "explained by")

_APP = typer.Typer(help="Alerts: what is wrong, and what people do about it.", no_args_is_help=True)


@_APP.command(name="list")
def list_all(
    model: Annotated[str | None, _MODEL] = None,
    severity: Annotated[str | None, _SEVERITY] = None,
    state: Annotated[str, _STATE] = "open",
    limit: Annotated[int, _LIMIT] = 50,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List alerts: those that wait for somebody first, then the gravest (UTC)."""
    from dataclasses import replace
    from typing import cast

    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.monitors.monitor import SEVERITIES, Severity
    from driftwheel.services.alert.list_alerts import ALERT_STATES, AlertQuery, AlertState, list_alerts
    from driftwheel.services.clock import utc_now
    from driftwheel.store.engine.database import reading

    severity = None if severity is None else _one_of(severity, SEVERITIES, "severity")
    wanted = _one_of(state, ALERT_STATES, "state of alerts")
    query = AlertQuery(model, cast("Severity | None", severity), cast("AlertState", wanted))
    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        found = list_alerts(connection, query, utc_now(), limit=limit)
        ended = list_alerts(connection, replace(query, state="ended"), utc_now(), limit=1).ended
    rows = [_row(one) for one in (*found.open, *found.ended)]
    if not rows and not as_json and wanted == "open":
        also = " See those that ended: driftwheel alerts list --state ended" if ended else ""
        typer.echo(f"No alert is open.{also}")
        return
    print_rows("alerts", rows, as_json=as_json, sentence="what", below=_BELOW)


@_APP.command()
def show(
    key: Annotated[int, _KEY],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show one alert: what went wrong, what was expected, and who was told of it (UTC)."""
    from driftwheel.alerts.message import entry_to_json
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.outputs import write_json
    from driftwheel.errors import UsageError
    from driftwheel.notify.facts import facts, heading
    from driftwheel.services.alert.describe_alert import describe_alert
    from driftwheel.services.alert.list_alerts import Alert
    from driftwheel.store.engine.database import reading

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        try:
            found = describe_alert(connection, key)
        except LookupError as error:
            raise UsageError(f"{error} List them: driftwheel alerts list") from None
    alert = Alert(found.episode, found.model.name, found.entry)
    told = [
        {"channel": one.channel, "kind": one.message.kind, "state": one.message.state} for one in found.told
    ]
    if as_json:
        row = {name.replace(" ", "_"): _json_cell(cell) for name, cell in _row(alert).items()}
        said = None if found.entry is None else entry_to_json(found.entry)
        write_json({"alert": row, "message": said, "told": told}, Path("-"))
        return
    for name, cell in _row(alert).items():
        if cell is not None:
            typer.echo(f"{name}: {_words(cell)}")
    if found.entry is not None:
        typer.echo(f"\n{heading(found.entry)}")
        for fact in facts(found.entry):
            if fact.text:
                typer.echo(f"  {fact.label}: {fact.text}")
    for one in told:
        typer.echo(f"told: {one['channel']}, {one['kind']}, {one['state']}")


@_APP.command()
def acknowledge(
    key: Annotated[int, _KEY],
    note: Annotated[str, _NOTE] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Say that you are on it: it is not repeated any more."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        one = acknowledge_alert(engine, key, by=acting_user(), note=note, now=utc_now())
    typer.echo(f"Acknowledged the alert '{one.name}'; its end is still told.")


@_APP.command()
def snooze(
    key: Annotated[int, _KEY],
    span: Annotated[str | None, _FOR] = None,
    until: Annotated[str | None, _UNTIL] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Silence an alert for a time; if it still fires then, one message says so."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.moments import as_moment, as_span
    from driftwheel.errors import UsageError
    from driftwheel.services.alert.snooze_alert import snooze_alert
    from driftwheel.services.clock import utc_now

    if (span is None) == (until is None):
        raise UsageError("A snooze has one end: give --for 4h, or --until 2026-03-04T05:06:07Z.")
    now = utc_now()
    end = now + as_span(span) if span is not None else as_moment(until or "")
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        one = snooze_alert(engine, key, until=end, by=acting_user(), now=now)
    typer.echo(f"Snoozed the alert '{one.name}' until {end:%Y-%m-%d %H:%M} UTC.")


@_APP.command()
def unsnooze(
    key: Annotated[int, _KEY],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """End the silence of an alert now."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.alert.snooze_alert import unsnooze_alert
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        one = unsnooze_alert(engine, key, by=acting_user(), now=utc_now())
    typer.echo(f"The snooze of the alert '{one.name}' is over.")


@_APP.command()
def close(
    keys: Annotated[list[int], _KEYS],
    reason: Annotated[str, _REASON],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """End alerts for a reason, all of them or none; the next window in breach begins another."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.alert.close_alerts import close_alerts
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        closed = close_alerts(engine, keys, reason=reason, by=acting_user(), now=utc_now())
    for one in closed:
        typer.echo(f"Closed the alert '{one.name}'.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="alerts")


def _row(alert: Alert) -> dict[str, Cell]:
    one = alert.episode
    return {
        "key": one.key,
        "model": alert.model,
        "alert": one.name,
        "segment": f"{one.tag}={one.value}" if one.tag else None,
        "severity": one.severity,
        "state": one.state,
        "since": one.began,
        "until": one.ended,
        "acknowledged by": one.acknowledged_by,
        "snoozed until": one.snoozed_until,
        "explained by": one.inhibited_by,
        "what": None if alert.entry is None else alert.entry.wrong,
    }


def _json_cell(cell: Cell) -> object:
    from datetime import datetime

    return cell.isoformat().replace("+00:00", "Z") if isinstance(cell, datetime) else cell


def _words(cell: Cell) -> str:
    from datetime import datetime

    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell)


def _one_of(given: str, known: tuple[str, ...], what: str) -> str:
    from driftwheel.errors import UsageError, did_you_mean

    if given not in known:
        hint = did_you_mean(given, known)
        raise UsageError(f"There is no {what} '{given}'; choose one of {', '.join(known)}.{hint}")
    return given
