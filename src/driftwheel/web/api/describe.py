"""The description of the API, `/openapi.json`: what each route takes, answers, and asks of its caller."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from driftwheel.web.api.bodies import AskedBody, FeedbackBody, RecordBody, TruthBody
from driftwheel.web.problems import MEDIA_TYPE
from driftwheel.web.security.permit import guarded_routes, permit

__all__ = [
    "ABOUT",
    "INGEST_PROBLEMS",
    "Problem",
    "describe",
    "file_body",
    "multipart_body",
    "one_or_lines",
    "own_id",
    "problems",
]

ABOUT = """Log what production models see and say, and read what became of it.

**Who calls**: programs send `Authorization: Bearer dw_…` (`driftwheel tokens create`); browsers have
a session, and send its secret back as `X-CSRF-Token` with whatever changes something.

**Errors** are `application/problem+json` (RFC 9457); `detail` says what was wrong and what to do. What
gets 429, 503 or 507 was not kept and can be sent again later; other 4xx will get the same answer again.

**Acknowledged is kept**: 202 comes when the records are on disk. A record with an `id` can be sent again
after a request without an answer: it counts once."""

_WORDS = {
    400: "The request cannot be read.",
    401: "Nobody is logged in, or the token is no good.",
    403: "The caller may not do this.",
    404: "There is no such thing.",
    409: "Something else is kept under this id or name.",
    413: "Too much at once.",
    414: "The address is too long.",
    415: "The body is of another media type.",
    422: "The content cannot be used.",
    429: "Too much is waiting, or too many attempts; `Retry-After` says for how many seconds to wait.",
    503: "Not now; try again.",
    507: "The disk is full.",
}
_ALWAYS = (400, 414, 422)
_OF_CALLERS = (401, 403)
_OF_BODIES = (413, 415)
_SCHEMA = "#/components/schemas/"


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What was wrong, and what to do.")


_BODIES = (RecordBody, TruthBody, FeedbackBody, AskedBody, Problem)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that can fail in these ways."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMA}Problem"}}}
    return {status: {"description": _WORDS[status], "content": content} for status in statuses}


INGEST_PROBLEMS = problems(404, 409, 413, 415, 429, 503, 507)
"""How everything that logs can fail."""


def one_or_lines(schema: str) -> dict[str, Any]:
    """Describe a body of one JSON object, or of one on each line."""
    return _body(
        {
            "application/json": {"schema": {"$ref": _SCHEMA + schema}},
            "application/x-ndjson": {"schema": {"type": "string", "description": f"Lines of {schema}."}},
        }
    )


def multipart_body(schema: str) -> dict[str, Any]:
    """Describe a body of records, each with its image after it."""
    parts = {
        "record": {"type": "array", "minItems": 1, "items": {"$ref": _SCHEMA + schema}},
        "image": {"type": "array", "items": {"type": "string", "format": "binary"}},
    }
    form = {"type": "object", "required": ["record"], "properties": parts}
    return _body({"multipart/form-data": {"schema": form}})


def file_body(media_type: str, words: str) -> dict[str, Any]:
    """Describe a body that is one file."""
    return _body({media_type: {"schema": {"type": "string", "format": "binary", "description": words}}})


def own_id(route: APIRoute) -> str:
    """Return the operation's id: the name of its function, which is unique in the API."""
    return route.name


def describe(app: FastAPI) -> None:
    """Give `app` the route `/openapi.json`, open to all: it tells nothing of the installation."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_described(app))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's own guide does

    @app.get("/openapi.json", include_in_schema=False, dependencies=[permit("public")])
    def openapi_json() -> dict[str, Any]:
        return app.openapi()


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def _described(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    bodies: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "validation") for one in _BODIES]
    _, own = models_json_schema(bodies, ref_template=_SCHEMA + "{model}")
    schemas |= own["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token, `dw_…`."},
        "session": {"type": "apiKey", "in": "cookie", "name": "driftwheel_session"},
    }
    for route, permits in guarded_routes(app):
        for method in route.methods or ():
            operation = described["paths"].get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            asked = [permit.asked for permit in permits if permit.asked != "public"]
            always = _ALWAYS + (_OF_CALLERS if asked else ())
            always += _OF_BODIES if "requestBody" in operation else ()
            told = {str(status): answer for status, answer in problems(*always).items()}
            operation["responses"] = dict(sorted((operation["responses"] | told).items()))
            operation["security"] = [{"token": []}, {"session": []}] if asked else []
            operation["x-permission"] = asked[-1] if asked else "public"
    return described
