"""A file applied: what it says becomes so, what it does not name stays, and again it changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.operate.apply_configuration import apply_configuration
from driftwheel.services.operate.configuration import read_configuration
from driftwheel.services.operate.export_configuration import export_configuration
from driftwheel.services.operate.plan_configuration import PlannedChange
from driftwheel.store.alerts.channels import find_channel, list_channels
from driftwheel.store.alerts.monitors import find_monitor, list_monitors, list_revisions
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.wheel.policies import policy_of
from driftwheel.wheel.wheel_policy import WheelPolicy

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = """
[models.cats]
task = "classification"
window = "hour"
segment_tags = ["camera"]
embedder = "none"
retention_days = 90
false_alarms_per_year = 2

[models.cats.monitors.drift]
when = "drift is found"
severity = "critical"

[models.cats.monitors."dark images"]
when = "property.brightness above 0.5 until 0.3"
segments = ["", "camera"]
breaches = 2
of_windows = 3
enabled = false

[channels.ops]
url = "jsons://robot:${OPS_SECRET}@hooks.example.com/x"
models = ["cats"]
severities = ["critical", "warning"]
repeat = 3600

[channels.ops.quiet_hours]
zone = "Europe/Berlin"
spans = [{days = ["sat", "sun"], start = "00:00", end = "24:00"}]
"""
SECRET = {"OPS_SECRET": "s3cr3t"}


def applied(
    engine: Engine,
    text: str = FILE,
    *,
    prune: bool = False,
    dry_run: bool = False,
    environment: dict[str, str] | None = None,
    later: int = 0,
) -> list[str]:
    wanted = read_configuration(text, SECRET if environment is None else environment, source="d.toml")
    now = NOW + timedelta(minutes=later)
    changes = apply_configuration(engine, wanted, by="ana", now=now, prune=prune, dry_run=dry_run)
    return [said(one) for one in changes]


def said(change: PlannedChange) -> str:
    keys = " ".join(one.key for one in change.differences)
    return f"{change.action} {change.title}: {keys}".removesuffix(": ")


def exported(engine: Engine) -> str:
    with reading(engine) as connection:
        return export_configuration(connection)


def test_an_empty_installation_becomes_what_the_file_says(database: Engine) -> None:
    changes = applied(database)
    assert [one.split(":")[0] for one in changes] == [
        "add models.cats",
        "add models.cats.monitors.dark images",
        "add models.cats.monitors.drift",
        "add channels.ops",
    ]
    with reading(database) as connection:
        model = find_model(connection, "cats")
        dark = find_monitor(connection, model.key, "dark images")
        drift = find_monitor(connection, model.key, "drift")
        channel = find_channel(connection, "ops")
    assert (model.window, model.retention_days, model.false_alarms_per_year) == ("hour", 90, 2.0)
    assert (dark.enabled, drift.enabled, drift.origin, drift.by) == (False, True, "file", "ana")
    assert dark.definition["of_windows"] == 3
    assert channel.url == "jsons://robot:s3cr3t@hooks.example.com/x"
    assert (channel.models, channel.severities, channel.repeat) == (("cats",), ("warning", "critical"), 3600)
    assert channel.quiet_hours is not None


def test_applied_again_it_changes_nothing(database: Engine) -> None:
    applied(database)
    assert applied(database, later=1) == []
    with reading(database) as connection:
        model = find_model(connection, "cats")
        assert len(list_revisions(connection, find_monitor(connection, model.key, "drift").key)) == 1


def test_what_is_exported_is_what_there_is(database: Engine) -> None:
    applied(database)
    register_model(database, NewModel("dogs", "detection", embedder="none"), by="ana", now=NOW)
    add_channel(database, "line 3", "jsons://x.example.com", by="ana", now=NOW)
    text = exported(database)
    assert applied(database, text, prune=True, environment={}) == []
    assert "s3cr3t" not in text
    assert "url = " not in text.replace('# url = "', "")


def test_what_differs_is_changed_and_nothing_else(database: Engine) -> None:
    applied(database)
    text = FILE.replace("until 0.3", "until 0.2").replace("enabled = false", "").replace("3600", "7200")
    text = text.replace("retention_days = 90", 'retention_days = "for ever"')
    wanted = [
        "change models.cats: retention_days",
        "change models.cats.monitors.dark images: when enabled",
        "change channels.ops: repeat",
    ]
    assert applied(database, text, dry_run=True) == wanted
    assert applied(database, text, dry_run=True) == wanted
    assert applied(database, text, later=1) == wanted
    assert applied(database, text, later=2) == []
    with reading(database) as connection:
        model = find_model(connection, "cats")
        dark = find_monitor(connection, model.key, "dark images")
        channel = find_channel(connection, "ops")
    assert model.retention_days is None
    assert (dark.revision, dark.enabled) == (2, True)
    assert channel.url.startswith("jsons://robot:s3cr3t@")


def test_an_address_is_changed_and_never_shown(database: Engine) -> None:
    applied(database)
    wanted = read_configuration(FILE, {"OPS_SECRET": "other"}, source="d.toml")
    (change,) = apply_configuration(database, wanted, by="ana", now=NOW)
    assert [(one.key, one.before, one.after) for one in change.differences] == [
        ("url", "(hidden)", "(hidden)")
    ]
    assert "other" not in repr(wanted) + repr(change)
    with reading(database) as connection:
        assert "other" in find_channel(connection, "ops").url


def test_what_the_file_does_not_name_stays_unless_it_is_to_be_pruned(database: Engine) -> None:
    applied(database)
    rest = "[models.cats.monitors.drift]\nwhen = 'drift is found'\nseverity = 'critical'\n"
    assert applied(database, rest) == []
    assert applied(database, rest, prune=True) == [
        "remove models.cats.monitors.dark images",
        "remove channels.ops",
    ]
    with reading(database) as connection:
        model = find_model(connection, "cats")
        assert [one.name for one in list_monitors(connection, model.key)] == ["drift"]
        assert list_channels(connection) == []


def test_an_embedder_that_was_chosen_stays_chosen(database: Engine) -> None:
    applied(database)
    assert applied(database, FILE.replace('"none"', '"auto"')) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('window = "hour"', 'window = "day"'),
            "Its window is 'hour' and cannot be changed to 'day'",
        ),
        (('["camera"]', "[]"), "models.cats: Monitor 'dark images': the model is not segmented by 'camera'"),
        (
            ('models = ["cats"]', 'models = ["cast"]'),
            "There is no model 'cast'. Did you mean 'cats'",
        ),
        (("jsons://", "https://"), "channels.ops: .*write jsons:// instead"),
        (('"00:00"', '"0"'), "channels.ops: '0' is no time of the day"),
    ],
)
def test_nothing_is_changed_where_something_cannot_be(
    database: Engine, change: tuple[str, str], message: str
) -> None:
    applied(database)
    before = exported(database)
    wrong = FILE.replace("false_alarms_per_year = 2", "false_alarms_per_year = 3").replace(*change)
    with pytest.raises(UsageError, match=message):
        applied(database, wrong)
    assert exported(database) == before


def test_a_new_model_needs_a_task_and_a_new_channel_an_address(database: Engine) -> None:
    with pytest.raises(UsageError, match=r"models\.dogs: .* to make it, give its task"):
        applied(database, "[models.dogs]\nwindow = 'day'")
    with pytest.raises(UsageError, match=r"channels\.ops: .* to make it, give its url"):
        applied(database, "[channels.ops]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = 3", "d.toml: 'models' holds tables: write .models.NAME."),
        ("[models.cats", "d.toml: Expected ']'.*at end of document"),
        ("[model.cats]", "d.toml: There is no 'model' in the file.*Did you mean 'models'"),
        (
            "[models.cats]\nwindows = 'day'",
            "There is no 'windows' in a model.*Did you mean 'window'",
        ),
        ("[models.cats]\nretention_days = true", "'retention_days' is True; give a whole number of days"),
        ("[models.cats]\nclasses = 'cat'", "'classes' is 'cat'; give a list of texts"),
        ("[models.cats]\nkeep_images = 'all'", "'keep_images' is 'all'; give a number"),
        ("[models.cats.monitors.m]\nwhen = 'drift is fond'", "Monitor 'm': Rule, character 10, 'fond'"),
        (
            "[models.cats.monitors.m]\nwhen = 'drift is found'\nenabled = 1",
            "'enabled' is 1; write true or false",
        ),
        ("[channels.ops]\nurl = 'jsons://${NO_SUCH}'", "'url' names \\${NO_SUCH}, which the environment"),
        ("[channels.ops]\nrepeat = '4h'", "'repeat' is '4h'; give whole seconds"),
        ("[models.cats]\nkeep_images = nan", "models.cats.keep_images is nan; give a number"),
        (f"[models.cats.wheel]\nimages = {10**400}", "models.cats.wheel.images has more than 64 bits"),
        (f"[models.cats.wheel]\nimages = {'1' * 5000}", "A number has thousands of digits"),
        (f"[models.cats]\nclasses = {'[' * 5000}", "lie too deep in one another"),
        ("[channels.ops]\nurl = 3", "'url' is no text"),
        ("[channels.ops]\nsevrities = []", "There is no 'sevrities' in a channel.*Did you mean 'severities'"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_configuration(text, {}, source="d.toml")


def test_the_file_in_the_guide_can_be_applied(database: Engine) -> None:
    guide = Path(__file__).parents[3] / "docs" / "how-to" / "configure.md"
    text = guide.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    secret = {"OPS_URL": "jsons://hooks.example.com"}
    assert len(applied(database, text, environment=secret)) == 5
    assert applied(database, text, environment=secret) == []


def test_options_of_a_channel_are_said_as_a_whole(database: Engine) -> None:
    options = ChannelOptions(severities=["critical"], repeat=60)
    add_channel(database, "ops", "jsons://x.example.com", options, by="ana", now=NOW)
    assert applied(database, "[channels.ops]\nrepeat = 60") == ["change channels.ops: severities"]


WHEEL = """
[models.cats.wheel]
enabled = true
accuracy_below = 0.9
images = 80
"""


def test_the_policy_of_a_wheel_is_applied_as_a_whole_and_exported(database: Engine) -> None:
    applied(database)
    assert ".wheel" not in exported(database)
    assert applied(database, FILE + WHEEL) == ["change models.cats.wheel: enabled accuracy_below images"]
    assert applied(database, FILE + WHEEL) == []
    assert applied(database) == []  # what the file does not name stays
    text = exported(database)
    assert WHEEL.strip() in text
    assert applied(database, text) == []
    wanted = WHEEL.replace("images = 80", 'project = "seams"')
    with pytest.raises(UsageError, match=r"models.cats: The model has no labelling project 'seams'"):
        applied(database, FILE + wanted)
    with pytest.raises(UsageError, match=r"models.cats: The wheel's images is 5; give 10 to 10,000"):
        applied(database, FILE + WHEEL.replace("80", "5"))
    with pytest.raises(UsageError, match=r"write \[models.NAME.wheel\]"):
        applied(database, 'models.cats.wheel = "on"')
    assert applied(database, FILE + WHEEL.replace("images = 80", "")) == ["change models.cats.wheel: images"]
    with reading(database) as connection:
        assert policy_of(connection, find_model(connection, "cats").key).images == 200
    assert applied(database, prune=True) == []  # a policy is no thing that can be removed
    assert applied(database, f"{FILE}\n[models.cats.wheel]\n") == [
        "change models.cats.wheel: enabled accuracy_below"
    ]
    with reading(database) as connection:
        assert policy_of(connection, find_model(connection, "cats").key) == WheelPolicy()
