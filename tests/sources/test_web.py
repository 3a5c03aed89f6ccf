"""Addresses of the web, held against a server of this test."""

import http.server
import threading

import pytest

from driftwheel.errors import SourceError
from driftwheel.sources import open_source


@pytest.fixture
def server(jpeg):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            found = self.path.startswith("/a.jpg")
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(jpeg(1)) if found else 0))
            self.end_headers()
            if found and self.command == "GET":
                self.wfile.write(jpeg(1))

        def log_message(self, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def test_one_image_with_a_signature(server, names, jpeg):
    pytest.importorskip("aiohttp")
    source = open_source(f"{server}/a.jpg?signature=secret")
    assert "secret" not in source.describe
    assert names(source) == ["a.jpg"]
    assert next(iter(source)).data == jpeg(1)


def test_what_to_install_is_said(server):
    try:
        import aiohttp  # noqa: F401
    except ImportError:
        with pytest.raises(SourceError, match="Install them with: pip install requests aiohttp"):
            open_source(f"{server}/a.jpg")
    else:
        with pytest.raises(SourceError):
            open_source(f"{server}/b.jpg")
