"""A model with days of predictions of two cameras, and truths of some of them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON, new_record

from driftwheel.predictions import Classification
from driftwheel.services.watch.sum_performance import sum_performance
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.performance_due import due_performance, mark_performance

__all__ = ["NOON", "LabelledDays", "labelled_days"]

DAY = timedelta(days=1)
_SCORES = {"cat": {"cat": 0.9, "dog": 0.1}, "dog": {"cat": 0.3, "dog": 0.7}}


@dataclass
class LabelledDays:
    """Days from NOON on; records are called ``d{day}-{n}``."""

    engine: Engine
    model: Model
    logged: dict[int, int] = field(default_factory=dict)

    def log(self, day: int, said: Mapping[str, int], *, version: str = "1") -> None:
        """Log so many predictions of each class."""
        rows: list[NewRecord] = []
        for label, number in said.items():
            for _ in range(number):
                n = self.logged.get(day, 0)
                self.logged[day] = n + 1
                row = new_record(
                    self.model.key,
                    f"d{day}-{n}",
                    time=NOON + day * DAY,
                    tags={"camera": str(n % 2)},
                    prediction=Classification(label, _SCORES[label]),
                )
                rows.append(replace(row, record=replace(row.record, model_version=version)))
        with writing(self.engine) as connection:
            write_records(connection, rows)
        summarise_windows(self.engine, now=NOON + (day + 1) * DAY)

    def tell(self, day: int, label: str, count: int, *, skip: int = 0) -> None:
        """Tell the truth of some records of a day."""
        self.tell_each(day, [label] * count, skip=skip)

    def tell_each(self, day: int, labels: Sequence[str], *, skip: int = 0) -> None:
        """Tell the truth of records of a day, one after the other."""
        told = [NewTruth(f"d{day}-{n}", Classification(label)) for n, label in enumerate(labels, skip)]
        with writing(self.engine) as connection:
            put_truths(connection, self.model.key, told, received=NOON, by="me")
            mark_performance(connection, self.model.key, self.model.window, [NOON + day * DAY])

    def sum_up(self) -> None:
        """Sum up what is due."""
        with reading(self.engine) as connection:
            due = due_performance(connection, limit=100)
        for one in due:
            sum_performance(self.engine, one, now=NOON + 10 * DAY)


def labelled_days(engine: Engine, name: str = "m") -> LabelledDays:
    """Return a model without records."""
    with writing(engine) as connection:
        model = create_model(
            connection,
            name,
            task="classification",
            created=NOON,
            classes=["cat", "dog"],
            segment_tags=["camera"],
        )
    return LabelledDays(engine, model)
