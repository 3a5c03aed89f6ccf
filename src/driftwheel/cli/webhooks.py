"""`driftwheel webhooks`: who is told, over HTTP, of what happens in labelling projects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL
from driftwheel.cli.given import given_url, not_found_is_usage, quoted

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from driftwheel.settings import Settings

__all__ = ["add", "change", "list_all", "list_deliveries", "register", "remove", "try_out"]

_PROJECT = typer.Argument(metavar="PROJECT", help="The labelling project's name.")
_URL = typer.Argument(
    metavar="URL", help="Where requests are sent, https://…; - reads it from standard input."
)
_KEY = typer.Argument(metavar="KEY", help="The webhook's key, as the list shows it.")
_EVENT = typer.Option(
    "--event",
    metavar="NAME",
    help="What it is told of, as task.completed; may be given again; else all.",
)
_NOTE = typer.Option("--note", help="Whom it reaches.")
_ON = typer.Option("--on/--off", help="Switch it on or off; on, what waits is sent.")
_SECRET = typer.Option("--new-secret", help="Sign with a new secret, and print it.")
_STATE = typer.Option("--state", help="Only those that are waiting, sent or dead (given up).")
_LIMIT = typer.Option("--limit", min=1, max=1000, help="At most so many.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(
    help="Webhooks: who is told, over HTTP, of what happens in labelling projects.", no_args_is_help=True
)


@_APP.command(name="list")
def list_all(
    project: Annotated[str, _PROJECT],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the webhooks of a project, and whether they work (UTC). Of addresses the host is shown."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import Cell, print_rows
    from driftwheel.notify.post_webhook import shown_url
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.projects import project_named
    from driftwheel.store.webhooks.webhook_deliveries import count_deliveries
    from driftwheel.store.webhooks.webhooks import list_webhooks

    rows: list[dict[str, Cell]] = []
    with (
        open_installation(load_settings(data=data, database_url=database_url)) as engine,
        reading(engine) as connection,
    ):
        for one in list_webhooks(connection, project_named(connection, project).key):
            counts = count_deliveries(connection, one.key)
            rows.append(
                {
                    "key": one.key,
                    "where": shown_url(one.url),
                    "events": one.events,
                    "note": one.note or None,
                    "on": one.enabled,
                    "last sent": one.last_sent,
                    "failing since": one.failing_since,
                    "waiting": counts.get("waiting", 0),
                    "given up": counts.get("dead", 0),
                    "trouble": one.off_because or one.last_error,
                }
            )
    hint = "Add one: driftwheel webhooks add PROJECT URL"
    below = ("events", "note", "failing since")
    print_rows("webhooks", rows, as_json=as_json, sentence="trouble", below=below, hint=hint)


@_APP.command()
def add(
    project: Annotated[str, _PROJECT],
    url: Annotated[str, _URL],
    event: Annotated[list[str] | None, _EVENT] = None,
    note: Annotated[str, _NOTE] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Add a webhook to a project, and print the secret by which the receiver knows our requests."""
    from driftwheel.cli.data_options import acting_user, load_settings
    from driftwheel.services.clock import utc_now
    from driftwheel.services.label.webhooks.register_webhook import register_webhook
    from driftwheel.store.webhooks.webhooks import WEBHOOK_EVENTS

    settings = load_settings(data=data, database_url=database_url)
    with _in_project(settings, project) as (engine, found):
        made = register_webhook(
            engine,
            found,
            given_url(url),
            events=event or WEBHOOK_EVENTS,
            note_text=note,
            by=acting_user(),
            now=utc_now(),
            allow_private=settings.allow_private_channels,
        )
    typer.echo(f"Added the webhook {made.key}. Try it: driftwheel webhooks test {quoted(project)} {made.key}")
    typer.echo(f"Its secret, which is shown this once: {made.secret}")


@_APP.command()
def change(
    project: Annotated[str, _PROJECT],
    key: Annotated[int, _KEY],
    on: Annotated[bool | None, _ON] = None,
    event: Annotated[list[str] | None, _EVENT] = None,
    note: Annotated[str | None, _NOTE] = None,
    new_secret: Annotated[bool, _SECRET] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Change a webhook, switch it off and on, or give it a new secret; what is not named stays as it is."""
    from driftwheel.cli.data_options import acting_user, load_settings
    from driftwheel.services.clock import utc_now
    from driftwheel.services.label.webhooks.register_webhook import WebhookChange, change_webhook

    with _in_project(load_settings(data=data, database_url=database_url), project) as (engine, found):
        wanted = WebhookChange(None, event or None, note, on, new_secret)
        after = change_webhook(engine, found, key, wanted, by=acting_user(), now=utc_now())
    typer.echo(f"Changed the webhook {key}.")
    if new_secret:
        typer.echo(f"Its secret, which is shown this once: {after.secret}")


@_APP.command()
def remove(
    project: Annotated[str, _PROJECT],
    key: Annotated[int, _KEY],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Remove a webhook, and all that was or is to be sent to it."""
    from driftwheel.cli.data_options import acting_user, load_settings
    from driftwheel.services.clock import utc_now
    from driftwheel.services.label.webhooks.register_webhook import remove_webhook

    with _in_project(load_settings(data=data, database_url=database_url), project) as (engine, found):
        remove_webhook(engine, found, key, by=acting_user(), now=utc_now())
    typer.echo(f"Removed the webhook {key}.")


@_APP.command(name="test")
def try_out(
    project: Annotated[str, _PROJECT],
    key: Annotated[int, _KEY],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Send a webhook a `ping` now, and say whether it was taken."""
    from driftwheel.cli.data_options import acting_user, load_settings
    from driftwheel.errors import DriftwheelError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.label.webhooks.send_webhooks import try_webhook

    settings = load_settings(data=data, database_url=database_url)
    with _in_project(settings, project) as (engine, found):
        posted = try_webhook(
            engine,
            found,
            key,
            by=acting_user(),
            clock=utc_now,
            allow_private=settings.allow_private_channels,
        )
    if not posted.taken:
        raise DriftwheelError(f"The webhook {key} did not take it. {posted.said}")
    typer.echo(f"The webhook {key} has taken it: {posted.status}.")


@_APP.command(name="deliveries")
def list_deliveries(
    project: Annotated[str, _PROJECT],
    key: Annotated[int, _KEY],
    state: Annotated[str | None, _STATE] = None,
    limit: Annotated[int, _LIMIT] = 20,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List what was or is to be sent to a webhook, the newest first, and what became of it (UTC)."""
    from typing import get_args

    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import Cell, print_rows
    from driftwheel.errors import UsageError
    from driftwheel.services.label.webhooks.register_webhook import webhook_of_project
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.projects import project_named
    from driftwheel.store.webhooks.webhook_deliveries import DeliveryState
    from driftwheel.store.webhooks.webhook_deliveries import list_deliveries as find

    if state is not None and state not in get_args(DeliveryState):
        raise UsageError(f"There is no state '{state}'; give one of {', '.join(get_args(DeliveryState))}.")
    with (
        open_installation(load_settings(data=data, database_url=database_url)) as engine,
        reading(engine) as connection,
        not_found_is_usage(),
    ):
        found = project_named(connection, project)
        webhook_of_project(connection, found.key, key)
        found_ones = find(connection, key, state=state, limit=limit)  # type: ignore[arg-type]
    rows: list[dict[str, Cell]] = [
        {
            "created": one.created,
            "event": one.event,
            "state": one.state,
            "attempts": one.attempts,
            "status": one.status,
            "sent": one.sent,
            "id": one.id,
            "error": one.error,
        }
        for one in found_ones
    ]
    print_rows("deliveries", rows, as_json=as_json, sentence="error", below=("id",))


@contextmanager
def _in_project(settings: Settings, name: str) -> Iterator[tuple[Engine, int]]:
    """Open the installation for what is done in a project, and give the project's key with it."""
    from driftwheel.cli.data_options import open_installation
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.projects import project_named

    with open_installation(settings) as engine, not_found_is_usage():
        with reading(engine) as connection:
            found = project_named(connection, name)
        yield engine, found.key


def register(app: typer.Typer) -> None:
    """Add `driftwheel webhooks` to the application."""
    app.add_typer(_APP, name="webhooks")
