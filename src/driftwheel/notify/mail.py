"""Mail: text and HTML in one message, with an id that stays the same when it is sent twice."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from typing import Any

from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.email.common import SecureMailMode

__all__ = ["Letter", "Mail"]

_SECONDS = 20.0
_ID = 40  # characters; longer, the header would take two lines


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail holds.

    Attributes
    ----------
    subject, text, html
        Its text twice: for programs without and with HTML.
    dedup
        `Message-ID` is made of its first 40 characters.
    thread
        What the mails of one group refer to, so that mail programs show them together.
    made
        When the message was made.
    """

    subject: str
    text: str
    html: str
    dedup: str
    thread: str
    made: datetime


class Mail(NotifyEmail):  # type: ignore[no-untyped-call]
    """Apprise's mail, of which the address is read, with a letter of our own.

    One mail goes to all recipients. It is sent once the server takes it for any of them: those it refuses are
    named in the log, as to try again would send it to the others twice.
    """

    letter: Letter | None = None

    def send(self, *_: Any, **__: Any) -> bool:
        """Send the letter, and return whether it was taken; why not is a warning in Apprise's log."""
        if self.letter is None:
            raise RuntimeError("a mail needs its letter")
        copies = [*self.cc, *self.bcc]
        recipients = list(dict.fromkeys([*(address for _, address in self.targets), *copies]))
        try:
            with self._connect() as smtp:
                refused = smtp.send_message(self.mime(self.letter), str(self.from_addr[1]), recipients)
                self._tell_refused(refused)
        except smtplib.SMTPRecipientsRefused as error:
            self._tell_refused(error.recipients)
            return False
        except smtplib.SMTPResponseException as error:
            self.logger.warning("%s answered %s %s", self._server(), error.smtp_code, _said(error.smtp_error))
            return False
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.logger.warning("%s: %s", self._server(), str(error) or type(error).__name__)
            return False
        return True

    def mime(self, letter: Letter) -> EmailMessage:
        """Return the mail as it goes over the wire."""
        mail = EmailMessage(policy=SMTP)
        name, sender = self.from_addr[0] or "", str(self.from_addr[1])
        domain = sender.rpartition("@")[2]
        mail["Subject"] = letter.subject
        mail["From"] = formataddr((str(name), sender))
        mail["To"] = ", ".join(
            formataddr((str(given or ""), str(address))) for given, address in self.targets
        )
        if self.cc:
            mail["Cc"] = ", ".join(sorted(self.cc))
        if self.reply_to:
            mail["Reply-To"] = ", ".join(sorted(self.reply_to))
        mail["Date"] = letter.made
        mail["Message-ID"] = f"<{letter.dedup[:_ID]}@{domain}>"
        mail["References"] = f"<{letter.thread}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        for header, value in self.headers.items():
            if header.lower() not in {one.lower() for one in mail.keys()}:  # noqa: SIM118 - a mail is no dict
                mail[header] = value
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        return mail

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if not self.verify_certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.secure_mode == SecureMailMode.SSL:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self.smtp_host, int(self.port or 0), timeout=_SECONDS, context=context
            )
        else:
            smtp = smtplib.SMTP(self.smtp_host, int(self.port or 0), timeout=_SECONDS)
        try:
            if self.secure_mode == SecureMailMode.STARTTLS:
                smtp.starttls(context=context)
            if self.user and self.password:
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _server(self) -> str:
        return f"The mail server {self.smtp_host}:{self.port}"

    def _tell_refused(self, refused: dict[str, tuple[int, bytes]]) -> None:
        for address, (code, said) in refused.items():
            self.logger.warning("%s refused %s: %s %s", self._server(), address, code, _said(said))


def _said(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
