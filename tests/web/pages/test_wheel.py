"""The pages of the wheel: where turns stand, what they wait for, what they cost, the policy, answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect
from tests.services.alerting import fire
from tests.web.pages.turning_site import NAME, Turning, add_turns, end, go_to, turning
from tests.web.serving import PASSWORD, serving

from driftwheel.report.charts.svg import number
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.wheel.policies import policy_of
from driftwheel.store.wheel.turns import open_turn, set_turn
from driftwheel.web.pages.wheel.policy_fields import GROUPS, policy_changes, shown_value
from driftwheel.web.pages.wheel.rhythm_chart import rhythm_chart
from driftwheel.wheel.reign import Reign, ReignPoint
from driftwheel.wheel.rhythm import suggest_rhythm
from driftwheel.wheel.wheel_policy import WheelPolicy

HERE = f"/models/{NAME}/wheel"


@pytest.fixture(scope="module")
def its(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turning]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        made = turning(running)
        running.model("boxes", "detection")
        for name, role in (("ella", "engineer"), ("vera", "viewer")):
            running.user(name, role)
        yield made


@pytest.fixture(scope="module")
def ella(its: Turning) -> httpx.Client:
    return its.running.logged_in("ella")


def words(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\u00a0", " ")


def test_before_the_first_turn_it_says_what_would_begin_one(its: Turning, ella: httpx.Client) -> None:
    text = words(ella.get(HERE))
    assert "No turn goes on. No trigger is met." in text
    assert "0 of 4" in text
    assert "not met Alert No alert is open." in text
    assert "Cannot tell:" in text
    assert "for classification only" in words(ella.get("/models/boxes/wheel"))
    assert ella.get("/models/nosuch/wheel").status_code == 404
    assert ella.get(f"{HERE}/turns/1").status_code == 404
    vera = its.running.logged_in("vera")
    page = vera.get(HERE)
    assert "Begin a turn by hand" not in page.text
    assert vera.post(f"{HERE}/turns").status_code == 403
    assert vera.post(f"{HERE}/policy").status_code == 403


def test_a_policy_is_set_or_said_to_be_wrong(its: Turning, ella: httpx.Client) -> None:
    with reading(its.engine) as connection:
        before = policy_of(connection, 1)
    form = {
        one.name: "yes" if one.kind == "switch" and getattr(before, one.name) else shown_value(one, before)
        for group in GROUPS
        for one in group.fields
        if one.kind != "switch" or getattr(before, one.name)
    }
    done = ella.post(f"{HERE}/policy", data=form | {"accuracy_below": "85"}, follow_redirects=True)
    assert "The policy is set" in words(done)
    with reading(its.engine) as connection:
        assert policy_of(connection, 1) == before.with_changes({"accuracy_below": 0.85})
    wrong = ella.post(f"{HERE}/policy", data=form | {"images": "many"})
    assert (wrong.status_code, "no value for" in wrong.text) == (422, True)
    assert 'value="many"' in wrong.text
    refused = ella.post(f"{HERE}/policy", data=form | {"images": "900"})
    assert (refused.status_code, "most_labels" in refused.text) == (422, True)


def test_two_who_change_the_policy_at_once_keep_what_the_other_set(its: Turning, ella: httpx.Client) -> None:
    """Both open the form; each changes a field, and sends the others as they were."""
    form = ella.get(f"{HERE}").text
    fields = {name: unescape(value) for name, value in re.findall(r'name="was-(\w+)" value="([^"]*)"', form)}
    assert set(fields) == {one.name for group in GROUPS for one in group.fields}
    was = {f"was-{name}": value for name, value in fields.items()}
    for change in ({"deadline_days": "3.5"}, {"watch_margin": "2", "repair": ""}):
        answer = ella.post(f"{HERE}/policy", data=was | fields | change, follow_redirects=True)
        assert "The policy is set" in words(answer)
    with reading(its.engine) as connection:
        kept = policy_of(connection, 1)
    assert (kept.deadline_days, kept.watch_margin, kept.repair) == (3.5, 0.02, False)


def test_the_form_holds_every_value_of_the_policy() -> None:
    held = [one.name for group in GROUPS for one in group.fields]
    assert sorted(held) == sorted(WheelPolicy.__dataclass_fields__)
    given = {one.name: shown_value(one, WheelPolicy()) for group in GROUPS for one in group.fields}
    given |= {one.name: "yes" for group in GROUPS for one in group.fields if given[one.name] == "True"}
    assert WheelPolicy.from_json(policy_changes(given)) == WheelPolicy()


def test_a_turn_tells_where_it_stands_and_what_it_cost(its: Turning, ella: httpx.Client) -> None:
    third = add_turns(its)
    text = words(ella.get(HERE))
    assert "Turn 3 waits for people. 46 of 80 images are labelled" in text
    assert "v2 was promoted and is not worse than v1." in text
    assert "no harm shown" in text
    page = ella.get(f"{HERE}/turns/{third.number}")
    text = words(page)
    assert "waits for people" in text
    assert f'href="/annotate/{its.project}"' in page.text
    assert f'href="/labels/{its.project}/pools/{its.pool}"' in page.text
    assert re.search(r'class="wheel-step done"[^>]*title="Choose images: done"', page.text)
    assert re.search(r'class="wheel-step wants" aria-current="step"', page.text)
    assert page.text.count('class="wheel-step ahead"') == 7
    assert "21 min" in text
    assert "data-open" in ella.get(f"{HERE}/turns/{third.number}/live").text
    second = words(ella.get(f"{HERE}/turns/2"))
    assert "Turn 2: promoted." in second
    assert "right 81.0" in second
    assert "better on what drifted passed, n = 31" in second
    assert "version v2" in second
    assert "data-open" not in ella.get(f"{HERE}/turns/2/live").text
    assert "Earlier turns" not in text


def test_other_pages_tell_of_it(its: Turning, ella: httpx.Client) -> None:
    text = words(ella.get("/"))
    assert "Needs a person now" in text
    assert f"{NAME} wheel Turn 3 waits for people. 46 of 80 images are labelled" in text
    assert "turn 3: waits for labels by people" in text


def test_an_alert_tells_of_the_turn_it_began(its: Turning, ella: httpx.Client) -> None:
    now = its.running.clock()
    alert = fire(its.engine, 1, now=now).key
    page = ella.get(f"/alerts/{alert}")
    assert "has not begun a turn for this alert" in page.text
    refused = ella.post(f"{HERE}/turns", data={"alert": str(alert)})
    assert "Turn 3 of" in refused.text
    with writing(its.engine) as connection:
        turn = open_turn(connection, 1)
        assert turn is not None
        set_turn(connection, turn.key, alert=alert)
    text = words(ella.get(f"/alerts/{alert}"))
    assert "Turn 3 of the wheel waits for labels by people" in text
    assert "This alert began it" in text
    assert f'href="/alerts/{alert}"' in ella.get(f"{HERE}/turns/3").text


def test_what_cannot_be_done_with_a_turn_is_told(its: Turning, ella: httpx.Client) -> None:
    again = ella.post(f"{HERE}/turns", data={"cause": "I want one."})
    assert (again.status_code, "Turn 3 of" in again.text) == (422, True)
    early = ella.post(f"{HERE}/turns/3/answer", data={"act": "promote"})
    assert (early.status_code, "waits for no answer" in early.text) == (422, True)
    assert ella.post(f"{HERE}/turns/3/answer", data={"act": "dance"}).status_code == 422
    assert ella.post(f"{HERE}/turns/9/stop").status_code == 404
    assert its.running.logged_in("vera").post(f"{HERE}/turns/3/stop").status_code == 403


def test_a_turn_is_stopped_and_another_begun(its: Turning, ella: httpx.Client) -> None:
    done = ella.post(f"{HERE}/turns/3/stop", data={"reason": "<b>Enough."}, follow_redirects=True)
    text = words(done)
    assert "Turn 3: stopped." in text
    assert "&lt;b&gt;Enough." in text
    assert 'class="wheel-step ended"' in done.text
    begun = ella.post(f"{HERE}/turns", data={"cause": "The lens was changed."}, follow_redirects=True)
    text = words(begun)
    assert "A worker takes it up" in text
    assert "by ella: The lens was changed." in text
    fourth = int(str(begun.url).split("?")[0].rsplit("/", 1)[1])
    assert fourth == 4


def test_an_answer_is_asked_for_by_buttons(its: Turning, ella: httpx.Client) -> None:
    with reading(its.engine) as connection:
        turn = open_turn(connection, 1)
    assert turn is not None
    go_to(its, turn, "promote", "answer", "The gate let v2 in: better by 9 points.")
    page = ella.get(f"{HERE}/turns/{turn.number}")
    assert "waits for your answer" in page.text
    assert "Promote v2?" in page.text
    assert "Promote v2?" in ella.get(HERE).text
    assert "Promote v2?" not in its.running.logged_in("vera").get(HERE).text
    end(its, turn, "kept", "ella refused v2.", its.running.clock())
    assert "champion kept" in words(ella.get(HERE))


def test_the_chart_of_the_rhythm_draws_points_lines_and_the_day() -> None:
    points = tuple(ReignPoint(day, 0.95 - 0.004 * day, 0.9, 1.0, 400) for day in range(20))
    rhythm = suggest_rhythm([Reign("v<2", datetime(2026, 11, 1, tzinfo=UTC), None, points)], 0.05)
    drawn = rhythm_chart(rhythm)
    assert drawn.count('class="spot"') == 20
    assert drawn.count('class="fall"') == 1
    assert 'class="limit"' in drawn
    assert "v&lt;2, day 3: 93.8" in drawn
    at = 56 + 490 * (rhythm.days or 0) / 19
    assert f'd="M{number(at)} 12V182"' in drawn
    assert not rhythm_chart(suggest_rhythm([], 0.05))


def test_a_person_answers_by_the_buttons(its: Turning, browser: Browser) -> None:
    """In a real browser: the question, the form behind it, and no complaint of the page's own policy."""
    set_wheel_policy(its.engine, NAME, {"turns_per_month": 9}, by="ella", now=its.running.clock())
    turn = its.begin(0)
    go_to(its, turn, "promote", "answer", "The gate let v2 in.")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{its.running.url}/log-in?next={HERE}/turns/{turn.number}")
    page.fill("input[name=name]", "ella")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("waits for your answer", exact=False)).to_be_visible()
    expect(page.get_by_role("link", name="Wheel", exact=True).first).to_be_in_viewport()
    page.get_by_role("button", name="Promote", exact=True).click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Promote v2?")
    question.get_by_role("button", name="Cancel", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.fill("#stop input[name=reason]", "Enough.")
    page.locator("#stop").get_by_role("button", name="Stop", exact=True).click()
    question.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("It is stopped.", exact=True)).to_be_visible()
    page.close()
    assert wrong == []
