"""`driftwheel wheel turns`, `turn`, `begin`, `answer` and `stop`: the turns of a model's wheel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.wheel.describe_turn import DescribedStep, DescribedTurn

__all__ = ["add_commands", "answer", "begin", "list_turns", "show_turn", "stop"]

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_NUMBER = typer.Argument(metavar="NUMBER", min=1, help="The turn's; by default the newest.")
_ANSWER = typer.Argument(metavar="ANSWER", help="promote or refuse.")
_CAUSE = typer.Option("--cause", help="Why, in a sentence; it is kept with the turn.")
_ALERT = typer.Option("--alert", metavar="KEY", min=1, help="An alert of the model that it is about.")
_REASON = typer.Option("--reason", help="Why; it is kept.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")


def list_turns(
    model: Annotated[str, _MODEL],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the turns of a model, the newest first: where each stands or how it ended, and what it cost."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.services.wheel.describe_turn import describe_turns

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        found = describe_turns(engine, model, limit=500)
    hint = f"Begin one: driftwheel wheel begin {model}"
    rows = [_row(one) for one in found]
    print_rows("turns", rows, as_json=as_json, sentence="why", below=("begun", "ended"), hint=hint)


def show_turn(
    model: Annotated[str, _MODEL],
    number: Annotated[int | None, _NUMBER] = None,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show a turn: what it waits for and where to do it, its steps, and what it cost."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.services.wheel.turn_pages import pages_to_do

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine:
        found = _turn(engine, model, number)
    turn = found.turn
    if not as_json:
        typer.echo(f"Turn {turn.number} of {model}: {_state(found)}.")
        typer.echo(f"Began {turn.begun:%Y-%m-%d %H:%M} UTC by {turn.by}: {turn.cause}")
        if turn.reason or turn.waits_for:
            typer.echo(turn.reason or turn.waits_for)
        for page in pages_to_do(found):
            typer.echo(f"{page.words}: {settings.link_base or ''}{page.path}")
        typer.echo("")
    rows = [_step_row(one) for one in found.steps]
    print_rows("steps", rows, as_json=as_json, sentence="told", below=("begun", "ended"))


def begin(
    model: Annotated[str, _MODEL],
    cause: Annotated[str, _CAUSE] = "",
    alert: Annotated[int | None, _ALERT] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Begin a turn by hand, within the budget of the policy; a worker takes it up."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import quoted
    from driftwheel.services.clock import utc_now
    from driftwheel.services.wheel.begin_turn import begin_turn

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        turn = begin_turn(engine, model, cause=cause, alert=alert, by=acting_user(), now=utc_now())
    typer.echo(
        f"Turn {turn.number} has begun; a worker takes it up. How far it is: driftwheel wheel turn "
        f"{quoted(model)} {turn.number}"
    )


def answer(
    model: Annotated[str, _MODEL],
    answer: Annotated[str, _ANSWER],
    number: Annotated[int | None, _NUMBER] = None,
    reason: Annotated[str, _REASON] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Answer a turn that waits for it: promote its challenger, or refuse it."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.wheel.answer_turn import answer_turn

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        found = _turn(engine, model, number)
        turn = answer_turn(
            engine,
            model,
            found.turn.number,
            answer,
            by=acting_user(),
            now=utc_now(),
            reason=reason,
        )
    done = "is promoted" if answer == "promote" else "is kept out"
    typer.echo(f"Turn {turn.number}: {found.challenger or 'the challenger'} {done}.")


def stop(
    model: Annotated[str, _MODEL],
    number: Annotated[int | None, _NUMBER] = None,
    reason: Annotated[str, _REASON] = "",
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Stop a turn: its open pools are closed, its trainings stopped; the champion stays who it is."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.wheel.stop_turn import stop_turn

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        wanted = _turn(engine, model, number).turn.number
        stop_turn(engine, model, wanted, by=acting_user(), now=utc_now(), reason=reason)
    typer.echo(f"Turn {wanted} of {model} is stopped.")


def _turn(engine: Any, model: str, number: int | None) -> DescribedTurn:
    """Return a turn of a model, by default the newest."""
    from driftwheel.errors import UsageError
    from driftwheel.services.wheel.describe_turn import describe_turn, describe_turns

    if number is not None:
        return describe_turn(engine, model, number)
    newest = describe_turns(engine, model, limit=1)
    if not newest:
        raise UsageError(
            f"The model '{model}' has had no turn yet. Begin one: driftwheel wheel begin {model}"
        )
    return newest[0]


def _state(found: DescribedTurn) -> str:
    from driftwheel.wheel.turn_step import OUTCOME_WORDS, STEP_WORDS, WAIT_WORDS

    turn = found.turn
    if turn.outcome is not None:
        return OUTCOME_WORDS[turn.outcome]
    waits = "" if turn.waits is None else f", waits for {WAIT_WORDS[turn.waits]}"
    return f"{STEP_WORDS[turn.step]}{waits}"


def _row(found: DescribedTurn) -> dict[str, Cell]:
    turn = found.turn
    return {
        "turn": turn.number,
        "state": _state(found),
        "labels": turn.labels,
        "annotators": turn.annotators,
        **_minutes(turn),
        "begun": turn.begun,
        "ended": turn.ended,
        "why": turn.reason or turn.waits_for or turn.cause,
    }


def _step_row(found: DescribedStep) -> dict[str, Cell]:
    from driftwheel.wheel.turn_step import STEP_WORDS

    step = found.step
    return {
        "step": step.number,
        "what": STEP_WORDS[step.name],
        "state": step.state,
        "labels": step.labels,
        **_minutes(step),
        "made": tuple(one.name for one in found.made) or None,
        "begun": step.begun,
        "ended": step.ended,
        "told": step.told or None,
    }


def _minutes(one: Any) -> dict[str, Cell]:
    from driftwheel.report.numbers import NBSP, minutes

    people, machine = (minutes(each).replace(NBSP, " ") for each in (one.people_seconds, one.machine_seconds))
    return {"people": people or None, "machines": machine or None}


def add_commands(wheel: typer.Typer) -> None:
    """Add the commands to those of the wheel."""
    wheel.command(name="turns")(list_turns)
    wheel.command(name="turn")(show_turn)
    wheel.command()(begin)
    wheel.command()(answer)
    wheel.command()(stop)
