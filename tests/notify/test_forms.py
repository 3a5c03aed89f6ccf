"""What a message looks like: the same content on every channel, and nothing in it that is not text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.notify.messages import SERVER, drift, firing, resolved, unreadable

from driftwheel.alerts.message import Link, Message
from driftwheel.notify.facts import facts, heading, span
from driftwheel.notify.html_mail import as_html
from driftwheel.notify.markdown import as_markdown
from driftwheel.notify.plain_text import as_text, brief_text
from driftwheel.notify.slack_blocks import MOST_BLOCKS, as_slack

EVIL = '<script>x</script> *b* _i_ [c](http://evil) `d` @everyone <!channel> ]]> "q" {{7*7}} & | \\'


class Text(HTMLParser):
    """The text of HTML, without its head."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: set[str] = set()
        self.feed(html.partition("</style>")[2])

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def __str__(self) -> str:
        return " ".join("".join(self.seen).split())


def shown(message: Message) -> dict[str, str]:
    """What a person reads of a message on each kind of channel."""
    return {
        "text": as_text(message),
        "markdown": str(Text("</style>" + MarkdownIt().render(as_markdown(message)))),
        "html": str(Text(as_html(message))),
        "slack": json.dumps(as_slack(message), ensure_ascii=False),
    }


def test_every_channel_says_all_of_it() -> None:
    message = firing()
    for form, text in shown(message).items():
        for entry in message.entries:
            assert heading(entry) in text, form
            for fact in facts(entry, message.examples):
                assert fact.label == "Do" or fact.label in text, form
                assert fact.text in text, (form, fact)
                for link in fact.links:
                    assert link.title in text, form
        assert "2026-11-19 (UTC); in breach since 2026-11-18 00:00 UTC" in text, form
        assert "model cats" in text, form


def test_links_are_in_every_form() -> None:
    message = firing()
    for text in (as_text(message), as_markdown(message), as_html(message), json.dumps(as_slack(message))):
        for url in (f"{SERVER}/alerts/17/acknowledge", f"{SERVER}/alerts/17/snooze", f"{SERVER}/images/4"):
            assert url in text


def test_what_is_over_says_so_first() -> None:
    for form, text in shown(resolved()).items():
        assert "Resolved · drift · camera=2" in text, form
        assert "resolved 2026-11-22 00:01 UTC" in text, form
        assert text.index("resolved 2026-11-22") < text.index("What was wrong"), form


def test_what_is_not_known_is_not_mentioned() -> None:
    labels = [fact.label for fact in facts(unreadable())]
    assert labels == ["What went wrong", "Expected", "Over", "Measured on", "Do"]


def test_text_from_outside_stays_text() -> None:
    entry = replace(drift(), wrong=EVIL, value=EVIL, note=EVIL, segments=(f"camera={EVIL}",))
    message = firing(entry)
    html = Text(as_html(message))
    assert EVIL in str(html)
    assert "script" not in html.tags
    rendered = MarkdownIt().render(as_markdown(message))
    assert "evil" not in [part for part in rendered.split('"') if part.startswith("http://")]
    assert "<script>" not in rendered
    assert "<em>" not in rendered
    assert EVIL.replace("@", "@\u200b") in str(Text("</style>" + rendered))
    assert "@everyone" not in as_markdown(message)
    slack = json.dumps(as_slack(message))
    assert "<!channel>" not in slack
    assert "&lt;!channel&gt;" in slack


def test_what_steers_a_terminal_is_left_out() -> None:
    entry = replace(drift(), wrong="a\x1b[31mb\nc\u202ed\x00e")
    assert "a[31mb cde" in as_text(firing(entry))


def test_a_link_leads_to_a_page_or_is_no_link() -> None:
    entry = replace(drift(), examples=("rec-1",), links=(Link("See", "javascript:alert(1)"),))
    message = replace(firing(entry), examples={"rec-1": "data:text/html,x"})
    for text in (as_text(message), as_markdown(message), as_html(message), json.dumps(as_slack(message))):
        assert "javascript:" not in text
        assert "data:text" not in text
        assert "rec-1" in text


def test_ids_that_programs_make_are_no_titles() -> None:
    long = "0190c7a2-5b1e-7c3d-9f00-1234567890ab"
    message = replace(firing(replace(drift(), examples=(long,))), examples={long: f"{SERVER}/images/9"})
    (fact,) = (one for one in facts(message.entries[0], message.examples) if one.label == "Examples")
    assert fact.links == (Link("image 1", f"{SERVER}/images/9"),)


def test_slack_takes_it() -> None:
    """The bounds of Block Kit: 50 blocks, 3,000 characters a section, 150 a header."""
    many = firing(*[replace(drift(), wrong="x" * 900, effect="y" * 900, harm="z" * 900)] * 60)
    payload = as_slack(replace(many, title="t" * 500))
    blocks = payload["blocks"]
    assert len(blocks) <= MOST_BLOCKS
    assert len(blocks[0]["text"]["text"]) == 150
    for block in blocks:
        assert block["type"] in {"header", "section", "divider", "context"}
        if block["type"] == "section":
            assert 0 < len(block["text"]["text"]) <= 3000
            assert block["text"]["type"] == "mrkdwn"
    assert blocks[-2]["text"]["text"] == "… and 37 more"
    assert len(json.dumps(payload)) < 200_000


@given(st.integers(40, 400), st.integers(0, 6), st.text(max_size=300))
def test_a_brief_text_is_brief(most: int, entries: int, wrong: str) -> None:
    message = replace(firing(), entries=tuple(replace(drift(), wrong=wrong) for _ in range(entries)))
    brief = brief_text(message, most)
    assert 0 < len(brief) <= most
    if len(f"{SERVER}/alerts?model=cats") + 40 <= most:
        assert brief.endswith(f"{SERVER}/alerts?model=cats")


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_in_an_alert_it_can_be_shown(name: str, value: str) -> None:
    entry = replace(drift(), name=name, value=value, wrong=value, segments=(name,), examples=(value,))
    message = firing(entry)
    shown(message)
    Text(as_html(message))


START = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "length", "said"),
    [
        (START, timedelta(days=1), "2026-11-20 (UTC)"),
        (START, timedelta(days=7), "2026-11-20 to 2026-11-26 (UTC)"),
        (START.replace(hour=9), timedelta(hours=1), "2026-11-20 09:00–10:00 UTC"),
        (START.replace(hour=23), timedelta(hours=1), "2026-11-20 23:00 – 2026-11-21 00:00 UTC"),
        (START, timedelta(hours=1), "2026-11-20 00:00–01:00 UTC"),
    ],
)
def test_over_which_time(start: datetime, length: timedelta, said: str) -> None:
    assert span(start, start + length) == said
