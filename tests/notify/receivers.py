"""What the tests send to: a mail server and a webhook, each on a real socket of this machine."""

from __future__ import annotations

import base64
import email.policy
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Call", "Envelope", "MailServer", "Webhook", "mail_server", "webhook"]


@dataclass(frozen=True)
class Envelope:
    """A mail as it came: who it is from and for by the protocol, and itself."""

    sender: str
    recipients: tuple[str, ...]
    mail: EmailMessage


@dataclass
class MailServer:
    """An SMTP server that takes mails, but for recipients in `refused`; none while `answer` says so."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answer: str = ""
    hang: threading.Event | None = None
    tls: ssl.SSLContext | None = None
    logged_in: list[str] = field(default_factory=list)


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[MailServer]:
    """Serve, with TLS from the first byte (`implicit`) or after STARTTLS where `tls` is given."""
    state = MailServer(tls=tls)

    class Session(socketserver.StreamRequestHandler):
        timeout = 10

        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def secure(self) -> bool:
            assert tls is not None
            try:
                self.request = self.connection = tls.wrap_socket(self.request, server_side=True)
            except OSError:  # the other side does not like the certificate
                return False
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
            return True

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def handle(self) -> None:  # noqa: PLR0912  a protocol
            if state.hang is not None:
                state.hang.wait(60)
                return
            if implicit and not self.secure():
                return
            self.say("220 test ESMTP")
            sender, recipients = "", []
            while line := self.rfile.readline().decode("ascii").strip():
                word, _, rest = line.partition(" ")
                match word.upper():
                    case "EHLO":
                        self.say("250-test")
                        if tls is not None and not isinstance(self.request, ssl.SSLSocket):
                            self.say("250-STARTTLS")
                        self.say("250-AUTH PLAIN")
                        self.say("250 8BITMIME")
                    case "STARTTLS":
                        self.say("220 go on")
                        if not self.secure():
                            return
                    case "AUTH":
                        state.logged_in.append(base64.b64decode(rest.split()[1]).decode())
                        self.say("235 welcome" if "hunter22" in state.logged_in[-1] else "535 who are you?")
                    case "MAIL" if state.answer:
                        self.say(state.answer)
                    case "MAIL":
                        sender, recipients = address(rest), []
                        self.say("250 ok")
                    case "RCPT" if address(rest) in state.refused:
                        self.say("550 no such user")
                    case "RCPT":
                        recipients.append(address(rest))
                        self.say("250 ok")
                    case "DATA":
                        self.say("354 go on")
                        state.taken.append(Envelope(sender, tuple(recipients), self.read_mail()))
                        self.say("250 taken")
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 ok")

        def read_mail(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            mail = message_from_bytes(b"".join(lines), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            return mail

    def address(rest: str) -> str:
        return rest.partition("<")[2].partition(">")[0]

    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)) as state.port:
        yield state


@dataclass(frozen=True)
class Call:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Webhook:
    """An HTTP server that answers every request with `status` and `answer`."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"


@contextmanager
def webhook() -> Iterator[Webhook]:
    state = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.calls.append(Call(self.command, self.path, dict(self.headers), body))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(state.answer)))
            self.end_headers()
            self.wfile.write(state.answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as state.port:
        yield state


@contextmanager
def served(server: socketserver.TCPServer) -> Iterator[int]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
