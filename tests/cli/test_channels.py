"""`driftwheel channels`, as whoever looks after the server gives it."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Administer
from tests.notify.receivers import webhook

from driftwheel.errors import UsageError

SECRET = "s3cr3t-t0ken"


def test_a_channel_is_added_listed_changed_and_removed_and_its_address_never_shown(
    administer: Administer,
) -> None:
    url = f"jsons://robot:{SECRET}@hooks.example.com/x"
    added = administer("channels", "add", "line 2", "-", "--severity", "critical", typed=url + "\n")
    assert added.output == "Added the channel 'line 2'. Try it: driftwheel channels test 'line 2'\n"
    listed = administer("channels", "list")
    assert "hooks.example.com" in listed.output
    (one,) = json.loads(administer("channels", "list", "--json").output)["channels"]
    assert (one["kind"], one["on"], one["severities"]) == ("JSON", True, ["critical"])
    changes = ("--for-all", "--off", "--quiet", "mon-fri 22:00-07:00", "--time-zone", "Europe/Berlin")
    assert administer("channels", "change", "line 2", *changes).output == "Changed the channel 'line 2'.\n"
    (one,) = json.loads(administer("channels", "list", "--json").output)["channels"]
    assert (one["on"], one["severities"]) == (False, ["all"])
    assert administer("channels", "remove", "line 2").output == "Removed the channel 'line 2'.\n"
    assert administer("channels", "list").output.startswith(
        "There are no channels. Add one: driftwheel channels add"
    )
    assert SECRET not in added.output + listed.output + json.dumps(one)


def test_what_became_of_a_test_is_the_exit_code(
    administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS", "true")
    with webhook() as hook:
        administer("channels", "add", "ops", hook.url)
        tested = administer("channels", "test", "ops")
        assert (tested.exit_code, tested.output) == (0, "The channel 'ops' took the message.\n")
        hook.status = 500
        failed = administer("channels", "test", "ops")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("The channel 'ops' did not take the message. ")
    assert "500" in failed.stderr
    assert "500" in administer("channels", "list").stderr


def test_a_mistake_is_told(administer: Administer) -> None:
    failed = administer("channels", "add", "ops", "https://example.com/x")
    assert isinstance(failed.exception, UsageError)
    assert "write jsons:// instead of https://" in str(failed.exception)
    failed = administer("channels", "test", "ops")
    assert isinstance(failed.exception, UsageError)
    failed = administer("channels", "add", "ops", "jsons://x.example.com", "--quiet", "nightly")
    assert "write them as 'mon-fri 22:00-07:00'" in str(failed.exception)
