"""`driftwheel monitors`, as whoever looks after the server gives it."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Administer

from driftwheel.errors import UsageError


@pytest.fixture(autouse=True)
def model(administer: Administer) -> None:
    made = administer("models", "register", "cats", "--segment", "camera", "--embedder", "none")
    assert made.exit_code == 0, made.output


def test_from_added_to_removed(administer: Administer) -> None:
    options = ("--severity", "info", "--segment", "camera", "--breaches", "2", "--note", "call ana")
    added = administer("monitors", "add", "cats", "dark images", "property.brightness above 0.5", *options)
    assert added.output == "Added the monitor 'dark images' to cats.\n"
    (one,) = json.loads(administer("monitors", "list", "cats", "--json").output)["monitors"]
    assert (one["name"], one["when"], one["on"]) == ("dark images", "property.brightness above 0.5 σ", True)
    assert (one["severity"], one["says"], one["alerts"]) == ("info", None, 0)
    changes = ("--when", "property.brightness above 1", "--all-segments", "--off", "--reason", "too loud")
    assert administer("monitors", "change", "cats", "dark images", *changes).exit_code == 0
    shown = administer("monitors", "show", "cats", "dark images").output
    assert '[models.cats.monitors."dark images"]\nwhen = "property.brightness above 1 σ"' in shown
    assert "segments" not in shown
    assert "enabled = false" in shown
    assert "revision 2:" in shown
    plain = json.loads(administer("monitors", "show", "cats", "dark images", "--json").output)
    assert (plain["revision"], plain["breaches"], plain["of_windows"]) == (2, 2, 2)
    assert administer("monitors", "change", "cats", "dark images", "--on").exit_code == 0
    assert "yes" in administer("monitors", "list", "cats").output
    assert administer("monitors", "remove", "cats", "dark images").exit_code == 0
    assert administer("monitors", "list", "cats").output.startswith("There are no monitors. They appear by")


def test_without_a_model_those_of_all_are_listed(administer: Administer) -> None:
    administer("models", "register", "dogs", "--embedder", "none")
    for model in ("cats", "dogs"):
        administer("monitors", "add", model, "drift", "drift is found")
    listed = administer("monitors", "list").output.splitlines()
    assert [line.split()[0] for line in listed] == ["model", "cats", "dogs"]
    plain = json.loads(administer("monitors", "list", "--json").output)["monitors"]
    assert [(one["model"], one["name"]) for one in plain] == [("cats", "drift"), ("dogs", "drift")]


def test_a_rule_or_a_monitor_is_tried(administer: Administer) -> None:
    administer("monitors", "add", "cats", "drift", "drift is found")
    for tried in ("drift", "unreadable_share above 5 %"):
        out = administer("monitors", "try", "cats", tried, "--since", "2026-03-04", "--breaches", "2").output
        assert out == "It would have fired 0 times in 0 windows.\n"
    assert json.loads(administer("monitors", "try", "cats", "drift", "--json").output) == {"alerts": []}


def test_the_signals_are_listed(administer: Administer) -> None:
    signals = json.loads(administer("monitors", "signals", "--json").output)["signals"]
    assert {"signal": "latency_p95", "unit": "s"}.items() <= next(
        one for one in signals if one["signal"] == "latency_p95"
    ).items()
    assert "frozen camera" in administer("monitors", "signals").output.replace("\n", " ")


def test_mistakes_are_told(administer: Administer) -> None:
    for words, said in (
        (("add", "cats", "m", "drift is fond"), "Rule, character 10, 'fond'"),
        (("add", "cats", "m", "drift is found", "--severity", "loud"), "severity is 'loud'"),
        (("add", "cats", "m", "drift is found", "--segment", "camra"), "Did you mean 'camera'"),
        (("add", "cts", "m", "drift is found"), "There is no model 'cts'"),
        (("change", "cats", "m", "--off"), "has no monitor 'm'"),
        (("try", "cats", "drft"), "Rule, character 1, 'drft': there is no such signal. Did you mean 'drift'"),
    ):
        failed = administer("monitors", *words)
        assert isinstance(failed.exception, UsageError), words
        assert said in str(failed.exception)
