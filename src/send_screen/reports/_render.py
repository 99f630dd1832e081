"""The one Jinja environment: every page is escaped by default and fails on a name that is not there."""

from __future__ import annotations

import base64
import functools
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined

from send_screen.reports import _words
from send_screen.screening import NOT_THIS


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("send_screen.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "date_words": _words.date_words,
        "percent": _words.percent,
        "points": _words.points,
        "sentence": _words.sentence,
        "signed": _words.signed,
        "whole": _words.whole,
    }
    environment.globals |= {
        "NOT_THIS": NOT_THIS,
        "COST_LIMITS": _words.COST_LIMITS,
        "LABEL_LIMITS": _words.LABEL_LIMITS,
        "count": _words.count,
        "owner_words": _words.owner_words,
        "said": _words.said,
    }
    return environment


@functools.cache
def _script(name: str) -> str:
    environment = _environment()
    if environment.loader is None:  # pragma: no cover - the environment above always has one
        raise AssertionError
    return environment.loader.get_source(environment, name)[0].strip()


def render(template: str, *, script: str | None = None, **names: object) -> str:
    """Fill in a template.

    The page's content security policy lets nothing load from anywhere, and lets no script run but ``script``, known
    by its hash: markup that slipped through the escaping could still do nothing.

    Parameters
    ----------
    template : str
        Name of the template.
    script : str, optional
        Name of the script that enhances the page.
    **names
        What the template speaks of.
    """
    code = _script(script) if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'" + (f"; script-src 'sha256-{digest}'" if code else "")
    return _environment().get_template(template).render(script=code, policy=policy, **names)
