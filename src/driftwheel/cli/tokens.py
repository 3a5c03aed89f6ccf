"""`driftwheel tokens`: by what programs call the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

__all__ = ["create", "list_all", "register", "revoke"]

_NAME = typer.Argument(metavar="NAME", help="What the token is for, such as 'line 3'.")
_TOKEN = typer.Argument(metavar="TOKEN", help="Its name or its number; not the token itself.")
_ROLE = typer.Option("--role", help="admin, engineer, annotator, ingest or viewer.")
_MODEL = typer.Option("--model", metavar="NAME", help="A model it is good for; may be given again; else all.")
_DAYS = typer.Option("--days", min=0.001, help="Days until it ends; else never.")
_ALL = typer.Option("--all", help="List revoked and ended ones too.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(help="Tokens: by what programs call the server.", no_args_is_help=True)


@_APP.command()
def create(
    name: Annotated[str, _NAME],
    role: Annotated[str, _ROLE] = "ingest",
    model: Annotated[list[str] | None, _MODEL] = None,
    days: Annotated[float | None, _DAYS] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Create a token and print it, once: only its SHA-256 is kept. With the role `ingest` it may only log."""
    from datetime import timedelta

    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.create_token import create_token
    from driftwheel.services.clock import utc_now

    now = utc_now()
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        made = create_token(
            engine,
            name,
            role,
            by=acting_user(),
            now=now,
            models=model or None,
            expires=None if days is None else now + timedelta(days=days),
        )
    ends = "never ends" if made.token.expires is None else f"ends {made.token.expires:%Y-%m-%d %H:%M} UTC"
    scope = "all models" if made.token.models is None else ", ".join(made.token.models)
    typer.echo(
        f"Token {made.token.key}, '{name}', has the role '{role}' for {scope} and {ends}. "
        "It is not shown again.",
        err=True,
    )
    typer.echo(made.text)


@_APP.command(name="list")
def list_all(
    every: Annotated[bool, _ALL] = False,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the tokens in use: role, models, and when each was last used (UTC)."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import Cell, print_rows
    from driftwheel.services.clock import utc_now
    from driftwheel.store.access.tokens import list_tokens
    from driftwheel.store.engine.database import reading

    now = utc_now()
    with (
        open_installation(load_settings(data=data, database_url=database_url)) as engine,
        reading(engine) as connection,
    ):
        tokens = [token for token in list_tokens(connection) if every or token.is_good(now)]
    rows: list[dict[str, Cell]] = [
        {
            "number": token.key,
            "name": token.name,
            "role": token.role,
            "models": token.models or ("all",),
            "last used": token.last_used,
            "ends": token.expires,
            **({"revoked": token.revoked} if every else {}),
            **({"created": token.created, "by": token.by} if as_json else {}),
        }
        for token in tokens
    ]
    hint = "Make one: driftwheel tokens create NAME --role ingest --model MODEL"
    below = ("models", "ends", "revoked") if every else ("models", "ends")
    print_rows("tokens", rows, as_json=as_json, below=below, hint=hint)


@_APP.command()
def revoke(
    token: Annotated[str, _TOKEN],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """End a token for good. A running server refuses it within two seconds."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.create_token import revoke_token
    from driftwheel.services.clock import utc_now

    wanted = int(token) if token.isdecimal() and len(token) < 10 else token
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        ended = revoke_token(engine, wanted, by=acting_user(), now=utc_now())
    typer.echo(f"Token {ended.key}, '{ended.name}', is revoked.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="tokens")
