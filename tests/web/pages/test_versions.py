"""The pages of versions and of the gate: what they say, and what their buttons do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from tests.services.release.registry import NOW, Registry
from tests.services.release.two_colours import CHANGED, CLASSES, log, network
from tests.web.serving import Running, serving

from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.run_gate import run_gate
from driftwheel.services.release.set_policy import set_policy

HERE = "/models/colours/versions"


@pytest.fixture(scope="module")
def its(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Registry]]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        services = running.services
        new = NewModel("colours", "classification", CLASSES, embedder="none", segment_tags=("camera",))
        model = register_model(services.engine, new, by="me", now=NOW)
        made = Registry(services.engine, services.blobs, model)
        running.model("empty")
        running.user("ella", "engineer")
        running.user("vera", "viewer")
        for name, weights in (
            ("v1", {"blue": 1.0}),
            ("<b>v2", {"blue": 1.0, "red": 1.0}),
            ("v3", {"red": 1.0, "blue": 0.0}),
            ("v4", {"blue": 1.0, "red": 0.8}),
        ):
            made.add(name, network(**weights))
        log(made, 70, red=False, seed=1)
        log(made, 50, red=True, seed=2)
        log(made, 60, red=True, seed=3, told=False)
        rule = {"margin": 0.12, "segment_margin": 0.12, "latency_ratio": 100}
        set_policy(services.engine, "colours", rule=rule, by="me", now=NOW)
        yield running, made


def gated(its: tuple[Running, Registry], version: str, chosen: GateSlice) -> str:
    running, made = its
    run = ask_gate(made.engine, made.name, version, chosen=chosen, by="ella", now=running.clock())
    run_gate(made.engine, made.blobs, run.key, now=running.clock, threads=1)
    return f"{HERE}/gates/{run.key}"


def words(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_a_challenger_is_let_in_promoted_and_rolled_back(its: tuple[Running, Registry]) -> None:
    ella = its[0].logged_in("ella")
    assert "v1 is served." in words(ella.get(HERE))
    page = gated(its, "<b>v2", GateSlice(since=CHANGED))
    text = words(ella.get(page))
    assert "&lt;b&gt;v2 is better." in text
    assert "what drifted better shown 50" in text
    assert "camera = north loses less than 12 points shown 60" in text
    assert "labelled records" in text
    assert "&lt;b&gt;v2 may be promoted." in words(ella.get(HERE))
    done = ella.post(f"{page}/answer", data={"act": "promote", "reason": "Night."}, follow_redirects=True)
    assert "It is the champion" in words(done)
    assert "&lt;b&gt;v2 is served." in words(done)
    assert "Promoted by ella" in words(ella.get(page))
    again = ella.post(f"{page}/answer", data={"act": "refuse"})
    assert (again.status_code, "was answered by ella" in again.text) == (422, True)
    back = ella.post(f"{HERE}/act", data={"act": "roll-back"}, follow_redirects=True)
    assert "v1 is served." in words(back)
    assert "rolled back" in words(back)


def test_labels_that_lack_are_asked_for_by_a_button(its: tuple[Running, Registry]) -> None:
    ella = its[0].logged_in("ella")
    page = gated(its, "v4", GateSlice(since=CHANGED.replace(minute=45)))  # 5 images
    text = words(ella.get(page))
    assert "It cannot be told yet. It lacks some" in text
    assert re.search(r"Label \d+ more", text)
    done = ella.post(f"{page}/answer", data={"act": "label"}, follow_redirects=True)
    assert "The images are with the annotators" in words(done)
    assert "of the pool Gate" in words(ella.get(page))


def test_one_is_kept_out_and_says_why(its: tuple[Running, Registry]) -> None:
    ella = its[0].logged_in("ella")
    page = gated(its, "v3", GateSlice(since=CHANGED))
    text = words(ella.get(page))
    assert "v3 is kept out." in text
    assert "of everything else it is not shown to lose less than 12.0 points" in text
    nothing = ella.post(f"{page}/answer", data={"act": "destroy"})
    assert (nothing.status_code, "Choose what is to be done." in nothing.text) == (422, True)
    assert ella.get(f"{HERE}/gates/999").status_code == 404


def test_versions_are_moved_by_their_menus(its: tuple[Running, Registry]) -> None:
    ella = its[0].logged_in("ella")
    for act, told in (
        ("shadow", "It answers in the shadow"),
        ("no-shadow", "It is out of the shadow"),
        ("retire", "It is retired."),
        ("take-back", "It is a candidate again."),
        ("gate", "It goes to the gate"),
    ):
        done = ella.post(f"{HERE}/act", data={"act": act, "version": "v3"}, follow_redirects=True)
        assert told in words(done), act
    wrong = ella.post(f"{HERE}/act", data={"act": "promote-anyway", "version": "v3"})
    assert (wrong.status_code, "Give a reason" in wrong.text) == (422, True)
    wrong = ella.post(f"{HERE}/act", data={"act": "promote", "version": "v3"})
    assert "The gate has not let" in wrong.text


def test_the_policy_is_set_in_points_and_percent(its: tuple[Running, Registry]) -> None:
    ella = its[0].logged_in("ella")
    sent = {"policy": "promote", "gates": "yes", "margin": "1,5", "confidence": "99", "least_labels": "40"}
    done = ella.post(f"{HERE}/policy", data=sent, follow_redirects=True)
    assert "What it lets in is promoted by itself." in words(done)
    assert re.search(r'name="margin" value="1.5"', done.text)
    assert re.search(r'name="confidence" value="99"', done.text)
    wrong = ella.post(f"{HERE}/policy", data={"margin": "much"})
    assert wrong.status_code == 422
    assert "&#39;much&#39; is no number; give one for: May lose" in wrong.text
    for number, said in (("inf", "is no number"), ("nan", "is no number"), ("30.5", "give a whole number")):
        refused = ella.post(f"{HERE}/policy", data={"least_labels": number})
        assert (refused.status_code, said in refused.text) == (422, True), number
    ella.post(f"{HERE}/policy", data={"policy": "ask", "gates": "yes", "margin": "12", "confidence": "95"})


def test_who_may_only_read_has_no_buttons(its: tuple[Running, Registry]) -> None:
    vera = its[0].logged_in("vera")
    page = vera.get(HERE)
    assert f'action="{HERE}' not in page.text
    assert "No version yet." in words(vera.get("/models/empty/versions"))
    assert vera.post(f"{HERE}/act", data={"act": "roll-back"}).status_code == 403
