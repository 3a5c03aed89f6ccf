"""Whether what is counted of labelling agrees with what is kept, and no rule was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, select

from driftwheel.store.engine.database import reading
from driftwheel.store.schema.label_tables import answers, leases, pools, tasks

__all__ = ["labelling_faults"]


def labelling_faults(engine: Engine) -> list[str]:
    """Return what is wrong with all pools, tasks, leases and answers of a database."""
    with reading(engine) as connection:
        all_pools = {row.key: row for row in connection.execute(select(pools))}
        all_tasks = {row.key: row for row in connection.execute(select(tasks))}
        all_leases = list(connection.execute(select(leases)))
        all_answers = list(connection.execute(select(answers)))
    wrong: list[str] = []
    said = [one for one in all_answers if one.state != "undone"]
    counted = Counter(one.task for one in said if one.state == "counted" and one.kind != "skip")
    skips = Counter(one.task for one in said if one.state == "counted" and one.kind == "skip")
    live = Counter(one.task for one in all_leases if one.ended is None)
    for what, rows in (("answers", said), ("leases", all_leases)):
        twice = Counter((one.task, one.annotator) for one in rows)
        wrong += [f"{what} of task and annotator {pair}: {n}" for pair, n in twice.items() if n > 1]
    wrong += [
        f"an answer without a lease: {one.id}"
        for one in said
        if (one.task, one.annotator) not in {(lease.task, lease.annotator) for lease in all_leases}
    ]
    for key, task in all_tasks.items():
        if task.kind != "real":
            continue
        pool = all_pools[task.pool]
        kept = (task.answers, task.skips, task.leases)
        if kept != (counted[key], skips[key], live[key]):
            wrong.append(f"task {key} has {kept}, kept are {(counted[key], skips[key], live[key])}")
        if counted[key] > pool.most_overlap or counted[key] + live[key] > max(task.wanted, counted[key]):
            wrong.append(f"task {key} wants {task.wanted}, has {counted[key]} and {live[key]} are out")
        room = task.wanted - task.answers - task.leases if task.state == "open" else 0
        if task.room != max(0, room):
            wrong.append(f"task {key} has room for {task.room} instead of {room}")
        if task.state == "done" and counted[key] < pool.overlap and task.reviewed is None:
            wrong.append(f"task {key} is done with {counted[key]} answers")
    wrong += _review_faults(all_tasks.values())
    for key, pool in all_pools.items():
        own = [one for one in all_tasks.values() if one.pool == key and one.kind == "real"]
        done = sum(one.state != "open" for one in own)
        paid = sum(one.paid for one in all_answers if one.pool == key)
        out = sum(one.ended is None for one in all_leases if one.pool == key)
        if (pool.tasks, pool.done) != (len(own), done):
            wrong.append(f"pool {key} counts {pool.done} of {pool.tasks}, kept are {done} of {len(own)}")
        if pool.paid != paid:
            wrong.append(f"pool {key} counts {pool.paid} paid answers, kept are {paid}")
        if pool.most_paid is not None and (pool.reserved != out or pool.paid + out > pool.most_paid):
            wrong.append(f"pool {key}: {pool.reserved} reserved, {out} out, {paid} of {pool.most_paid} paid")
        if done == len(own) and own and pool.state == "open":
            wrong.append(f"pool {key} is done and open")
    return wrong


def _review_faults(tasks: Iterable[Any]) -> list[str]:
    people = {"disputed", "set_aside"}
    wrong = [
        f"task {one.key} is {one.state}, and in the review queue as {one.review}"
        for one in tasks
        if (one.state in people) != (one.review in people) and one.kind == "real"
    ]
    wrong += [
        f"task {one.key} is open, and reviewed or to be"
        for one in tasks
        if (one.review or one.reviewed) and one.state == "open"
    ]
    return wrong
