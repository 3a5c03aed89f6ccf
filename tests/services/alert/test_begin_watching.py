"""What follows when a reference is put in use, and when it can tell causes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.weaving_line import MONDAY, Line, fault, weaving_line, write_folder

from driftwheel.alerts.message import Entry, Message, message_from_json
from driftwheel.images.faults import FAULTS
from driftwheel.services.alert.begin_watching import begin_watching, look_for_causes
from driftwheel.services.alert.list_alerts import entry_of
from driftwheel.services.channels.send_notifications import make_messages
from driftwheel.services.check.simulate_faults import simulate_faults
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.store.alerts.channels import create_channel
from driftwheel.store.alerts.episodes import document_of, list_episodes
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.alerts.notifications import list_notifications, set_sent
from driftwheel.store.engine.database import reading, writing

DAY = timedelta(days=1)
KNOWN = tuple(one for one in FAULTS if one.name in {"blur", "greyscale"})


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwheel.services.check.simulate_faults.MOST_IMAGES", 20)
        fewer = partial(simulate_faults, faults=KNOWN)  # to spend seconds, not a minute
        patch.setattr("driftwheel.services.models.simulate_reference_faults.simulate_faults", fewer)
        yield


class Watched:
    """A weaving line that is judged day by day, and a channel that is told."""

    def __init__(self, line: Line, folder: Path) -> None:
        self.line, self.engine = line, line.engine
        self.known = KnownReferences(line.blobs)
        with writing(self.engine) as connection:
            create_channel(
                connection,
                "ops",
                url="json://localhost",
                created=self.at(-1),
                by="me",
                repeat=30 * 86400,  # only what changes is told
            )
        source = write_folder(line, folder, 100)
        self.reference = line.refer_to(source, now=self.at(-1), faults=False)
        begin_watching(self.engine, self.reference, now=self.at(-1))

    def at(self, day: int) -> datetime:
        return MONDAY + (day + 1) * DAY + timedelta(hours=1)

    def judge(self, day: int) -> None:
        """Judge what is due after a day, and make the messages that follow."""
        while judge_due(self.engine, self.known, now=self.at(day), settle=timedelta()) is not None:
            pass
        make_messages(self.engine, now=self.at(day) + timedelta(hours=1))
        with writing(self.engine) as connection:
            for one in list_notifications(connection, state="waiting"):
                set_sent(connection, one.key, self.at(day) + timedelta(hours=1))

    def simulate(self) -> None:
        """What the workflow `reference` does after the reference is in use."""
        library = simulate_reference_faults(self.engine, self.line.blobs, self.reference, threads=1)
        assert library is not None
        keep_faults(self.engine, self.reference, library)
        look_for_causes(self.engine, self.reference)

    def entry(self) -> Entry:
        """What the alert of drift of the whole model says."""
        with reading(self.engine) as connection:
            (key,) = (
                one.key
                for one in list_episodes(connection, self.line.model.key)
                if (one.name, one.tag) == ("drift", "")
            )
            entry = entry_of(document_of(connection, key))
        assert entry is not None
        return entry

    def messages(self) -> list[Message]:
        with reading(self.engine) as connection:
            return [message_from_json(one.body) for one in list_notifications(connection)][::-1]


@pytest.fixture
def its(database: Engine, tmp_path: Path) -> Watched:
    return Watched(weaving_line(database, tmp_path, embedder="none"), tmp_path / "images")


@pytest.mark.parametrize("newest", ["drift", "insufficient"])
def test_drift_that_was_told_without_a_cause_gets_it_when_faults_were_simulated(
    its: Watched, newest: str
) -> None:
    blurred = {camera: fault("blur", 5) for camera in ("left", "right")}
    with reading(its.engine) as connection:
        assert "drift" in {one.name for one in list_monitors(connection, its.line.model.key)}
    its.line.log_day(0, 60, changes=blurred)
    its.line.work()
    its.judge(0)
    if newest == "insufficient":
        its.line.log_day(1, 4)
        its.line.work()
        its.judge(1)
    assert (its.entry().cause, its.entry().brief) == ("", "")
    (first,) = its.messages()
    assert first.kind == "firing"
    its.simulate()
    its.judge(1)
    assert "blur" in its.entry().cause.lower()
    assert its.entry().brief.lower().startswith("blur")
    assert its.messages() == [first]  # nobody is told again
    its.line.log_day(2, 60)
    its.line.work()
    its.judge(2)
    _, last = its.messages()
    assert last.kind == "resolved"
    causes = {one.cause for one in last.entries if one.name == "drift" and not one.tag}
    assert causes == {its.entry().cause}


def test_done_twice_and_for_a_reference_that_is_gone(its: Watched) -> None:
    with reading(its.engine) as connection:
        monitors = list_monitors(connection, its.line.model.key)
    begin_watching(its.engine, its.reference, now=its.at(0))
    begin_watching(its.engine, 77, now=its.at(0))
    look_for_causes(its.engine, 77)
    with reading(its.engine) as connection:
        assert list_monitors(connection, its.line.model.key) == monitors
