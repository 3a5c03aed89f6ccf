"""How long pages and reads of the API take: a million records and 2,000 windows in SQLite.

A server as `driftwheel serve --no-worker` starts it, and one browser's worth of requests to it, one after the
other. The routes are asked of the app, so that a new page is measured as soon as it is there; addresses come
from what links the pages have, and from lists of models, windows, records and filters. `--data FOLDER` keeps
the installation, which takes some minutes to build, for the next run; `--share 0.01` builds a smaller one;
`--only TEXT` measures routes whose path holds it.
"""

from __future__ import annotations

import argparse
import html
import http.client
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import Engine, select
from starlette.routing import compile_path

from driftwheel.demo.own_server import run_server
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.schema.alert_tables import channels, episodes, monitors
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.windows import StoredWindow, list_windows
from driftwheel.web.app import create_app
from driftwheel.web.security.permit import guarded_routes
from machine import machine_lines
from pages_data import PASSWORD, USER, build, held

BENCH = Path(__file__).parent
REQUESTS = 48
MOST_MILLISECONDS = 300.0
_PAGES_READ = 400  # for the addresses on them
_KEPT = 400  # addresses of a route
_NO_PAGES = ("/api/", "/assets/", "/metrics", "/openapi.json", "/livez", "/readyz")

ABOUT = (
    "{records:,} records of five models (400,000 of one), each with 37 properties, an embedding of 128 "
    "dimensions and an outlier p-value; {windows:,} windows with profiles and summaries of predictions, "
    "segments among them; {verdicts:,} verdicts with documents, {evaluations:,} evaluations, {alerts:,} "
    "alerts, {messages:,} messages. SQLite, {size:.1f} GB. One request after the other, {requests} a route "
    "with another address each as far as there are as many (models, segments, days, filters, late pages), "
    "and one before that is not counted. A page is the answer of the server, whole, without its images."
)


@dataclass
class Browser:
    """Asks one server, as one user, over one connection."""

    address: str
    cookie: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.address, timeout=120)

    def log_in(self) -> None:
        told = json.dumps({"name": USER, "password": PASSWORD})
        self.connection.request(
            "POST",
            "/api/v1/session",
            told,
            {"Content-Type": "application/json", "Origin": f"http://{self.address}"},
        )
        answer = self.connection.getresponse()
        answer.read()
        if answer.status >= 400:
            sys.exit(f"The bench cannot log in: {answer.status}")
        self.cookie = str(answer.headers["Set-Cookie"]).split(";")[0]

    def get(self, address: str) -> tuple[float, int, bytes, str]:
        """Milliseconds until the whole answer is there, its status, body, and where it leads."""
        begun = time.perf_counter()
        self.connection.request("GET", address, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1000
        return took, answer.status, body, answer.headers.get("Location") or ""


@dataclass(frozen=True)
class Route:
    """A route that is read: its path as the app has it, and what addresses fit it."""

    path: str
    fits: re.Pattern[str]

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(_NO_PAGES)


@dataclass(frozen=True)
class Known:
    """What addresses are made of."""

    models: Sequence[Model]
    windows: dict[str, list[StoredWindow]]
    first: dict[str, int]
    last: dict[str, int]
    ids: dict[str, list[tuple[str, str]]]
    episodes: Sequence[int]
    channels: Sequence[int]
    monitors: dict[str, list[tuple[int, str]]]


def routes(data: Path) -> list[Route]:
    """Every route of the app that is read, in its order."""
    app = create_app(Settings.load(data=data, worker=False))
    return [
        Route(route.path, compile_path(route.path)[0])
        for route, _ in guarded_routes(app)
        if "GET" in (route.methods or ())
    ]


def look_up(engine: Engine) -> Known:
    with reading(engine) as c:
        models = list_models(c)
        first, last, ids, watched = {}, {}, {}, {}
        for one in models:
            keys = (
                c.execute(select(records.c.key).where(records.c.model == one.key).order_by(records.c.key))
                .scalars()
                .all()
            )
            first[one.name], last[one.name] = keys[0], keys[-1]
            some = random.sample(keys[-2000:], 10) + random.sample(keys, 30)
            rows = c.execute(select(records.c.id, records.c.image).where(records.c.key.in_(some)))
            ids[one.name] = [(name, bytes(image).hex()) for name, image in rows]
            watched[one.name] = [
                (key, name)
                for key, name in c.execute(
                    select(monitors.c.key, monitors.c.name).where(monitors.c.model == one.key)
                )
            ]
        return Known(
            models,
            {one.name: list_windows(c, one.key) for one in models},
            first,
            last,
            ids,
            c.execute(select(episodes.c.key)).scalars().all(),
            c.execute(select(channels.c.key)).scalars().all(),
            watched,
        )


def crawl(browser: Browser, pages: Sequence[Route]) -> dict[str, list[str]]:
    """Addresses of each page that links lead to, each address once, from the first page on."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    seen, waiting, read = {"/"}, ["/"], defaultdict(int)
    while waiting and sum(read.values()) < _PAGES_READ:
        address = waiting.pop(0)
        route = fitting(pages, address)
        if route is None or len(found[route.path]) >= _KEPT:
            continue
        found[route.path].append(address)
        if read[route.path] >= _PAGES_READ // len(pages) + 1:
            continue
        read[route.path] += 1
        _, _, body, leads = browser.get(address)
        for link in [leads, *re.findall(r'href="([^"#]+)', body.decode(errors="replace"))]:
            parts = urlsplit(html.unescape(link))
            to = parts.path + (f"?{parts.query}" if parts.query else "")
            if link and not parts.netloc and to.startswith("/") and to not in seen:
                seen.add(to)
                waiting.append(to)
    return found


def fitting(among: Sequence[Route], address: str) -> Route | None:
    path = urlsplit(address).path
    return next((one for one in among if one.fits.match(path)), None)


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


class Addresses:
    """Makes addresses of a route, another each time."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def of(self, path: str) -> str | None:
        """One address; None where nothing is known of a parameter of the path."""
        model = random.choices(self.known.models, [self.weight(one) for one in self.known.models])[0]
        window = random.choice(self.known.windows[model.name])
        made = path
        for part in re.findall(r"\{(\w+)(?::\w+)?\}", path):
            value = self.part(path, part, model, window)
            if value is None:
                return None
            made = re.sub(rf"\{{{part}(:\w+)?\}}", lambda _, v=value: quote(v, safe=""), made, count=1)
        query = _QUERIES.get(path, lambda *_: {})(self, model, window)
        plain = urlencode({name: value for name, value in query.items() if value != ""}, doseq=True)
        return f"{made}?{plain}" if plain else made

    def weight(self, model: Model) -> int:
        return len(self.known.windows[model.name])

    def part(self, path: str, name: str, model: Model, window: StoredWindow) -> str | None:
        _, _, before = path.split("{" + name, maxsplit=1)[0].rstrip("/").rpartition("/")
        record, image = random.choice(self.known.ids[model.name])
        monitor, called = random.choice(self.known.monitors[model.name] or [(0, "")])
        newest = random.randint(self.known.first[model.name], self.known.last[model.name])
        values = {
            ("models", "name"): model.name,
            ("of", "name"): model.name,
            ("images", "key"): newest,
            ("images", "sha256"): image,
            ("records", "record"): record,
            ("verdicts", "start"): written(window.start),
            ("alerts", "key"): random.choice(self.known.episodes or [None]),
            ("channels", "key"): random.choice(self.known.channels),
            ("channels", "name"): "line",
            ("monitors", "key"): monitor,
            ("monitors", "monitor"): called,
        }
        value = values.get((before, name))
        return None if value is None else str(value)

    def images(self, model: Model, window: StoredWindow) -> dict[str, Any]:
        """A list of images: plain, narrowed in one of the ways there are, or a late page of it."""
        span = {"since": written(window.start), "until": written(window.end)}
        segment = f"{window.tag}={window.value}" if window.tag else ""
        late = (window.start - EPOCH) // MICROSECOND
        lot = random.randrange(0, len(self.known.windows[model.name]) * 4)
        which: list[dict[str, Any]] = [
            {},
            span,
            {**span, "tag": segment},
            {"after": f"{late}.0"},
            {"after": f"{late}.0", "tag": segment, "predicted": "dent"},
            {"before": f"{late}.0", "predicted": "scratch"},
            {"predicted": random.choice(["clean", "other", "stain"])},
            {"sort": "outlier"},
            {"sort": "outlier", "after": f"{random.random() * 0.5!r}.0"},
            {"p": "0.01"},
            {"p": "0.01", **span, "sort": "oldest"},
            {"state": random.choice(["measured", "rejected", "waiting", "no-image"])},
            {"tag": f"lot=L{lot:05}"},
            {"tag": "lot=none"},
            {"predicted": "nothing"},
            {"verdict": random.choice(["drift", "no_drift"])},
            {"tag": segment, "sort": "oldest", "until": written(window.end)},
        ]
        return {"model": model.name, **random.choice(which)}

    def model_page(self, _: Model, window: StoredWindow) -> dict[str, Any]:
        """A model: as it is, an earlier span, a segment, a cell of the heat map."""
        return {
            "segment": f"{window.tag}={window.value}" if window.tag else "",
            "until": random.choice(["", written(window.start)]),
            "at": random.choice(["", written(window.start)]),
            "property": random.choice(["", *PROPERTY_NAMES[::6]]),
            "rows": random.choice(["", "all"]),
            "span": random.choice(["", "", "28", "72", "52"]),
        }

    def records(self, model: Model, window: StoredWindow) -> dict[str, Any]:
        """The list of records of the API, likewise."""
        given = {**self.images(model, window), "limit": 50}
        given["tag"] = [one for one in [given.get("tag")] if one]
        names = {"p": "outlier_p_at_most", "sort": "order"}
        left_out = {"model", "before", "state", "verdict"}
        return {names.get(name, name): value for name, value in given.items() if name not in left_out}

    def span(self, _: Model, window: StoredWindow) -> dict[str, Any]:
        later = window.start + random.choice([1, 14, 60]) * (window.end - window.start)
        return random.choice([{}, {"since": written(window.start), "until": written(later)}])

    def segment(self, _: Model, window: StoredWindow) -> dict[str, Any]:
        return {"tag": window.tag, "value": window.value}

    def own_window(self, model: Model, window: StoredWindow) -> dict[str, Any]:
        return {**self.segment(model, window), "start": written(window.start)}


_QUERIES: dict[str, Callable[[Addresses, Model, StoredWindow], dict[str, Any]]] = {
    "/images": Addresses.images,
    "/models/{name}": Addresses.model_page,
    "/models/{name}/cell": Addresses.model_page,
    "/api/v1/models/{name}/records": Addresses.records,
    "/api/v1/models/{name}/windows": Addresses.span,
    "/api/v1/models/{name}/verdicts": Addresses.span,
    "/api/v1/models/{name}/windows/profile": Addresses.own_window,
    "/api/v1/models/{name}/images/{sha256}": lambda *_: {"size": random.choice(["", "320"])},
    "/alerts": lambda *_: {"state": random.choice(["", "open", "ended"])},
}


@dataclass(frozen=True)
class Row:
    """What was measured of one route, in milliseconds."""

    route: Route
    took: Sequence[float]
    addresses: int
    worst: str
    wrong: Sequence[str]

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.took, n=20)[-1]


def measured(browser: Browser, route: Route, made: Addresses, linked: Sequence[str]) -> Row | None:
    """Ask for a route; None where no address of it is known."""
    enough = len(linked) >= REQUESTS // 4 and route.path not in _QUERIES  # of what is to be known of it
    number = 0 if enough else REQUESTS // 2 if linked else REQUESTS
    own = [made.of(route.path) for _ in range(number)]
    some = [one for one in own if one is not None]
    some += random.choices(linked, k=REQUESTS - len(some)) if linked else []
    if not some:
        return None
    browser.get(some[0])
    took, wrong = [], []
    for address in some:
        milliseconds, status, _, _ = browser.get(address)
        took.append(milliseconds)
        if status >= 400 and not (status == 404 and "/images/{sha256}" in route.path):  # not all are kept
            wrong.append(f"{status} {address}")
    return Row(route, took, len(set(some)), some[took.index(max(took))], wrong)


@contextmanager
def browsing(data: Path) -> Iterator[Browser]:
    with run_server(data, {"DRIFTWHEEL_WORKER": "false"}) as server:
        browser = Browser(urlsplit(server.url).netloc)
        browser.log_in()
        yield browser
        browser.connection.close()


def table(rows: Sequence[Row]) -> list[str]:
    lines = ["| route | addresses | p50 | p95 | longest |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in rows:
        p95 = f"{one.p95:.0f} ms"
        lines.append(
            f"| `{one.route.path}` | {one.addresses} | {statistics.median(one.took):.0f} ms | "
            f"{p95 if one.p95 < MOST_MILLISECONDS else f'**{p95}**'} | {max(one.took):.0f} ms |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        data = (given.data or Path(folder) / "data").absolute()
        url = build(data, share=given.share)
        engine = open_database(url)
        known, counts = look_up(engine), held(engine)
        engine.dispose()
        every = routes(data)
        pages = [one for one in every if one.is_page]
        rows, left_out = [], []
        with browsing(data) as browser:
            linked = crawl(browser, pages)
            for route in every:
                if given.only not in route.path:
                    continue
                row = measured(browser, route, Addresses(known), linked.get(route.path, ()))
                if row is None:
                    left_out.append(route.path)
                    continue
                rows.append(row)
                print(
                    f"{route.path:60} p50 {statistics.median(row.took):6.1f}  p95 {row.p95:6.1f}  "
                    f"{max(row.took):6.1f}  {row.worst}",
                    *row.wrong[:2],
                    flush=True,
                )
        size = (data / "driftwheel.sqlite").stat().st_size / 1e9
    wrong = [one for row in rows for one in row.wrong]
    slow = [row.route.path for row in rows if row.p95 >= MOST_MILLISECONDS and row.route.is_page]
    lines = [
        "# Pages",
        "",
        *machine_lines("fastapi", "sqlalchemy"),
        "",
        ABOUT.format(**counts, size=size, requests=REQUESTS),
        "",
        f"Wanted: every page within {MOST_MILLISECONDS:.0f} ms at the 95th percentile.",
        "",
        "## Pages",
        "",
        *table([row for row in rows if row.route.is_page]),
        "",
        "## API, metrics and files",
        "",
        *table([row for row in rows if not row.route.is_page]),
    ]
    if slow:
        lines += ["", f"Slower than wanted: {', '.join(f'`{one}`' for one in slow)}."]
    if left_out:
        lines += ["", f"Not measured, for want of an address: {', '.join(f'`{one}`' for one in left_out)}."]
    if given.share != 1.0:
        lines += ["", "A trial of the script: no figures to go by."]
    if not given.only:
        (BENCH / "results" / "pages.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    if wrong:
        sys.exit(f"Not as it should be: {', '.join(wrong[:10])}")
    if slow:
        sys.exit(f"Slower than {MOST_MILLISECONDS:.0f} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
