"""`driftwheel channels`: by what people are told of alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL
from driftwheel.cli.given import given_url, quoted

__all__ = ["add", "change", "list_all", "register", "remove", "try_out"]

_NAME = typer.Argument(metavar="NAME", help="The channel's name, such as 'line 3'.")
_URL = typer.Argument(
    metavar="URL", help="Its address, as Apprise writes it; - reads it from standard input."
)
_NEW_URL = typer.Option("--url", metavar="URL", help="Another address; - reads it from standard input.")
_MODEL = typer.Option("--model", metavar="NAME", help="A model it is told of; may be given again; else all.")
_SEVERITY = typer.Option("--severity", help="info, warning or critical; may be given again; else all.")
_SEGMENT = typer.Option(
    "--segment",
    metavar="TAG=VALUE",
    help="A segment it is told of; TAG=* for every value, '' for the whole model; may be given again; else "
    "all.",
)
_TOPIC = typer.Option(
    "--topic", help="alerts, labels, decisions or turns: what it is told of; may be given again; else all."
)
_QUIET = typer.Option(
    "--quiet", metavar="HOURS", help="Quiet hours, such as 'mon-fri 22:00-07:00'; may be given again."
)
_ZONE = typer.Option("--time-zone", metavar="ZONE", help="Of the quiet hours, such as Europe/Berlin.")
_STRICT = typer.Option("--quiet-for-critical", help="Hold back critical alerts in quiet hours too.")
_WAIT = typer.Option("--group-wait", min=0, help="Seconds before the first message of a model's alerts.")
_INTERVAL = typer.Option("--group-interval", min=0, help="Seconds between messages when something changed.")
_REPEAT = typer.Option("--repeat", min=0, help="Seconds between messages when nothing changed.")
_ALL = typer.Option("--for-all", help="Tell it of everything: forget models, severities, segments, topics.")
_NEVER_QUIET = typer.Option("--never-quiet", help="Forget its quiet hours.")
_ON = typer.Option("--on/--off", help="Switch it on or off; off, what waits for it is given up.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(help="Channels: by what people are told of alerts.", no_args_is_help=True)


@_APP.command(name="list")
def list_all(
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the channels: what each is, what goes to it, whether it works (UTC). Addresses are not shown."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import Cell, print_rows
    from driftwheel.services.channels.describe_channels import describe_channels

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        found = describe_channels(engine)
    rows: list[dict[str, Cell]] = [
        {
            "name": one.channel.name,
            "kind": one.service,
            "where": one.where or None,
            "on": one.channel.enabled,
            "models": one.channel.models or ("all",),
            "severities": one.channel.severities or ("all",),
            "segments": one.channel.segments or ("all",),
            "topics": one.channel.topics or ("all",),
            "last sent": one.channel.last_sent,
            "failing since": one.channel.failing_since,
            "waiting": one.waiting,
            "given up": one.dead,
            **({"last error": one.channel.last_error} if as_json else {}),
        }
        for one in found
    ]
    hint = "Add one: driftwheel channels add NAME URL"
    below = ("models", "severities", "segments", "topics", "failing since")
    print_rows("channels", rows, as_json=as_json, sentence="where", below=below, hint=hint)
    if not as_json:
        for one in found:
            if one.channel.last_error:
                typer.echo(f"{one.channel.name}: {one.channel.last_error}", err=True)


@_APP.command()
def add(
    name: Annotated[str, _NAME],
    url: Annotated[str, _URL],
    model: Annotated[list[str] | None, _MODEL] = None,
    severity: Annotated[list[str] | None, _SEVERITY] = None,
    segment: Annotated[list[str] | None, _SEGMENT] = None,
    topic: Annotated[list[str] | None, _TOPIC] = None,
    quiet: Annotated[list[str] | None, _QUIET] = None,
    time_zone: Annotated[str, _ZONE] = "UTC",
    quiet_for_critical: Annotated[bool, _STRICT] = False,
    group_wait: Annotated[int, _WAIT] = 30,
    group_interval: Annotated[int, _INTERVAL] = 300,
    repeat: Annotated[int, _REPEAT] = 14_400,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Add a channel; it is told of alerts from now on. Try it with `driftwheel channels test`."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.quiet_spans import as_quiet_hours
    from driftwheel.services.channels.add_channel import add_channel
    from driftwheel.services.channels.channel_checks import ChannelOptions
    from driftwheel.services.clock import utc_now

    settings = load_settings(data=data, database_url=database_url)
    hours = as_quiet_hours(quiet, time_zone, critical_passes=not quiet_for_critical) if quiet else None
    options = ChannelOptions(
        True,
        model or None,
        severity or None,
        segment or None,
        hours,
        group_wait,
        group_interval,
        repeat,
        topic or None,
    )
    with open_installation(settings) as engine:
        add_channel(
            engine,
            name,
            given_url(url),
            options,
            by=acting_user(),
            now=utc_now(),
            allow_private=settings.allow_private_channels,
        )
    typer.echo(f"Added the channel '{name}'. Try it: driftwheel channels test {quoted(name)}")


@_APP.command()
def change(
    name: Annotated[str, _NAME],
    url: Annotated[str | None, _NEW_URL] = None,
    on: Annotated[bool | None, _ON] = None,
    for_all: Annotated[bool, _ALL] = False,
    model: Annotated[list[str] | None, _MODEL] = None,
    severity: Annotated[list[str] | None, _SEVERITY] = None,
    segment: Annotated[list[str] | None, _SEGMENT] = None,
    topic: Annotated[list[str] | None, _TOPIC] = None,
    never_quiet: Annotated[bool, _NEVER_QUIET] = False,
    quiet: Annotated[list[str] | None, _QUIET] = None,
    time_zone: Annotated[str, _ZONE] = "UTC",
    quiet_for_critical: Annotated[bool, _STRICT] = False,
    group_wait: Annotated[int | None, _WAIT] = None,
    group_interval: Annotated[int | None, _INTERVAL] = None,
    repeat: Annotated[int | None, _REPEAT] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Change a channel, or switch it off and on; what is not named stays as it is."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.quiet_spans import as_quiet_hours
    from driftwheel.services.channels.change_channel import change_channel
    from driftwheel.services.clock import utc_now

    changes: dict[str, Any] = dict.fromkeys(("models", "severities", "segments", "topics")) if for_all else {}
    changes |= {"quiet_hours": None} if never_quiet else {}
    if quiet:
        hours = as_quiet_hours(quiet, time_zone, critical_passes=not quiet_for_critical)
        changes["quiet_hours"] = hours
    given = {
        "url": None if url is None else given_url(url),
        "enabled": on,
        "models": model or None,
        "severities": severity or None,
        "segments": segment or None,
        "topics": topic or None,
        "group_wait": group_wait,
        "group_interval": group_interval,
        "repeat": repeat,
    }
    changes |= {one: value for one, value in given.items() if value is not None}
    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine:
        change_channel(
            engine,
            name,
            changes,
            by=acting_user(),
            now=utc_now(),
            allow_private=settings.allow_private_channels,
        )
    typer.echo(f"Changed the channel '{name}'.")


@_APP.command(name="test")
def try_out(
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Send a channel a message that says it is a test, and say what became of it."""
    from uuid import uuid4

    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.exit_codes import EXIT_ERROR
    from driftwheel.services.channels.try_channel import try_channel
    from driftwheel.services.clock import utc_now

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine:
        delivery = try_channel(
            engine,
            name,
            by=acting_user(),
            now=utc_now(),
            dedup=uuid4().hex,
            public_url=settings.link_base,
            allow_private=settings.allow_private_channels,
        )
    if not delivery.sent:
        typer.echo(f"The channel '{name}' did not take the message. {delivery.said}", err=True)
        raise typer.Exit(EXIT_ERROR)
    typer.echo(f"The channel '{name}' took the message." + (f" {delivery.said}" if delivery.said else ""))


@_APP.command()
def remove(
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Remove a channel, and with it what waits for it."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.channels.change_channel import remove_channel
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        remove_channel(engine, name, by=acting_user(), now=utc_now())
    typer.echo(f"Removed the channel '{name}'.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="channels")
