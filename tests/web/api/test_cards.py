"""Model cards over HTTP: read in three forms, on a page, and added to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from tests.services.release.registry import NOW
from tests.services.release.two_colours import CLASSES, network
from tests.web.serving import Running, serving

from driftwheel.services.models.register_model import NewModel, add_model_version, register_model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        its = running.services
        register_model(
            its.engine, NewModel("cam", "classification", CLASSES, embedder="none"), by="me", now=NOW
        )
        for name in ("v1", "a/b <i>ü</i>"):
            add_model_version(its.engine, its.blobs, "cam", name, onnx=network(), by="me", now=NOW)
        yield running


@pytest.fixture(scope="module")
def engineer(server: Running) -> httpx.Client:
    client = server.with_token("engineer")
    client.base_url = f"{server.url}/api/v1/models/cam/versions/"
    return client


def test_a_card_is_read_and_added_to(server: Running, engineer: httpx.Client) -> None:
    before = engineer.get("v1/card").json()
    assert (before["model"], before["version"], before["texts"]) == ("cam", "v1", {})
    assert before["facts"]["version"]["network"]["parameters"] == 384
    assert "It was not measured on held-out images here when it was made." in before["limits"]

    said = engineer.put("v1/card/texts", json={"texts": {"contact": "ann@mill.example", "limits": ""}})
    assert said.status_code == 200, said.text
    assert said.json()["contact"]["text"] == "ann@mill.example"
    after = engineer.get("v1/card").json()
    assert after["digest"] != before["digest"]
    carried = engineer.get("a%2Fb%20%3Ci%3E%C3%BC%3C%2Fi%3E/card").json()
    assert carried["texts"]["contact"]["carried"] is True

    taken = engineer.put("v1/card/texts", json={"texts": {"contact": None, "limits": None}})
    assert taken.json() == {}
    assert engineer.get("v1/card").json()["digest"] == before["digest"]


def test_a_card_as_a_file(engineer: httpx.Client) -> None:
    markdown = engineer.get("v1/card", params={"format": "md"})
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert 'filename="cam v1 model card.md"' in markdown.headers["content-disposition"]
    assert "# cam, version v1" in markdown.text
    html = engineer.get("a%2Fb%20%3Ci%3E%C3%BC%3C%2Fi%3E/card", params={"format": "html"})
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert 'filename="cam a_b <i>_<_i> model card.html"' in html.headers["content-disposition"]
    assert "<h1>cam, version a/b &lt;i&gt;ü&lt;/i&gt;</h1>" in html.text
    assert "<i>" not in html.text


def test_what_is_not_there_and_who_may_not(server: Running, engineer: httpx.Client) -> None:
    assert "Did you mean 'v1'" in engineer.get("v12/card").json()["detail"]
    assert engineer.get("v12/card").status_code == 404
    assert engineer.put("v12/card/texts", json={"texts": {"contact": "x"}}).status_code == 404
    wrong = engineer.put("v1/card/texts", json={"texts": {"contacts": "x"}})
    assert wrong.status_code == 422
    assert "Did you mean 'contact'" in wrong.json()["detail"]
    viewer = server.with_token("viewer")
    viewer.base_url = engineer.base_url
    assert viewer.get("v1/card").status_code == 200
    assert viewer.put("v1/card/texts", json={"texts": {"contact": "x"}}).status_code == 403


def test_the_page_of_a_card(server: Running) -> None:
    server.user("ella", "engineer")
    browser = server.logged_in("ella")
    at = "/models/cam/versions/v1/card"
    page = browser.get(at)
    assert page.status_code == 200
    assert "Add: owner and contact" in page.text
    form = {"field": "contact", "text": "**Ann** <b>Lee</b>", "csrf": browser.headers["X-CSRF-Token"]}
    kept = browser.post(f"{at}/texts", data=form)
    assert kept.status_code == 303, kept.text
    assert kept.headers["location"] == f"{at}?told=saved#text-contact"
    shown = browser.get(at).text
    assert "<strong>Ann</strong> &lt;b&gt;Lee&lt;/b&gt;" in shown
    assert "Change: owner and contact" in shown
    back = browser.post(f"{at}/texts", data=form | {"act": "take-back"})
    assert back.headers["location"] == f"{at}?told=taken-back#text-contact"
    assert "Add: owner and contact" in browser.get(at).text
    wrong = browser.post(f"{at}/texts", data=form | {"text": "a\u202eb"})
    assert wrong.status_code == 422
    assert "which cannot be seen" in wrong.text
    assert browser.get(f"{at}.md").text.startswith("---\n")
    assert browser.get(f"{at}.html").text.startswith("<!doctype html>")
    assert f'href="{at}"' in browser.get("/models/cam/versions").text


def test_what_somebody_else_has_written_since_is_not_written_over(server: Running) -> None:
    for name in ("ann", "bob"):
        server.user(name, "engineer")
    browsers = [server.logged_in(name) for name in ("ann", "bob")]
    at = "/models/cam/versions/v1/card"
    marks = [
        re.findall(r'value="licence"><input type="hidden" name="was" value="(\w+)"', one.get(at).text)[0]
        for one in browsers
    ]
    answers = [
        one.post(f"{at}/texts", data={"field": "licence", "text": f"Of {number}.", "was": mark})
        for number, (one, mark) in enumerate(zip(browsers, marks, strict=True))
    ]
    assert [one.status_code for one in answers] == [303, 422]
    assert "was changed by ann meanwhile" in answers[1].text
    assert "<p>Of 0.</p>" in answers[1].text
    assert ">Of 1.</textarea>" in answers[1].text
    mark = re.findall(r'value="licence"><input type="hidden" name="was" value="(\w+)"', answers[1].text)[0]
    again = browsers[1].post(f"{at}/texts", data={"field": "licence", "text": "Of both.", "was": mark})
    assert again.status_code == 303
    back = {"field": "licence", "act": "take-back", "was": marks[0]}
    assert browsers[0].post(f"{at}/texts", data=back).status_code == 422
