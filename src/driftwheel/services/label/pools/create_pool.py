"""Create a pool of a labelling project: by how many people images are labelled, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from driftwheel.agreement.dynamic_overlap import OverlapRule
from driftwheel.errors import UsageError
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.projects.requirements import Requirements, check_names, check_skills
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import Pool, delete_empty_pool, pool_by_key
from driftwheel.store.labels.pools import create_pool as add_pool
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.operate.audit import note

__all__ = [
    "MILLIONTHS",
    "NewPool",
    "check_pool",
    "create_pool",
    "create_pool_in",
    "drop_empty_pool",
    "pool_of_project",
]

MILLIONTHS: Final = 1_000_000
"""Of the currency, in which prices are kept."""

_MOST_OVERLAP = 20
_LEASE = (10, 7 * 24 * 3600)  # seconds
_MOST_MONEY = 10**12


@dataclass(frozen=True, slots=True)
class NewPool:
    """How a pool is labelled.

    Attributes
    ----------
    overlap
        Answers that every image gets, 1 to 20.
    most_overlap
        More are asked for, up to so many, until the consensus is sure enough; None: `overlap`, always.
    confidence
        What is sure enough, above 0.5 and below 1.
    golden_share
        Share of golden tasks among those that are handed out, 0 to 0.9.
    exam_pass
        Share of the exam's tasks to be answered right, where there is an exam.
    lease_seconds
        For how long nobody else gets a task that somebody has, 10 s to 7 days.
    price, budget
        Of an answer, and of all, in any currency; budget None: no bound. Golden tasks and "cannot tell" are
        paid.
    requires
        Of annotators.
    rules
        What is looked at; those left out are the default, see
        `driftwheel.services.label.projects.pool_rules`.
    """

    name: str
    overlap: int = 1
    most_overlap: int | None = None
    confidence: float = 0.95
    golden_share: float = 0.1
    exam_pass: float = 0.8
    lease_seconds: int = 1200
    price: float = 0.0
    budget: float | None = None
    requires: Requirements = field(default_factory=Requirements)
    rules: Mapping[str, Any] = field(default_factory=dict)


def create_pool(engine: Engine, project: int, new: NewPool, *, by: str, now: datetime) -> Pool:
    """Create a pool, as a draft without images, and return it; noted in the audit.

    Fill it with `driftwheel.services.label.pools.fill_pool`, then open it.

    Raises
    ------
    UsageError
        When there is no such project, or one of these cannot be used.
    """
    with writing(engine) as connection:
        return create_pool_in(connection, project, new, by=by, now=now)


def create_pool_in(connection: Connection, project: int, new: NewPool, *, by: str, now: datetime) -> Pool:
    """Create a pool as `create_pool` does, in a transaction of somebody else's.

    Raises
    ------
    UsageError
        Likewise.
    """
    check_pool(new)
    most = new.overlap if new.most_overlap is None else new.most_overlap
    rules = PoolRules.from_json(new.rules)
    price = round(new.price * MILLIONTHS)
    most_paid = None if new.budget is None else round(new.budget * MILLIONTHS) // price
    found = project_by_key(connection, project)
    if found is None:
        raise UsageError(f"There is no project with the key {project}.")
    made = add_pool(
        connection,
        project,
        new.name,
        overlap=new.overlap,
        most_overlap=most,
        confidence=new.confidence,
        golden_share=new.golden_share,
        exam_pass=new.exam_pass,
        lease_seconds=new.lease_seconds,
        price=price,
        most_paid=most_paid,
        requires=new.requires.to_json(),
        rules=rules.to_json(),
        created=now,
        by=by,
    )
    note(connection, now, by, "create-pool", f"project {found.name}", {"pool": new.name})
    return made


def drop_empty_pool(engine: Engine, project: int, pool: int) -> None:
    """Delete a pool that is a draft without a task, as one that was made for nothing; others stay."""
    with writing(engine) as connection:
        found = pool_by_key(connection, pool)
        if found is not None and found.project == project and found.state == "draft":
            delete_empty_pool(connection, pool)


def check_pool(new: NewPool) -> None:
    """Refuse what no pool can be.

    Raises
    ------
    UsageError
        With what to give instead.
    """
    most = new.overlap if new.most_overlap is None else new.most_overlap
    PoolRules.from_json(new.rules)
    if not 0 < len(new.name.strip()) <= 128 or not new.name.isprintable():
        raise UsageError(f"A pool cannot be called '{new.name:.150}'; give 1 to 128 characters.")
    OverlapRule(new.overlap, most, new.confidence)
    if most > _MOST_OVERLAP:
        raise UsageError(f"An overlap of {most} is more than is meant: give at most {_MOST_OVERLAP}.")
    if not 0 <= new.golden_share <= 0.9:
        raise UsageError(f"The share of golden tasks is {new.golden_share:g}; give one from 0 to 0.9.")
    if not 0 <= new.exam_pass <= 1:
        raise UsageError(f"The share to pass the exam is {new.exam_pass:g}; give one from 0 to 1.")
    if not _LEASE[0] <= new.lease_seconds <= _LEASE[1]:
        raise UsageError(f"A lease of {new.lease_seconds} s; give {_LEASE[0]} s to {_LEASE[1]:,} s (7 days).")
    if not 0 <= new.price <= _MOST_MONEY or (0 < new.price < 1 / MILLIONTHS):
        raise UsageError(f"The price of an answer is {new.price:g}; give 0, or at least 0.000001.")
    if new.budget is not None and (new.price == 0 or not 0 <= new.budget <= _MOST_MONEY):
        raise UsageError(
            f"The budget is {new.budget:g} at a price of {new.price:g}; give a price too, and a budget of 0 "
            "or more."
        )
    check_skills(new.requires.skills)
    check_names(new.requires.languages, "languages")
    check_names(new.requires.tags, "tags")


def pool_of_project(connection: Connection, project: int, key: int) -> tuple[Project, Pool]:
    """Return a project and one of its pools.

    Raises
    ------
    LookupError
        When there is no such project, or no such pool in it.
    """
    found, pool = project_by_key(connection, project), pool_by_key(connection, key)
    if found is None:
        raise LookupError(f"There is no project with the key {project}.")
    if pool is None or pool.project != project:
        raise LookupError(f"The project '{found.name}' has no pool with the key {key}.")
    return found, pool
