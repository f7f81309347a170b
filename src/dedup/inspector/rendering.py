"""Templates and what they are given: escaped by default, without anything inline that a policy would have to allow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import jinja2
from markupsafe import Markup

from dedup.inspector.addresses import Addresses
from dedup.inspector.language import LANGUAGES, Catalogue
from dedup.inspector.store import Store

if TYPE_CHECKING:
    from dedup.inspector.desk import Desk

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")


_SHAPELESS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Page:
    """What a view answers: a template and what it shows.

    Attributes
    ----------
    template : file in `templates/`
    data : its values
    status : of the answer
    """

    template: str
    data: dict[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Look:
    """Who looks at what: the release, the language, the way addresses are made.

    Attributes
    ----------
    store : the release
    t : words of the interface
    address : gives the address of a view
    live : False for pages that are written as files: no forms, nothing that asks the server
    here : path and query of the page itself
    csrf : what a form must bring back to be believed; '' when not live
    who : name that decisions of this visitor carry
    desk : where decisions are recorded; None where none are taken
    """

    store: Store
    t: Catalogue
    address: Addresses
    live: bool = True
    theme: Theme = "auto"
    here: str = "/"
    csrf: str = ""
    who: str = ""
    desk: Desk | None = None

    @property
    def can_decide(self) -> bool:
        """Whether decisions can be recorded."""
        return self.desk is not None


def render(page: Page, look: Look) -> str:
    """Return the page as HTML.

    Control characters, and those that turn the direction of writing around, are shown as such: pages are written by
    strangers.
    """
    context = {
        **page.data,
        "look": look,
        "t": look.t,
        "address": look.address,
        "store": look.store,
        "languages": LANGUAGES,
    }
    return _SHAPELESS.sub("\N{REPLACEMENT CHARACTER}", _environment().get_template(page.template).render(context))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dedup.inspector", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, share=share, score=score, day=day, short=short, svg=Markup)
    return environment


def number(value: float | int | None) -> str:
    """Return a number with thousands marks; at most four significant decimals; empty for None."""
    if value is None:
        return ""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def share(value: float | None, digits: int = 1) -> str:
    """Return 0.123 as `12.3%`."""
    return "" if value is None else f"{value:.{digits}%}"


def score(value: float | None) -> str:
    """Return a similarity with three decimals. Never rounded up to 1: what is not equal does not look equal."""
    if value is None:
        return ""
    return "0.999" if 0.9995 <= value < 1 else f"{value:.3f}"


def day(value: date | datetime | None) -> str:
    """Return a date, with hour and minute where there are."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if value else ""


def short(text: str | None, most: int = 60) -> str:
    """Return one line of at most `most` characters."""
    line = " ".join((text or "").split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
