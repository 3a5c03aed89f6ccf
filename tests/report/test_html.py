from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from driftwheel.images.exhibits import Exhibit
from driftwheel.records import Unreadable
from driftwheel.report.html import html_report
from driftwheel.report.printable import printable

VOID = {"meta", "link", "img", "br", "input", "progress"} - {"progress"}


class Page(HTMLParser):
    """Elements in order, their text, and whether every one is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def plain(text: str) -> str:
    return " ".join(text.split())


def test_every_shape_is_one_well_formed_page_without_odd_numbers(any_check) -> None:
    html = html_report(any_check)
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert [tag for tag, _ in page.elements][:2] == ["html", "head"]
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b|Undefined", page.text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_is_fetched_from_anywhere(any_check) -> None:
    page = Page(html_report(any_check))
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not page.all("iframe") + page.all("object") + page.all("base")
    assert "url(" not in html_report(any_check)
    assert "@import" not in html_report(any_check)


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(checks) -> None:
    html = html_report(checks["blur"])
    page = Page(html)
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (part,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_a_hostile_name_stays_a_name(checks, make) -> None:
    html = html_report(checks["hostile"])
    page = Page(html)
    assert len(page.all("script")) == 1
    assert "<script>alert" not in html
    shown = plain(printable(make.hostile))
    assert page.text.count(shown) >= 5
    assert "49" not in shown  # {{7*7}} would have become it
    html.encode("utf-8")


def test_the_answer_comes_first_and_is_the_title(checks) -> None:
    html = html_report(checks["blur"])
    page = Page(html)
    assert "<title>Drift: production against train" in html
    words = page.text
    assert words.index("the 150 current images look blurred") < words.index("What probably happened: blur")
    assert words.index("What probably happened") < words.index("How far every property moved")


def test_pictures_are_inside_and_named(checks) -> None:
    pictures = Page(html_report(checks["blur"])).all("img")
    assert len(pictures) == 8 + 8 + 4 + 3
    for picture in pictures:
        assert picture["alt"]
        data = base64.b64decode(picture["src"].removeprefix("data:image/jpeg;base64,"), validate=True)
        assert data[:3] == b"\xff\xd8\xff"


def test_every_drifted_property_has_its_chart_open_and_every_other_one_folded(checks) -> None:
    check = checks["blur"]
    html = html_report(check)
    before, after = html.split('<details class="fold">')
    drifted = [one for one in check.verdict.properties if one.drifted]
    assert before.count('<article class="card prop') == len(drifted)
    assert after.count('<article class="card prop') == len(check.verdict.properties) - len(drifted)
    assert html.count("<summary>Numbers</summary>") == len(check.verdict.properties) + 1


def test_every_chart_says_what_it_shows_and_of_how_many(any_check) -> None:
    for chart in Page(html_report(any_check)).all("svg"):
        if chart.get("aria-hidden") == "true":
            continue
        assert chart["role"] == "img"
        assert len(chart["aria-label"]) > 20
    for title in re.findall(r"<title>(Distribution of .*?)</title>", html_report(any_check)):
        assert re.search(r"reference, [\d,]+ images?, and current, [\d,]+ image", title)


def test_six_megabytes_are_never_passed(checks) -> None:
    base = checks["blur"]
    heavy = Exhibit("big.jpg", b"\xff\xd8\xff" + bytes(200_000), "big")
    exhibits = replace(base.exhibits, reference=(heavy,) * 30, current=(heavy,) * 30, outliers=(heavy,) * 30)
    missing = tuple(Unreadable(f"{'long/' * 50}{i}.jpg", f"reason {i}") for i in range(5000))
    verdict = replace(base.verdict, unreadable=missing)
    html = html_report(replace(base, exhibits=exhibits, verdict=verdict))
    assert len(html.encode()) < 6_000_000
    page = Page(html)
    assert "left out to keep the file small" in page.text
    assert page.all("img")[0]["alt"] == f"{base.exhibits.simulated_from.image}: untouched"


def test_2000_unreadable_images_are_counted_listed_in_part_and_the_rest_told(checks) -> None:
    text = Page(html_report(checks["many_unreadable"])).text
    assert "2,000 of 2,150 current images (93 %) could not be read" in text
    assert "The first 300 by name" in text
    assert "1,700 more" in text
    assert "cur/broken_00000.jpg" in text


def test_when_it_was_made_is_an_argument(checks) -> None:
    check = checks["no_drift"]
    made = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
    assert "2026-11-14 09:30 UTC" in html_report(check, made=made)
    assert html_report(check) == html_report(check)


def test_too_few_images_show_how_many_there_are(checks) -> None:
    page = Page(html_report(checks["insufficient"]))
    bars = [(bar["value"], bar["max"]) for bar in page.all("progress")]
    assert bars == [("8", "20"), ("20", "20")]


def test_no_drift_is_not_red(checks) -> None:
    page = Page(html_report(checks["no_drift"]))
    assert page.all("body") == [{"class": "no_drift"}]
    assert "What came closest to counting" in page.text


@pytest.mark.parametrize("shape", ["without_embedder", "insufficient"])
def test_what_was_not_looked_at_is_said(checks, shape) -> None:
    page = Page(html_report(checks[shape]))
    assert checks[shape].verdict.notes[0] in page.text
    assert "What the images show" not in page.text
