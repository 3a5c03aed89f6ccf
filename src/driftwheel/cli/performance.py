"""`driftwheel performance`: how good a model is in production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.performance.describe_performance import PerformanceReport

__all__ = ["performance", "register"]

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_SEGMENT = typer.Option("--segment", metavar="TAG=VALUE", help="Only records with this value of this tag.")
_VERSION = typer.Option("--version", metavar="NAME", help="Only predictions of this model version.")
_WINDOWS = typer.Option("--windows", min=1, max=400, help="How many windows, the newest.")
_JSON = typer.Option("--json", help="Print everything that is known as JSON.")


def performance(
    model: Annotated[str, _MODEL],
    segment: Annotated[str, _SEGMENT] = "",
    version: Annotated[str | None, _VERSION] = None,
    windows: Annotated[int, _WINDOWS] = 28,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show how good a model is: figures with their intervals, and accuracy by window, as labels tell.

    Intervals hold 90 %. Accuracy that is estimated without labels stands beside the measured one.
    """
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.cli.outputs import write_json
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.performance.describe_performance import describe_performance
    from driftwheel.services.performance.performance_json import report_to_json
    from driftwheel.services.watch.watch_model import span_of
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    tag, _, value = segment.partition("=")
    if segment and not (tag and value):
        raise UsageError(f"'{segment}' is no segment; give a tag and its value, such as camera=2.")
    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        known = find_model(connection, model)
        span = span_of(connection, known, utc_now(), windows)
        report = describe_performance(connection, known, span, tag=tag, value=value, version=version)
    if as_json:
        write_json(report_to_json(report), Path("-"))
        return
    print_rows("figures", _figures(report), as_json=False)
    typer.echo("")
    print_rows(f"{known.window}s", _windows(report), as_json=False)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(performance)


def _figures(report: PerformanceReport) -> list[dict[str, Cell]]:
    from driftwheel.services.performance.performance_json import report_to_json

    plain = report_to_json(report)["figures"]
    return [
        {
            "figure": name.replace("_", " "),
            "value": _number(one["value"]),
            "from": _number(one["low"]),
            "to": _number(one["high"]),
            "labels": one["n"],
        }
        for name, one in plain.items()
    ]


def _windows(report: PerformanceReport) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = []
    for one in report.windows:
        found, seen = one.accuracy, one.estimated
        if found is None and seen is None:
            continue
        figure = None if found is None else found.figure
        told = (
            "" if seen is None or not seen.n else "cannot tell" if seen.value is None else _number(seen.value)
        )
        rows.append(
            {
                "start": f"{one.start:%Y-%m-%d %H:%M}",
                "accuracy": _number(None if figure is None else figure.value),
                "from": _number(None if figure is None else figure.low),
                "to": _number(None if figure is None else figure.high),
                "labels": 0 if found is None else found.labels,
                "predictions": 0 if found is None else found.predictions,
                "estimated": told,
            }
        )
    return rows


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
