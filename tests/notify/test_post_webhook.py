"""Requests to a real receiver: taken, refused, redirected, slow, and nowhere they may not go."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.notify.receivers import Webhook, webhook

from driftwheel.errors import UsageError
from driftwheel.notify.post_webhook import Letter, Posted, check_webhook_url, post_letters, shown_url


def post(url: str, n: int = 1, *, allow_private: bool = True, seconds: float = 10.0) -> list[Posted]:
    """Post so many letters, whatever becomes of each."""
    told: list[Posted] = []

    def go_on(one: Posted) -> bool:
        told.append(one)
        return True

    letters = (Letter(f"letter {number}".encode(), {"webhook-id": str(number)}) for number in range(n))
    post_letters(url, letters, go_on=go_on, allow_private=allow_private, seconds=seconds)
    return told


def at(hook: Webhook, path: str = "/hook?key=1") -> str:
    return f"http://127.0.0.1:{hook.port}{path}"


@contextmanager
def dripping(answer: bytes, *, once: bool = False) -> Iterator[int]:
    """A receiver that sends `answer` a byte now and then, or all `once` and closes; its port."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def serve() -> None:
            while not ended.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                with line:
                    line.recv(65536)
                    for byte in () if once else answer * 1000:
                        if ended.wait(0.05):
                            break
                        try:
                            line.send(bytes([byte]))
                        except OSError:
                            break
                    if once:
                        line.send(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
        thread.join()


def test_letters_are_taken_in_order() -> None:
    with webhook() as hook:
        assert post(at(hook), 3) == [Posted(200)] * 3
    assert [(one.path, one.body, one.headers["webhook-id"]) for one in hook.calls] == [
        ("/hook?key=1", f"letter {n}".encode(), str(n)) for n in range(3)
    ]


def test_what_a_receiver_has_against_it_is_said() -> None:
    with webhook() as hook:
        hook.status = 500
        assert post(at(hook)) == [Posted(500, "The receiver answered 500 Internal Server Error.")]


def test_no_redirect_is_followed() -> None:
    with webhook() as target, webhook() as hook:
        hook.status, hook.headers = 302, {"Location": at(target)}
        (posted,) = post(at(hook))
    assert (posted.status, target.calls) == (302, [])
    assert "no redirect is followed" in posted.said


def test_a_slow_receiver_ends_nothing_but_its_own_time() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nx: ") as port:
        (posted,) = post(f"http://127.0.0.1:{port}/", seconds=0.3)
    assert posted == Posted(None, "The receiver did not answer within 0.3 s.")


def test_a_receiver_that_closes_after_each_answer_gets_the_next() -> None:
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    with dripping(answer, once=True) as port:
        assert post(f"http://127.0.0.1:{port}/", 2) == [Posted(204)] * 2


def test_who_is_not_there_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (posted,) = post(f"http://127.0.0.1:{port}/")
    assert (posted.status, posted.taken) == (None, False)
    assert posted.said.startswith("It could not be sent: ")


def test_no_way_into_private_networks() -> None:
    with webhook() as hook:
        (posted,) = post(at(hook), allow_private=False)
    assert hook.calls == []
    assert "127.0.0.1 is not an address of the public internet" in posted.said
    assert "DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS" in posted.said
    (posted,) = post("http://169.254.169.254/", seconds=1.0)
    assert "link-local address" in posted.said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("example.com/hook", "is no address of a webhook"),
        ("ftp://example.com", "is no address of a webhook"),
        ("https://example.com:99999/", "is no address of a webhook"),
        ("https://exa mple.com/", "is no address of a webhook"),
        ("https://me:secret@example.com/", "has no name and password"),
        ("http://localhost/", "localhost is not an address of the public internet"),
        ("http://[::1]/", "::1 is not an address of the public internet"),
        ("http://10.0.0.1/", "10.0.0.1 is not an address of the public internet"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_webhook_url(url, allow_private=False)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown_url("https://example.com:8443/a/b") == "https://example.com:8443/…"
