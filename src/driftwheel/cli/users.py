"""`driftwheel users`: who may log in, and what they may do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

__all__ = ["add", "deactivate", "list_all", "passwd", "register", "role"]

_NAME = typer.Argument(metavar="NAME", help="The user's name.")
_ROLE = typer.Option("--role", help="admin, engineer, annotator, ingest or viewer.")
_NEW_ROLE = typer.Argument(metavar="ROLE", help="admin, engineer, annotator, ingest or viewer.")
_GENERATE = typer.Option("--generate", help="Make a random password and print it, once.")
_UNDO = typer.Option("--undo", help="Switch the user on again.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(help="Users: who may log in, and what they may do.", no_args_is_help=True)


@_APP.command()
def add(
    name: Annotated[str, _NAME],
    role: Annotated[str, _ROLE] = "viewer",
    generate: Annotated[bool, _GENERATE] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Add a user. The password is asked for; without a terminal it is the first line of standard input."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.create_user import check_user_name, create_user
    from driftwheel.services.access.role import as_role
    from driftwheel.services.clock import utc_now

    check_user_name(name)
    as_role(role)
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        password = _new_password(name, generate=generate)
        create_user(engine, name, password, role, by=acting_user(), now=utc_now())
    typer.echo(f"Added '{name}' with the role '{role}'.", err=generate)
    if generate:
        typer.echo(password)


@_APP.command(name="list")
def list_all(
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the users: role, whether they may log in, and when they were last seen (UTC)."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.store.access.users import list_users
    from driftwheel.store.engine.database import reading

    with (
        open_installation(load_settings(data=data, database_url=database_url)) as engine,
        reading(engine) as connection,
    ):
        users = list_users(connection)
    rows = [
        {
            "name": user.name,
            "role": user.role,
            "active": user.active,
            "created": user.created,
            "last seen": user.last_seen,
        }
        for user in users
    ]
    print_rows("users", rows, as_json=as_json)


@_APP.command()
def passwd(
    name: Annotated[str, _NAME],
    generate: Annotated[bool, _GENERATE] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Give a user another password, asked for as by `add`, and end the user's sessions."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.change_user import change_password
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        password = _new_password(name, generate=generate)
        change_password(engine, name, password, by=acting_user(), now=utc_now())
    typer.echo(f"'{name}' has another password.", err=generate)
    if generate:
        typer.echo(password)


@_APP.command()
def role(
    name: Annotated[str, _NAME],
    new_role: Annotated[str, _NEW_ROLE],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Give a user another role. One active admin always remains."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.change_user import change_role
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        change_role(engine, name, new_role, by=acting_user(), now=utc_now())
    typer.echo(f"'{name}' has the role '{new_role}'.")


@_APP.command()
def deactivate(
    name: Annotated[str, _NAME],
    undo: Annotated[bool, _UNDO] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Switch a user off: no log-in is good any more. Their work stays; one active admin always remains."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.access.change_user import set_active
    from driftwheel.services.clock import utc_now

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        set_active(engine, name, undo, by=acting_user(), now=utc_now())
    typer.echo(f"'{name}' may log in again." if undo else f"'{name}' may no longer log in.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="users")


def _new_password(name: str, *, generate: bool) -> str:
    """Return a password that will do: random, or asked for; never from the command line, which others see."""
    import sys

    from driftwheel.services.access.password import check_password, random_password

    if generate:
        return random_password()
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True))
        check_password(password, name)  # before it is asked for a second time
        if typer.prompt("The same again", hide_input=True) != password:
            from driftwheel.errors import UsageError

            raise UsageError("The two passwords are not the same. Nothing was changed.")
        return password
    password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    check_password(password, name)
    return password
