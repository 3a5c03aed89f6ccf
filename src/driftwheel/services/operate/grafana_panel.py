"""A panel of the Grafana dashboard, and how the usual ones are made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHOSEN", "Panel", "number", "of_model", "series"]

CHOSEN = 'model=~"$model"'
"""Chooses the models that are chosen at the top of the dashboard."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel.

    Attributes
    ----------
    title, about
        What it shows, in a few words and in a sentence.
    kind, unit
        Grafana's names of them.
    width
        Of 24.
    queries
        Each an expression, and what its lines are called.
    red
        From 1 on it wants a person.
    log
        On a logarithmic scale.
    least, top
        Where the scale begins and ends; None: where the values do.
    states
        Of a timeline of states: value → what it is called and its colour.
    """

    title: str
    about: str
    kind: str
    unit: str
    width: int
    queries: tuple[tuple[str, str], ...]
    red: bool = False
    log: bool = False
    least: float | None = 0
    top: float | None = None
    states: tuple[tuple[int, str, str], ...] = ()


def series(
    title: str,
    about: str,
    unit: str,
    *queries: tuple[str, str],
    log: bool = False,
    least: float | None = 0,
    top: float | None = None,
) -> Panel:
    """Return a panel of lines over time, each query with what its lines are called."""
    least = None if log else least
    return Panel(title, about, "timeseries", unit, 12, queries, log=log, least=least, top=top)


def number(title: str, about: str, query: str, *, red: bool = True, unit: str = "short") -> Panel:
    """Return a panel of one number as it is now, red from 1 on where it wants a person."""
    return Panel(title, about, "stat", unit, 6, ((query, ""),), red=red)


def of_model(metric: str) -> tuple[str, str]:
    """Return the query for a metric of models and their segments, and what its lines are called."""
    return f"max by (model, segment) ({metric}{{{CHOSEN}}})", "{{model}} {{segment}}"
