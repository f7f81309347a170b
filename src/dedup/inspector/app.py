"""The web app: addresses to views, views to pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from dedup.inspector.addresses import PATHS, served
from dedup.inspector.asking import Asked, Unclear
from dedup.inspector.downloads import MEDIA
from dedup.inspector.language import LANGUAGES, catalogue, choose_language
from dedup.inspector.registry import ASSETS, VIEWS, asset
from dedup.inspector.rendering import THEMES, Look, Page, Theme, render
from dedup.inspector.security import Gatekeeper, Guard
from dedup.inspector.serving import Shelf
from dedup.inspector.store import Missing, Store, TooSlow
from dedup.inspector.views.answers import Answer, Redirect, View
from dedup.releases import ReleaseError

_CHOSEN = ("lang", "theme")
_YEAR = 365 * 24 * 3600


def create_app(shelf: Shelf, guard: Guard | None = None) -> FastAPI:
    """Return the app over the releases of a warehouse.

    Parameters
    ----------
    shelf : gives the release to show
    guard : who may ask; default: everybody who reaches the server by a loopback name
    """
    guard = guard or Guard()
    app = FastAPI(title="dedup inspect", docs_url=None, redoc_url=None, openapi_url=None)
    for name, view in VIEWS.items():
        app.add_api_route(PATHS[name], _endpoint(view, shelf, guard), methods=["GET"], name=name)
    app.add_api_route(PATHS["static"], _asset_endpoint, methods=["GET"], name="static")

    @app.exception_handler(404)
    async def nowhere(request: Request, _: Exception) -> Response:
        return _failure(request, shelf, guard, 404, "error.nowhere", "")

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


def _endpoint(view: View, shelf: Shelf, guard: Guard) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        asked = Asked({**dict(parse_qsl(request.url.query)), **request.path_params})
        try:
            look = _look(request, shelf, guard)
            return respond(view(look, asked), look, request)
        except Unclear as error:
            return _failure(request, shelf, guard, 400, "error.unclear", str(error))
        except Missing as error:
            return _failure(request, shelf, guard, 404, "error.missing", str(error))
        except TooSlow as error:
            return _failure(request, shelf, guard, 503, "error.slow", str(error))
        except ReleaseError as error:
            return _failure(request, shelf, guard, 503, "error.release", str(error))

    return answer


def _look(request: Request, shelf: Shelf, guard: Guard, store: Store | None = None) -> Look:
    query = [(k, v) for k, v in parse_qsl(request.url.query) if k not in _CHOSEN]
    language = choose_language(
        request.query_params.get("lang"), request.cookies.get("lang"), request.headers.get("accept-language")
    )
    return Look(
        store or shelf.store(),
        catalogue(language),
        served,
        theme=_theme(request),
        here=request.url.path + (f"?{urlencode(query)}" if query else ""),
        csrf=guard.form_mark(request.state.session),
    )


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


def _failure(request: Request, shelf: Shelf, guard: Guard, status: int, key: str, detail: str) -> Response:
    try:
        look = _look(request, shelf, guard)
        page = Page(
            "error.html", {"title": look.t(key), "words": look.t(f"{key}_words"), "detail": detail[:300]}, status
        )
        return HTMLResponse(render(page, look), status)
    except ReleaseError as error:
        return Response(str(error), status, media_type="text/plain")
