from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine
from tests.services.alerting import NOW, change, fire, model

from driftwheel.services.alert.why_no_alert import why_no_alert
from driftwheel.store.alerts.monitors import create_monitor, find_monitor, set_enabled
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model

DAY = timedelta(days=1)


def watch(c: Connection, of: int, **more: object) -> int:
    definition = {"when": "drift is found", "severity": "critical", **more}
    watch_from, name = definition.pop("watch_from", None), str(definition.pop("name", "drift"))
    return create_monitor(
        c, of, name, definition=definition, origin="suggested", watch_from=watch_from, changed=NOW, by="t"
    ).key


def why(engine: Engine, **segment: str) -> str:
    with reading(engine) as c:
        return why_no_alert(c, find_model(c, "cats"), NOW - DAY, NOW, **segment)


def test_nothing_watches(database: Engine) -> None:
    cats = model(database)
    assert why(database) == "No monitor that is on watches for it."
    with writing(database) as c:
        watch(c, cats, segments=[""])
    assert why(database) == ""
    assert why(database, tag="camera", value="2") == "No monitor that is on watches for it."
    with writing(database) as c:
        set_enabled(
            c, find_monitor(c, cats, "drift").key, enabled=False, watch_from=None, changed=NOW, by="t"
        )
    assert why(database) == "No monitor that is on watches for it."


def test_what_has_added_up_is_watched_for_by_its_own_rule(database: Engine) -> None:
    cats = model(database)
    with writing(database) as c:
        watch(c, cats)
    with reading(database) as c:
        said = why_no_alert(c, find_model(c, "cats"), NOW - DAY, NOW, "evidence")
    assert said == "No monitor that is on watches for it."
    with writing(database) as c:
        watch(c, cats, name="slow", when="drift is found or evidence is found", breaches=2, of_windows=3)
    with reading(database) as c:
        said = why_no_alert(c, find_model(c, "cats"), NOW - DAY, NOW, "evidence")
    assert said == "Its monitor waits for 2 of 3 windows in breach."


def test_somebody_closed_it(database: Engine) -> None:
    cats = model(database)
    with writing(database) as c:
        key = watch(c, cats)
    episode = fire(database, cats, monitor=key)
    change(database, episode, now=NOW, state="closed", ended=NOW, reason="a known thing")
    assert why(database) == "Its alert was closed: a known thing"


@pytest.mark.parametrize(("ago", "said"), [(0, "It was over when its monitor was added"), (1, "")])
def test_what_was_over_does_not_page(database: Engine, ago: int, said: str) -> None:
    cats = model(database)
    with writing(database) as c:
        watch(c, cats, watch_from=NOW - ago * DAY)
    assert why(database)[: len(said) or None] == said


def test_more_windows_are_waited_for(database: Engine) -> None:
    cats = model(database)
    with writing(database) as c:
        watch(c, cats, breaches=2, of_windows=3)
    assert why(database) == "Its monitor waits for 2 of 3 windows in breach."
