"""`driftwheel wheel`: when a model's turns begin, what they may cost, and the suggested rhythm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL
from driftwheel.cli.wheel_turns import add_commands

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.wheel.describe_wheel import WheelState

__all__ = ["register", "set_values", "show"]

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_VALUES = typer.Argument(
    metavar="NAME=VALUE",
    help="Such as enabled=on, images=80, accuracy_below=90%, every_days=none, overlap=default.",
)
_JSON = typer.Option("--json", help="Print JSON instead of a table.")

_APP = typer.Typer(
    help="The wheel: turns from an alert to a promoted model, and when they begin.", no_args_is_help=True
)


@_APP.command()
def show(
    model: Annotated[str, _MODEL],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show what each trigger sees, why a turn begins or none does, the suggested rhythm, and the policy.

    The policy is shown as in driftwheel.toml; times are in UTC.
    """
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.outputs import write_json
    from driftwheel.services.clock import utc_now
    from driftwheel.services.wheel.describe_wheel import describe_wheel
    from driftwheel.services.wheel.wheel_json import wheel_to_json

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        state = describe_wheel(engine, model, now=utc_now())
    if as_json:
        write_json(wheel_to_json(state), Path("-"))
        return
    _tell(state)


@_APP.command(name="set")
def set_values(
    model: Annotated[str, _MODEL],
    values: Annotated[list[str], _VALUES],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Change values of the policy; the others stay. Turns that go on keep the policy they began with."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import quoted
    from driftwheel.cli.wheel_values import policy_values
    from driftwheel.services.clock import utc_now
    from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy

    changes = policy_values(values)
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        policy = set_wheel_policy(engine, model, changes, by=acting_user(), now=utc_now())
    typer.echo(f"Set: {', '.join(f'{name} = {_shown(getattr(policy, name))}' for name in changes)}")
    if not policy.enabled:
        typer.echo(f"The wheel is off; let it turn with: driftwheel wheel set {quoted(model)} enabled=on")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_commands(_APP)
    app.add_typer(_APP, name="wheel")


def _tell(state: WheelState) -> None:
    from dataclasses import asdict

    from driftwheel.cli.listing import print_rows
    from driftwheel.services.operate.toml_text import toml_text

    decision = state.decision
    typer.echo(decision.told)
    if state.turn is not None:
        typer.echo(f"Turn {state.turn.number} goes on: driftwheel wheel turn {state.model.name}")
    typer.echo("")
    rows: list[dict[str, Cell]] = [
        {"trigger": one.name, "on": one.enabled, "met": one.met, "sees": _sentence(one.told)}
        for one in decision.triggers
    ]
    print_rows("triggers", rows, as_json=False, sentence="sees")
    budget = decision.budget
    typer.echo("")
    typer.echo(
        f"Budget of 30 days: {budget.turns:,} of {state.policy.turns_per_month:,} turns and "
        f"{budget.labels:,} of {state.policy.labels_per_month:,} labels used."
    )
    typer.echo(f"Rhythm: {state.rhythm.told}")
    typer.echo("")
    typer.echo(toml_text({"models": {state.model.name: {"wheel": asdict(state.policy)}}}).rstrip())


def _sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:]}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)
