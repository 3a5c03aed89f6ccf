"""Messages composed: what went wrong, what was expected, over which time, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.alerts.making import at, episode, monitor, window

from driftwheel.alerts.compose import compose_entry, compose_message, trial_message
from driftwheel.alerts.episode import Episode
from driftwheel.alerts.grouping import Due, MessageKind
from driftwheel.alerts.message import Entry
from driftwheel.alerts.told import Told
from driftwheel.errors import UsageError
from driftwheel.monitors.evaluate import evaluate
from driftwheel.monitors.observation import Observation

BLURRED = {
    "kind": "appearance",
    "diagnosed": True,
    "diagnosis": [{"fault": "blur", "severity": 3, "share": 0.94, "confidence": 0.97}],
    "properties": [
        {
            "name": "sharpness",
            "drifted": True,
            "p_value": 1e-9,
            "statistic": 0.9,
            "effect": 9.1,
            "threshold": 0.4,
            "wasserstein_sigmas": 9.1,
            "psi": None,
            "jensen_shannon": None,
            "reference_mean": 812.2,
            "current_mean": 143.9,
            "n_reference": 2000,
            "n_current": 400,
        },
    ],
}
PUBLIC = "https://drift.example"


def composed(rule: str, *seen: Observation, one: Episode | None = None, **rest: Any) -> Entry:
    watched = monitor(rule, note="call the line")
    observations = {each.signal: each for each in seen}
    return compose_entry(
        one or episode(7), watched, window("B", 3), evaluate(watched, observations), observations, **rest
    )


def due(
    kind: MessageKind | None = "firing",
    firing: tuple[int, ...] = (),
    still: tuple[int, ...] = (),
    ended: tuple[int, ...] = (),
) -> Due:
    return Due(Told(), kind, firing, still, ended, None)


def test_the_entry_of_a_drift_says_all_there_is() -> None:
    entry = composed(
        "drift is found",
        Observation("drift", 1.0, 400, p_value=1e-9, judged=True),
        Observation("accuracy", 0.71, 40, usual=0.93),
        headline="Drift: about 94 % of the 400 current images look blurred (severity 3).",
        verdict=BLURRED,
        segments=["camera=2"],
        examples=["a", "b", "c", "d", "e"],
    )
    assert entry.wrong == "Drift: about 94 % of the 400 current images look blurred (severity 3)."
    assert entry.expected == "Images like those of the reference."
    assert (entry.start, entry.end, entry.since, entry.n) == (at(2), at(3), at(0), 400)
    assert entry.effect == "Sharpness fell from 812 to 144 grey levels² (9.1 σ)."
    assert entry.cause.startswith("Blur in 94 % of the images (97 % sure, severity 3 of 5). Everything")
    assert entry.harm == "Accuracy is 71 % on 40 records, usually 93 %."
    assert (entry.segments, entry.examples, entry.note) == (
        ("camera=2",),
        ("a", "b", "c", "d"),
        "call the line",
    )


def test_a_rule_of_several_signals_says_those_in_breach() -> None:
    entry = composed(
        "unreadable_share above 5 % or black_share above 5 % or records below 3",
        Observation("unreadable_share", 0.12, 500, usual=0.01),
        Observation("black_share", 0.3, 500),
        Observation("records", 500.0, 500),
    )
    assert entry.wrong == "Unreadable images: 12 % (n = 500). Black images: 30 % (n = 500)."
    assert entry.expected == "Unreadable images: at most 5 %, usually 1 %. Black images: at most 5 %."
    assert entry.effect == "Unreadable images rose from 1.0 % to 12.0 %."


def test_the_effect_of_a_property_comes_from_the_verdict() -> None:
    seen = Observation("property.sharpness", 9.1, 400)
    assert composed("property.sharpness above 1", seen, verdict=BLURRED).effect.startswith("Sharpness fell")
    assert composed("property.sharpness above 1", seen).effect == ""


def test_an_infinite_effect_is_spoken_of() -> None:
    broken = BLURRED | {"properties": [BLURRED["properties"][0] | {"effect": None}]}  # type: ignore[index, operator]
    entry = composed("drift is found", Observation("drift", 1.0, 400, judged=True), verdict=broken)
    assert "∞ σ" in entry.effect


def test_a_message_has_the_gravest_first_and_what_ended_last() -> None:
    mild, grave = episode(1), episode(2, severity="critical")
    over = episode(3, severity="critical", state="resolved", ended=at(5), name="silence")
    entries = {one.key: composed("drift is found", one=one) for one in (mild, grave, over)}
    told = compose_message(
        due("firing", (2,), (1,), (3,)),
        entries,
        [mild, grave, over],
        model="cats",
        now=at(6),
        public_url=PUBLIC,
        pictures={"a": "/api/v1/x"},
    )
    assert [one.episode for one in told.entries] == [2, 1, 3]
    assert told.entries[2].ended == at(5)
    assert (told.title, told.severity, told.kind) == ("cats: critical: drift", "critical", "firing")
    assert (told.since, told.until, told.made) == (at(0), at(3), at(6))
    assert [link.url for link in told.entries[0].links] == [
        f"{PUBLIC}/alerts/2",
        f"{PUBLIC}/alerts/2#acknowledge",
        f"{PUBLIC}/alerts/2#snooze",
    ]
    assert [link.title for link in told.entries[2].links] == ["See"]
    assert told.link == f"{PUBLIC}/alerts"


def test_the_title_names_the_fault_and_where_it_is_once() -> None:
    whole, camera = episode(1), replace(episode(2), tag="camera", value="2")
    seen = Observation("drift", 1.0, 400, judged=True)
    entries = {
        1: composed("drift is found", seen, one=whole, verdict=BLURRED, segments=["camera=2"]),
        2: composed("drift is found", seen, one=camera, verdict=BLURRED),
    }

    def title(*keys: int) -> str:
        told = due("firing", keys, (), ())
        return compose_message(told, entries, [whole, camera], model="cats", now=at(6)).title

    assert title(1, 2) == "cats: warning: drift (blur, camera=2)"
    assert title(2) == "cats: warning: drift (blur, camera=2)"
    entries[1] = composed(
        "drift is found", seen, one=whole, verdict=BLURRED, segments=["camera=2", "camera=3"]
    )
    assert title(1) == "cats: warning: drift (blur)"


@pytest.mark.parametrize(
    ("what", "title"),
    [
        (due("firing", (1, 2)), "cats: warning: drift and 1 more alert"),
        (due("still_firing", (), (1,)), "cats: still firing since 2026-11-02 00:00 UTC: drift"),
        (due("resolved", (), (1,), (2,)), "cats: resolved: dark (camera=2)"),
        (due("closed", (), (), (2,)), "cats: closed: dark (camera=2)"),
    ],
)
def test_titles(what: Due, title: str) -> None:
    one, two = episode(1), episode(2, name="dark", tag="camera", value="2")
    entries = {each.key: composed("drift is found", one=each) for each in (one, two)}
    assert compose_message(what, entries, [one, two], model="cats", now=at(6)).title == title


def test_a_title_is_one_line_of_bounded_length() -> None:
    one = episode(1, name="x" * 128, tag="camera", value="2\n" * 100)
    told = compose_message(
        due("firing", (1,)), {1: composed("drift is found", one=one)}, [one], model="m", now=at(6)
    )
    assert len(told.title) == 150
    assert "\n" not in told.title


def test_examples_have_addresses_where_pictures_are_known() -> None:
    one = episode(1)
    entry = replace(composed("drift is found", one=one), examples=("a", "b"))
    told = compose_message(
        due("firing", (1,)),
        {1: entry},
        [one],
        model="m",
        now=at(6),
        public_url=PUBLIC,
        pictures={"a": "/api/v1/models/m/images/aa?size=320", "z": "/other"},
    )
    assert told.examples == {"a": f"{PUBLIC}/api/v1/models/m/images/aa?size=320"}


def test_without_an_address_there_are_no_links() -> None:
    one = episode(1)
    entries = {1: composed("drift is found", one=one)}
    told = compose_message(due("firing", (1,)), entries, [one], model="m", now=at(6), pictures={"a": "/x"})
    assert (told.link, told.entries[0].links, told.examples) == (None, (), {})


def test_nothing_due_is_no_message() -> None:
    with pytest.raises(UsageError, match="No message is due"):
        compose_message(due(None), {}, [], model="m", now=at(1))


def test_the_test_message_names_its_channel() -> None:
    told = trial_message(channel="ops", now=at(1), public_url=PUBLIC)
    assert (told.kind, told.title) == ("test", "Test of the channel 'ops': alerts arrive here")
