"""Addresses of channels: what is read in them, what is shown, what is refused."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from driftwheel.errors import UsageError
from driftwheel.notify.channel_url import open_channel_url, without_secrets

SECRETS = ("hunter22", "abcdefghijklmnopqrstuvwx", "T12345678")


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("mailto://me:hunter22@example.com", "E-mail, me@example.com"),
        ("mailtos://me:hunter22@example.com?to=a@x.org,b@x.org", "E-mail, a@x.org, b@x.org"),
        ("slack://T12345678/B12345678/abcdefghijklmnopqrstuvwx/alerts", "Slack"),
        ("https://hooks.slack.com/services/T12345678/B12345678/abcdefghijklmnopqrstuvwx", "Slack"),
        ("https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwx", "Discord"),
        ("jsons://me:hunter22@hooks.example.com:8443/x?+X-Key=hunter22", "JSON, hooks.example.com:8443"),
        ("ntfys://me:hunter22@ntfy.example.com/cats", "ntfy, ntfy.example.com"),
        ("tgram://123456789:hunter22hunter22hunter22hunter22ab/12345", "Telegram"),
    ],
)
def test_what_is_shown_of_an_address(
    url: str, title: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = open_channel_url(url).title
    assert shown == title
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ops@example.com", "begins with its kind and ://"),
        ("https://example.com/hook", "For a webhook of your own write jsons:// instead of https://"),
        ("http://example.com/hook", "write json:// instead of http://"),
        ("slak://T12345678/B/hunter22", "There is no kind of channel 'slak'. Did you mean 'slack'?"),
        ("slack://T12345678/hunter22", "Something in this slack:// address cannot be used by Slack"),
        ("mailto://", "Something in this mailto:// address cannot be used by E-Mail"),
        ("syslog://", "tells nobody but whoever sits at the server"),
        ("dbus://", "tells nobody but whoever sits at the server"),
        ("macosx://", "tells nobody but whoever sits at the server"),
        ("file:///etc/passwd", "There is no kind of channel 'file'"),
        ("mqtt://example.com/topic", "need a package that is missing: pip install 'paho-mqtt"),
        (
            "slack://T12345678/B12345678/abcdefghijklmnopqrstuvwx?template=/etc/passwd",
            "cannot have the option 'template'",
        ),
        ("mailto://me:hunter22@example.com?pgpkey=/etc/passwd&pgp=e", "cannot have the option 'pgp'"),
        ("discord://1234/abcd?template=http://10.0.0.1/x", "cannot have the option 'template'"),
    ],
)
def test_what_is_refused_and_how_it_is_said(url: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as refused:
        open_channel_url(url)
    assert said in str(refused.value)
    assert not any(secret in str(refused.value) for secret in SECRETS)
    assert not any(secret in "".join(capfd.readouterr()) for secret in SECRETS)


@pytest.mark.parametrize(
    "url",
    [
        *("json://localhost/x", "json://127.0.0.1/", "jsons://10.1.2.3:8443/x", "json://[::1]:8080/x"),
        *("mailto://example.com?smtp=192.168.1.5&from=a@b.org&to=c@b.org", "ntfy://169.254.169.254/topic"),
    ],
)
def test_a_private_address_is_refused_when_it_is_added(url: str) -> None:
    with pytest.raises(UsageError, match=r"public internet|link-local"):
        open_channel_url(url, allow_private=False)
    open_channel_url(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["mqtt://93.184.215.14/topic", " MQTTS://example.com/t", "xmpp://a:b@example.com"]
)
def test_so_is_a_kind_that_nothing_holds(url: str) -> None:
    """It connects again from a thread of its own, wherever the name leads then."""
    with pytest.raises(UsageError, match=r"Nothing can keep a channel of the kind \w+:// from private"):
        open_channel_url(url, allow_private=False)


def test_a_public_one_is_not() -> None:
    open_channel_url("json://93.184.215.14/x", allow_private=False)
    open_channel_url("slack://T12345678/B12345678/abcdefghijklmnopqrstuvwx", allow_private=False)
    open_channel_url("mailto://me:hunter22@example.com", allow_private=False)


def test_the_log_of_apprise_is_kept_from_ours(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        open_channel_url("slack://hunter22/hunter22")
    assert not logging.getLogger("apprise").propagate
    assert capfd.readouterr() == ("", "")


def test_many_threads_may_be_the_first() -> None:
    """Apprise loads its kinds of channels at first use: in a new process none of eight may miss one."""
    program = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from driftwheel.notify.channel_url import open_channel_url
start = Barrier(8)
def first(number):
    start.wait()
    return open_channel_url("xmls://hooks.example.com/").title
print(set(ThreadPoolExecutor(8).map(first, range(8))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "{'XML, hooks.example.com'}\n", done.stderr


def test_nothing_of_an_address_is_left_in_what_is_said() -> None:
    url = "jsons://robot:pa%20ss%2Fword@hooks.example.com/T0PS3CRET?+X-Key=abcdef"
    said = "POST hooks.example.com /T0PS3CRET with abcdef as robot:pa ss/word failed: 500"
    assert without_secrets(said, url) == "POST *** /*** with *** as ***:*** failed: 500"
