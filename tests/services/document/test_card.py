"""The card of a version that was trained and served, and of one that came with its file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.services.document.carded_model import LATER, CardedModel

from driftwheel.cards.card_facts import digest_of
from driftwheel.cards.compose_card import compose_card
from driftwheel.cards.known_limits import known_limits
from driftwheel.cards.operation_facts import SliceFacts, TurnFacts
from driftwheel.cards.write_html import write_html
from driftwheel.cards.write_markdown import write_markdown
from driftwheel.errors import UsageError
from driftwheel.performance.figure import Figure
from driftwheel.services.document.set_card_texts import set_card_texts
from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import list_audit
from driftwheel.web.safe_markdown import safe_markdown
from driftwheel.wheel.wheel_policy import WheelPolicy


def test_what_a_card_knows_of_a_trained_version(carded: CardedModel) -> None:
    facts = carded.facts("v1")

    assert facts.training is not None
    assert (facts.training.kind, facts.training.by, len(facts.training.epochs)) == ("train", "ann", 3)
    held_out = facts.training.held_out[0]
    assert held_out.accuracy.n == 13
    assert held_out.confusion is not None
    assert held_out.confusion.classes == ("across", "down")
    counts = held_out.confusion.counts
    assert sum(map(sum, counts)) == 13
    assert (counts[0][0] + counts[1][1]) / 13 == pytest.approx(held_out.accuracy.value)
    assert facts.data is not None
    assert (facts.data.number, facts.data.images, facts.data.train) == (1, 90, 63)
    assert [one.number for one in facts.data.lineage] == [1]
    assert facts.version.network is not None
    assert facts.version.network.inputs[0].shape == ("n", 32, 32, 3)
    assert (facts.version.by, facts.version.alias) == ("ann", "champion")
    assert [one.end is None for one in facts.version.services] == [False, True]
    assert [one.kind for one in facts.promotions] == ["rolled_back", "promoted", "first"]
    assert [one.note for one in facts.incidents] == ["and again", "the lamp was off"]


def test_an_alert_that_was_open_when_a_version_took_over_is_told(carded: CardedModel) -> None:
    facts = carded.facts("v2")
    assert [one.note for one in facts.incidents] == ["and again"]
    assert "No alert was open" not in write_markdown(compose_card(facts))


def test_what_was_measured_in_production_by_segment(carded: CardedModel) -> None:
    found = carded.facts("v1").production

    assert found.whole is not None
    assert (found.whole.predictions, found.whole.labels) == (180, 120)
    assert found.whole.accuracy.value == pytest.approx(0.9)
    assert [one.predictions for one in found.windows] == [60, 60, 60]
    segments = {value: one.accuracy.value for _, value, one in found.segments}
    assert segments == {"0": 1.0, "1": pytest.approx(0.8)}


def test_limits_are_told_by_the_facts(carded: CardedModel) -> None:
    said = "\n".join(known_limits(carded.facts("v1"))).replace("\u202f", " ").replace("\u00a0", " ")

    assert "Fewer than 20 test images" in said
    assert "worse on some segments than over all (90.0 %): camera = 1 80.0 %" in said
    assert "There is no reference" in said
    assert "not known here" not in said
    other = "\n".join(known_limits(carded.facts("v2")))
    assert "What it learnt from is not known here" in other
    assert "It has not answered in production" in other
    assert "promoted without the gate, by ann: The lamp is another." in other


def test_a_version_that_came_with_its_file(carded: CardedModel) -> None:
    facts = carded.facts("v2")
    text = write_markdown(compose_card(facts))

    assert (facts.training, facts.data, facts.production.whole) == (None, None, None)
    assert [one.decision for one in facts.gates] == ["label_more"]
    assert "It was made elsewhere, and added with its file" in text
    assert "could not tell: more labels needed" in text
    assert "model-index" not in text
    assert [(one.begin < LATER, one.end is None) for one in facts.version.services] == [(True, False)]


def test_the_same_facts_give_the_same_card(carded: CardedModel) -> None:
    first, second = carded.facts("v1"), carded.facts("v1")
    later = replace(second, as_of=LATER + timedelta(days=1))

    assert write_markdown(compose_card(first)) == write_markdown(compose_card(second))
    assert digest_of(first) == digest_of(later)
    assert write_html(compose_card(first), safe_markdown) != write_html(compose_card(later), safe_markdown)
    other = replace(first, version=replace(first.version, state="retired"))
    assert digest_of(other) != digest_of(first)


def test_what_a_repair_a_slice_and_a_turn_add(carded: CardedModel) -> None:
    facts = carded.facts("v1")
    assert facts.training is not None
    clean = facts.training.held_out[0]
    gain = Figure(-0.2, -0.3, -0.1, 13)
    faulty = replace(clean, fault="blur, severity 3 of 5", champion=clean.accuracy, gain=gain)
    training = replace(facts.training, kind="repair", held_out=(clean, faulty))
    found = SliceFacts(
        "camera = 1", 60, 12, Figure(0.8, 0.7, 0.87, 60), Figure(1.0, 0.95, 1.0, 60), 0.001, LATER, LATER
    )
    turn = TurnFacts(3, "Alert 1 fired.", LATER, None, "", "", 80, "challenger")
    wheel = WheelPolicy(enabled=True, accuracy_below=0.9)
    retraining = replace(facts.retraining, wheel=wheel, rhythm="Retrain every 30 days.")
    more = replace(facts, training=training, slices=(found,), turns=(turn,), retraining=retraining)

    said = write_markdown(compose_card(more)).replace("\u202f", " ").replace("\u00a0", " ")

    assert said.count("| True | named across | named down |") == 3  # clean, faulty, in production
    assert "### On held-out images, given a simulated fault: blur, severity 3 of 5" in said
    assert "| Beyond the champion, points | −20.0 (−30.0 to −10.0) |" in said
    assert "with blur, severity 3 of 5 it was worse than the champion of then" in said
    assert "Slice of failure: camera = 1. There the model is right 80.0 % (70.0 to 87.0 %, n = 60)" in said
    assert "| 3 | challenger | Alert 1 fired. | 2026-03-14 12:00 UTC to now | open |  | 80 |" in said
    assert "or when accuracy measured over 7 days is shown to be below 90.0 %" in said
    assert "- Suggested rhythm: Retrain every 30 days." in said
    assert "&lt;svg" not in write_html(compose_card(more), safe_markdown)


def test_the_html_needs_nothing_else(carded: CardedModel) -> None:
    html = write_html(compose_card(carded.facts("v1")), safe_markdown)

    assert html.count("<svg") == 6
    assert "&lt;svg" not in html
    for outside in ("<script", "<link", " src=", "@import", "url("):
        assert outside not in html


def test_texts_are_kept_carried_over_and_taken_back(carded: CardedModel) -> None:
    register_model(carded.engine, NewModel("texts", "detection", (), embedder="none"), by="me", now=LATER)
    for name in ("a", "b", "c"):
        add_model_version(carded.engine, carded.blobs, "texts", name, onnx=None, by="me", now=LATER)

    def say(version: str, by: str = "ann", **texts: str | None) -> dict[str, tuple[str, str, bool]]:
        found = set_card_texts(carded.engine, "texts", version, texts, by=by, now=LATER)
        return {name: (one.text, one.by, one.carried) for name, one in found.items()}

    assert say("a", contact="ann@mill.example", intended_use="Cloth.\r\n") == {
        "contact": ("ann@mill.example", "ann", False),
        "intended_use": ("Cloth.", "ann", False),
    }
    assert say("b", "bob", intended_use="Wool.")["contact"] == ("ann@mill.example", "ann", True)
    assert say("c", intended_use="Wool.")["intended_use"] == ("Wool.", "bob", True)  # nothing new was said
    assert say("c", intended_use="")["intended_use"] == ("", "ann", False)
    assert say("c", intended_use=None)["intended_use"] == ("Wool.", "bob", True)
    assert say("a", contact="new@mill.example")["intended_use"] == ("Cloth.", "ann", False)
    with reading(carded.engine) as connection:
        lines = list_audit(connection, target="texts")
    acts = [one.details for one in lines if one.action == "change model card"]
    assert len(acts) == 5
    assert acts[-1] == {"version": "a", "texts": ["contact", "intended_use"]}


def test_texts_that_cannot_be_kept(carded: CardedModel) -> None:
    def say(version: str, texts: dict[str, str | None]) -> None:
        set_card_texts(carded.engine, "stripes", version, texts, by="ann", now=LATER)

    with pytest.raises(UsageError, match="Did you mean 'contact'"):
        say("v1", {"contcat": "x"})
    with pytest.raises(UsageError, match="at most 20,000"):
        say("v1", {"contact": "x" * 20_001})
    with pytest.raises(UsageError, match=r"U\+202E"):
        say("v1", {"contact": "a\u202eb"})
    with pytest.raises(UsageError, match="no version 'v9'"):
        say("v9", {"contact": "x"})
    with pytest.raises(UsageError, match="No text was given"):
        say("v1", {})


def test_a_model_that_draws_boxes_has_a_card(carded: CardedModel) -> None:
    register_model(
        carded.engine, NewModel("boxes", "detection", ("cup",), embedder="none"), by="me", now=LATER
    )
    add_model_version(carded.engine, carded.blobs, "boxes", "one", onnx=None, by="me", now=LATER)
    with reading(carded.engine) as connection:
        from driftwheel.services.document.gather_card import gather_card
        from driftwheel.store.models.models import find_model

        facts = gather_card(connection, carded.blobs, find_model(connection, "boxes"), "one", now=LATER)
    text = write_markdown(compose_card(facts))
    assert "pipeline_tag: object-detection" in text
    assert "it draws boxes around objects" in text
    assert "How right its boxes are is not measured" in text
