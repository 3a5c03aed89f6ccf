"""The report in a real browser: nothing goes wrong or is fetched, everything fits, on screen and paper."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from driftwheel.report.html import html_report

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHAPES = ["blur", "no_drift", "insufficient", "hostile", "many_unreadable", "undefined"]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory, checks) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    for name in SHAPES:
        (folder / f"{name}.html").write_text(html_report(checks[name]), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in SHAPES}


def opened(browser, address: str, width: int = 1280, scheme: str = "light") -> SimpleNamespace:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    seen = SimpleNamespace(page=page, context=context, messages=[], requests=[])
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(address)
    return seen


@pytest.mark.parametrize("shape", SHAPES)
def test_it_opens_without_errors_and_without_asking_anyone(browser, files, shape) -> None:
    seen = opened(browser, files[shape])
    assert seen.messages == []
    assert [url for url in seen.requests if not url.startswith("data:")] == [files[shape]]
    broken = (
        "[...document.querySelectorAll('img[src]')].filter(i => !(i.complete && i.naturalWidth > 0)).length"
    )
    assert seen.page.evaluate(broken) == 0
    assert seen.page.evaluate("getComputedStyle(document.querySelector('.say')).borderTopStyle") == "solid"
    seen.context.close()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser, files, shape, width) -> None:
    seen = opened(browser, files[shape], width)
    seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    seen.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(browser, files, scheme) -> None:
    seen = opened(browser, files["blur"], scheme=scheme)
    low = seen.page.evaluate(
        """() => {
          const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
          const c = canvas.getContext('2d', {willReadFrequently: true});
          const rgba = (css) => { c.clearRect(0, 0, 1, 1); c.fillStyle = css; c.fillRect(0, 0, 1, 1);
                                  return [...c.getImageData(0, 0, 1, 1).data]; };
          const light = (p) => { const [r, g, b] = p.slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = (e) => { for (; e; e = e.parentElement) {
            const p = rgba(getComputedStyle(e).backgroundColor); if (p[3] > 250) return p; }
            return [255, 255, 255, 255]; };
          const low = [];
          for (const e of document.querySelectorAll('main *, header *, footer')) {
            const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
            if (!own || e.closest('svg') || !e.checkVisibility()) continue;
            const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) low.push(e.className + ' ' + e.textContent.trim().slice(0, 40) + ' ' + ratio);
          }
          return low;
        }"""
    )
    assert low == []
    seen.context.close()


def test_pictures_open_and_close_by_keyboard(browser, files) -> None:
    seen = opened(browser, files["blur"])
    page = seen.page
    first, second = (page.locator(".pic img").nth(i) for i in (0, 1))
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog[open] img").get_attribute("src") == first.get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert page.locator("dialog[open] img").get_attribute("src") == second.get_attribute("src")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.activeElement === document.querySelectorAll('.pic img')[1]")
    assert seen.messages == []
    seen.context.close()


def test_it_says_the_same_without_script(browser, files) -> None:
    texts = []
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.goto(files["blur"])
        texts.append(page.locator("main").inner_text())
        context.close()
    assert texts[0] == texts[1]


def test_it_prints_on_light_paper_in_few_pages(browser, files, tmp_path) -> None:
    seen = opened(browser, files["blur"], scheme="dark")
    seen.page.emulate_media(media="print")
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
    pdf = seen.page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True)
    assert pdf[:5] == b"%PDF-"
    assert pdf.count(b"/Type /Page\n") <= 6
    seen.context.close()
