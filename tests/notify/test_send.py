"""Messages through real sockets: mail, webhooks, Slack, and what is said when they do not arrive."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
import requests
from apprise.plugins.slack import NotifySlack
from tests.notify.messages import MADE, SERVER, drift, firing, resolved
from tests.notify.receivers import MailServer, Webhook, mail_server, webhook

from driftwheel.alerts.message import Message, message_from_json
from driftwheel.errors import UsageError
from driftwheel.notify import apprise_library
from driftwheel.notify.plain_text import as_text
from driftwheel.notify.send import Delivery, send_message
from driftwheel.notify.slack_blocks import as_slack

DEDUP = "d" * 64


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


def deliver(url: str, message: Message | None = None, *, allow_private: bool = True, **how: Any) -> Delivery:
    return send_message(
        url, message or firing(), dedup=DEDUP, thread="t" * 32, allow_private=allow_private, **how
    )


def mail_url(server: MailServer, *to: str, **options: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in options.items())
    recipients = ",".join(to or ("ops@example.com",))
    return f"mailto://example.com:{server.port}?smtp=127.0.0.1&from=dw@example.com&to={recipients}{more}"


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    text = body.get_content()
    assert isinstance(text, str)
    return text


def test_a_mail_says_it_twice_in_text_and_in_html(mails: MailServer) -> None:
    assert deliver(mail_url(mails)) == Delivery(True)
    (envelope,) = mails.taken
    mail = envelope.mail
    assert (envelope.sender, envelope.recipients) == ("dw@example.com", ("ops@example.com",))
    assert mail["Subject"] == "cats: drift on camera=2, and 1 more"
    assert mail["Message-ID"] == f"<{DEDUP[:40]}@example.com>"
    assert mail["References"] == f"<{'t' * 32}@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == MADE
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").replace("\r\n", "\n") == as_text(firing())
    html = part(mail, "html")
    for said in ("Out of focus lens, severity 3 of 5", "n = 420", "2.3 σ", "camera=2, camera=5"):
        assert said in html
    assert set(re.findall(r'(?:href|src)="([^"]+)"', html)) == {
        *(f"{SERVER}/images/{i}" for i in range(1, 5)),
        *(f"{SERVER}/alerts/17{end}" for end in ("", "/acknowledge", "/snooze")),
        f"{SERVER}/alerts/18",
        f"{SERVER}/alerts?model=cats",
    }


def test_a_mail_sent_twice_has_the_same_id(mails: MailServer) -> None:
    deliver(mail_url(mails))
    deliver(mail_url(mails))
    assert len({envelope.mail["Message-ID"] for envelope in mails.taken}) == 1


def test_one_mail_goes_to_all_and_one_refused_recipient_does_not_keep_it_from_the_others(
    mails: MailServer,
) -> None:
    mails.refused = {"gone@example.com"}
    delivery = deliver(mail_url(mails, "ops@example.com", "gone@example.com", cc="lead@example.com"))
    assert delivery.sent
    assert "refused gone@***: 550 no such user" in delivery.said or "550 no such user" in delivery.said
    (envelope,) = mails.taken
    assert envelope.recipients == ("ops@example.com", "lead@example.com")
    assert (envelope.mail["To"], envelope.mail["Cc"]) == (
        "ops@example.com, gone@example.com",
        "lead@example.com",
    )


def test_what_a_mail_server_has_against_a_mail_is_said(mails: MailServer) -> None:
    mails.answer = "451 try again later"
    delivery = deliver(mail_url(mails))
    assert not delivery.sent
    assert "451 try again later" in delivery.said
    mails.answer = ""
    mails.refused = {"ops@example.com"}
    assert "550 no such user" in deliver(mail_url(mails)).said
    assert mails.taken == []


def test_nobody_answers(mails: MailServer, hook: Webhook) -> None:
    with mail_server() as gone:
        pass
    delivery = deliver(mail_url(gone))
    assert not delivery.sent
    assert "Connection refused" in delivery.said
    with webhook() as closed:
        pass
    delivery = deliver(closed.url)
    assert not delivery.sent
    assert "Connection error" in delivery.said


def test_a_server_that_never_answers_is_given_up(mails: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = apprise_library.library_asset()
    monkeypatch.setattr(asset, "_service_timeout", 0.3)
    mails.hang = threading.Event()
    delivery = deliver(mail_url(mails))
    mails.hang.set()
    assert not delivery.sent
    assert "did not finish within" in delivery.said


def test_a_subject_is_one_line_whatever_stands_in_it(mails: MailServer) -> None:
    odd = replace(firing(), title="cats: drift on camera=a\r\nBcc: x@example.com\x1b[31m")
    assert deliver(mail_url(mails), odd).sent
    (envelope,) = mails.taken
    assert envelope.mail["Subject"] == "cats: drift on camera=a Bcc: x@example.com[31m"
    assert envelope.mail["Bcc"] is None
    assert envelope.recipients == ("ops@example.com",)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("There is no openssl here.")
    key, certificate = (tmp_path_factory.mktemp("tls") / name for name in ("key.pem", "certificate.pem"))
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    made += ["-subj", "/CN=127.0.0.1"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize(("mode", "implicit"), [("starttls", False), ("ssl", True)])
def test_mail_over_tls_with_a_password(tls: ssl.SSLContext, mode: str, implicit: bool) -> None:
    with mail_server(tls, implicit=implicit) as server:
        address = f"mailtos://robot:hunter22@example.com:{server.port}?smtp=127.0.0.1&mode={mode}&to=a@x.org"
        delivery = deliver(address)
        assert not delivery.sent, "a certificate that nobody has signed"
        assert "certificate verify failed" in delivery.said.replace("CERTIFICATE_VERIFY_FAILED", "")
        assert deliver(f"{address}&verify=no") == Delivery(True)
        assert server.logged_in == ["\x00robot\x00hunter22"]
        refused = deliver(f"{address}&verify=no".replace("hunter22", "hunter33"))
        assert not refused.sent
        assert "535 who are you?" in refused.said
        assert "hunter33" not in refused.said
        assert len(server.taken) == 1


def test_a_password_is_not_sent_in_the_clear_where_tls_is_wanted() -> None:
    with mail_server() as server:
        address = f"mailtos://robot:hunter22@example.com:{server.port}?smtp=127.0.0.1&to=a@x.org"
        delivery = deliver(address)
        assert not delivery.sent
        assert "STARTTLS" in delivery.said
        assert server.logged_in == []


def test_a_webhook_gets_the_message_as_text_and_as_data(hook: Webhook) -> None:
    assert deliver(f"{hook.url}?+X-Key=s3cret&:line=7") == Delivery(True)
    (call,) = hook.calls
    assert (call.method, call.path) == ("POST", "/hook")
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Idempotency-Key"] == DEDUP
    assert call.headers["X-Key"] == "s3cret"
    body = call.json
    assert (body["title"], body["type"], body["line"]) == (firing().title, "failure", "7")
    assert body["message"].strip() == as_text(firing()).strip()
    assert body["driftwheel"]["dedup"] == DEDUP
    assert message_from_json(body["driftwheel"]) == firing()
    assert "attachments" not in body


@pytest.mark.parametrize(
    ("message", "all_clear", "kind"),
    [
        (firing(), False, "failure"),
        (replace(firing(), severity="warning"), False, "warning"),
        (replace(firing(), severity="info"), False, "info"),
        (resolved(), False, "info"),
        (resolved(), True, "success"),
    ],
)
def test_how_grave_it_is(hook: Webhook, message: Message, all_clear: bool, kind: str) -> None:
    deliver(hook.url, message, all_clear=all_clear)
    assert hook.calls[0].json["type"] == kind


def test_why_a_webhook_did_not_take_it_is_said_without_its_secrets(hook: Webhook) -> None:
    hook.status = 500
    delivery = deliver(
        f"json://robot:hunter22@127.0.0.1:{hook.port}/T0P/s3cr3t?+Authorization=Bearer%20abcdef"
    )
    assert not delivery.sent
    assert "500" in delivery.said
    for secret in ("hunter22", "s3cr3t", "abcdef"):
        assert secret not in delivery.said


def test_a_redirect_is_not_followed(hook: Webhook) -> None:
    with webhook() as elsewhere:
        hook.status = 307
        hook.headers = {"Location": f"http://127.0.0.1:{elsewhere.port}/"}
        assert not deliver(hook.url).sent
        assert elsewhere.calls == []


def test_no_channel_reaches_this_machine_unless_it_may(hook: Webhook, mails: MailServer) -> None:
    for url in (
        hook.url,
        f"json://localhost:{hook.port}/hook",
        f"json://[::1]:{hook.port}/hook",
        f"json://0.0.0.0:{hook.port}/hook",
        f"json://2130706433:{hook.port}/",
        mail_url(mails),
    ):
        delivery = deliver(url, allow_private=False)
        assert not delivery.sent, url
    assert "DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS" in deliver(hook.url, allow_private=False).said
    assert (hook.calls, mails.taken) == ([], [])


def test_a_kind_that_nothing_holds_is_not_opened() -> None:
    """It was added while private networks were allowed."""
    delivery = deliver("mqtt://127.0.0.1/alerts", allow_private=False)
    assert not delivery.sent
    assert "Nothing can keep a channel of the kind mqtt:// from private networks" in delivery.said


def test_a_redirect_followed_by_wish_leads_nowhere_private(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public server answers with a redirect to this machine; the first hop is let through as if public."""
    from driftwheel.notify import connection_guard

    with webhook() as inside:
        hook.status = 307
        hook.headers = {"Location": f"http://127.0.0.2:{inside.port}/"}
        monkeypatch.setattr(connection_guard, "is_public", lambda address: address == "127.0.0.1")
        delivery = deliver(f"{hook.url}?redirect=yes", allow_private=False)
        assert not delivery.sent
        assert len(hook.calls) == 1
        assert inside.calls == []
        assert "127.0.0.2" in delivery.said


def test_a_name_that_leads_elsewhere_at_the_second_look_gains_nothing(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever a name resolved to before, the address that is connected to counts."""
    import socket

    real = socket.getaddrinfo
    answers: Iterator[str] = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])

    def rebinding(host: str, *rest: Any, **more: Any) -> Any:
        return (
            real(next(answers), *rest, **more) if host == "rebind.example.com" else real(host, *rest, **more)
        )

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert socket.getaddrinfo("rebind.example.com", hook.port)[0][4][0] == "93.184.215.14"
    delivery = deliver(f"json://rebind.example.com:{hook.port}/hook", allow_private=False)
    assert not delivery.sent
    assert hook.calls == []
    assert "127.0.0.1" in delivery.said


def test_other_connections_of_the_process_are_not_held(hook: Webhook) -> None:
    deliver(hook.url, allow_private=False)
    assert requests.post(f"http://127.0.0.1:{hook.port}/own", timeout=5).text == "ok"
    assert [call.path for call in hook.calls] == ["/own"]


def test_slack_gets_blocks_in_their_form(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{hook.port}/services")
    address = "https://hooks.slack.com/services/T12345678/B12345678/abcdefghijklmnopqrstuvwx"
    assert deliver(address) == Delivery(True)
    (call,) = hook.calls
    assert call.path == "/services/T12345678/B12345678/abcdefghijklmnopqrstuvwx"
    assert call.json == as_slack(firing())
    deliver("slack://Bot@T12345678/B12345678/abcdefghijklmnopqrstuvwx/alerts")
    assert hook.calls[1].json == {"channel": "#alerts", "username": "Bot", **as_slack(firing())}


def test_slack_says_no(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{hook.port}/services")
    hook.status, hook.answer = 404, b"no_service"
    delivery = deliver("slack://T12345678/B12345678/abcdefghijklmnopqrstuvwx")
    assert not delivery.sent
    assert "404" in delivery.said
    assert "abcdefghijklmnopqrstuvwx" not in delivery.said


def test_slack_workflows_take_a_text(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "workflow_url", f"http://127.0.0.1:{hook.port}/workflows")
    deliver("slack://T123/A123/4567/abcdef?mode=workflow")
    assert set(hook.calls[0].json) == {"text"}
    assert hook.calls[0].json["text"].startswith("cats: drift on camera=2, and 1 more: drift (camera=2):")


def test_an_incident_is_opened_and_resolved_under_one_key(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins import pagerduty

    address = f"http://127.0.0.1:{hook.port}/v2/enqueue"
    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, pagerduty.PagerDutyRegion.US, address)
    hook.status = 202
    channel = f"pagerduty://{'i' * 32}@{'a' * 20}"
    assert deliver(channel).sent
    assert deliver(channel, resolved()).sent
    assert deliver(channel, resolved(), all_clear=True).sent
    bodies = [call.json for call in hook.calls]
    assert [body["event_action"] for body in bodies] == ["trigger", "trigger", "resolve"]
    assert {body["dedup_key"] for body in bodies} == {"t" * 32}
    assert len(bodies[0]["payload"]["summary"]) <= 1024
    assert "camera=2" in bodies[0]["payload"]["summary"]


def test_a_long_message_is_one_short_message_where_only_short_ones_fit(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.discord import NotifyDiscord

    monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://127.0.0.1:{hook.port}/api/webhooks")
    hook.status = 204
    hook.answer = b""
    long = firing(*[replace(drift(), value=str(i), episode=i) for i in range(40)])
    assert deliver("discord://123456789012345678/abcdefghij", long).sent
    (call,) = hook.calls
    content = str(call.json)
    assert "… and" in content
    assert len(content) < 2500


def test_an_address_that_cannot_be_used_any_more() -> None:
    with pytest.raises(UsageError, match="There is no kind of channel 'carrier-pigeon'"):
        deliver("carrier-pigeon://home")
