"""The web app: addresses to views, views to pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from dedup.inspector.addresses import PATHS, served
from dedup.inspector.asking import Asked, Unclear
from dedup.inspector.desk import Desk
from dedup.inspector.downloads import MEDIA
from dedup.inspector.forms import read_form
from dedup.inspector.language import LANGUAGES, catalogue, choose_language
from dedup.inspector.registry import ASSETS, VIEWS, WRITES, asset
from dedup.inspector.rendering import THEMES, Look, Page, Theme, render
from dedup.inspector.security import Gatekeeper, Guard, most_bytes
from dedup.inspector.serving import Shelf
from dedup.inspector.store import Missing, TooSlow
from dedup.inspector.views import decisions
from dedup.inspector.views.answers import Answer, Redirect, View
from dedup.releases import ReleaseError

_CHOSEN = ("lang", "theme")
_YEAR = 365 * 24 * 3600


def create_app(shelf: Shelf, guard: Guard | None = None, desk: Desk | None = None) -> FastAPI:
    """Return the app over the releases of a warehouse.

    Parameters
    ----------
    shelf : gives the release to show
    guard : who may ask; default: everybody who reaches the server by a loopback name
    desk : where decisions are recorded; without one the pages only show
    """
    guard = guard or Guard()
    room = _Room(shelf, guard, desk)
    app = FastAPI(title="dedup inspect", docs_url=None, redoc_url=None, openapi_url=None)
    for name, view in VIEWS.items():
        app.add_api_route(PATHS[name], room.reading(view), methods=["GET"], name=name)
    for name, view in WRITES.items():
        app.add_api_route(PATHS[name], room.writing(view), methods=["POST"], name=name)
    app.add_api_route(PATHS["static"], _asset_endpoint, methods=["GET"], name="static")

    @app.exception_handler(404)
    async def nowhere(request: Request, _: Exception) -> Response:
        return room.failure(request, 404, "error.nowhere", "")

    app.add_middleware(_as_middleware(guard))
    return app


def _as_middleware(guard: Guard) -> Any:
    return lambda app: Gatekeeper(app, guard)


def _asset_endpoint(name: str) -> Response:
    try:
        content = asset(name)
    except Missing:
        return Response(status_code=404)
    return Response(content, media_type=ASSETS[name], headers={"cache-control": "max-age=3600"})


class _Room:
    """Turns views into endpoints."""

    def __init__(self, shelf: Shelf, guard: Guard, desk: Desk | None) -> None:
        self._shelf = shelf
        self._guard = guard
        self._desk = desk

    def reading(self, view: View) -> Callable[[Request], Response]:
        """Return the endpoint of a view that only shows."""

        def answer(request: Request) -> Response:
            return self._answer(view, request, dict(parse_qsl(request.url.query)))

        return answer

    def writing(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a view that writes: a form of one of the pages must ask for it."""

        async def answer(request: Request) -> Response:
            most, body = most_bytes(request.url.path), bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    return Response("too much", 413)
            try:
                form = read_form(bytes(body), request.headers.get("content-type", ""))
            except Unclear as error:
                return await run_in_threadpool(self.failure, request, 400, "error.unclear", str(error))
            values = form.values
            mark = self._guard.form_mark(request.state.session)
            if not compare_digest(values.pop("csrf", "").encode(), mark.encode()):
                return await run_in_threadpool(self.failure, request, 403, "error.refused", "")
            response = await run_in_threadpool(self._answer, view, request, values, form.file)
            if view is WRITES["who"] and values.get("who", "").strip():
                name = quote(" ".join(values["who"].split())[:200])
                response.set_cookie("who", name, max_age=_YEAR, samesite="strict", httponly=True)
            return response

        return answer

    def _answer(self, view: View, request: Request, values: dict[str, str], file: bytes | None = None) -> Response:
        try:
            look = self._look(request)
            return respond(view(look, Asked({**values, **request.path_params}, file)), look, request)
        except Unclear as error:
            return self.failure(request, 400, "error.unclear", str(error))
        except decisions.NotRecorded as error:
            return self.failure(request, 409, "error.not_recorded", str(error))
        except Missing as error:
            return self.failure(request, 404, "error.missing", str(error))
        except TooSlow as error:
            return self.failure(request, 503, "error.slow", str(error))
        except ReleaseError as error:
            return self.failure(request, 503, "error.release", str(error))

    def _look(self, request: Request) -> Look:
        query = [(k, v) for k, v in parse_qsl(request.url.query) if k not in _CHOSEN]
        language = choose_language(
            request.query_params.get("lang"), request.cookies.get("lang"), request.headers.get("accept-language")
        )
        who = " ".join(unquote(request.cookies.get("who", "")).split())[:200]
        return Look(
            self._shelf.store(),
            catalogue(language),
            served,
            theme=_theme(request),
            here=request.url.path + (f"?{urlencode(query)}" if query else ""),
            csrf=self._guard.form_mark(request.state.session),
            who=who or (self._desk.who if self._desk else ""),
            desk=self._desk,
        )

    def failure(self, request: Request, status: int, key: str, detail: str) -> Response:
        """Return a page that says what went wrong."""
        try:
            look = self._look(request)
        except ReleaseError as error:
            return Response(str(error), status, media_type="text/plain")
        data = {"title": look.t(key), "words": look.t(f"{key}_words"), "detail": detail[:600]}
        return HTMLResponse(render(Page("error.html", data, status), look), status)


def _theme(request: Request) -> Theme:
    for value in (request.query_params.get("theme"), request.cookies.get("theme")):
        for theme in THEMES:
            if value == theme:
                return theme
    return "auto"


def respond(answer: Answer, look: Look, request: Request) -> Response:
    """Return what a view answers as a response; remembers a language or theme that was chosen by the address."""
    response: Response
    if isinstance(answer, Page):
        response = HTMLResponse(render(answer, look), answer.status, {"cache-control": "private, no-cache"})
    elif isinstance(answer, Redirect):
        response = RedirectResponse(answer.address, 303)
    else:
        name = f"{answer.name}-{look.store.id}.{answer.form}"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        response = Response(answer.content(), media_type=MEDIA[answer.form], headers=headers)
    for key, known in (("lang", tuple(LANGUAGES)), ("theme", THEMES)):
        if request.query_params.get(key) in known:
            response.set_cookie(key, request.query_params[key], max_age=_YEAR, samesite="strict", httponly=True)
    return response
