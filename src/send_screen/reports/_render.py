"""Jinja environments for HTML, Markdown and plain text: each escapes every value, and fails on an unknown name."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from send_screen.documents import CHILDREN, Noun, keep_wording, replace_control_characters, reword
from send_screen.reports import _text
from send_screen.screening import DISCLAIMERS, NOTICE


def one_line(text: object) -> str:
    """Return a text on one line."""
    return " ".join(str(text).split())


def escape_markdown(text: object) -> str:
    r"""Escape markup of Markdown and HTML, and keep the text on one line.

    Examples
    --------
    >>> print(escape_markdown("*Year* <b>1</b> | a_b"))
    \*Year\* &lt;b&gt;1&lt;/b&gt; \| a\_b
    """
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", line)
    line = re.sub(r"^([-+=])", r"\\\1", line)
    # no automatic links: they need "://" or "www."
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line).replace("://", ":&#47;/").replace("www.", "www&#46;")


@functools.cache
def _environment(escape: Callable[[object], str] | None) -> Environment:
    """Return the environment of a format: ``escape`` is applied to every value; by default that of HTML."""

    def finalize(value: object) -> object:
        if isinstance(value, Markup):  # what macros return is escaped already
            return value
        value = replace_control_characters(value) if isinstance(value, str) else value
        return value if escape is None else Markup(escape(value))

    environment = Environment(
        loader=PackageLoader("send_screen.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.filters |= {
        name: getattr(_text, name) for name in ("format_date", "percent", "sentence", "signed", "whole")
    }
    environment.globals |= {
        "NOTICE": NOTICE,
        "DISCLAIMERS": DISCLAIMERS,
        "COST_LIMITS": _text.COST_LIMITS,
        "count": _text.count,
        "label_limits": _text.label_limits,
        "format_owner": _text.format_owner,
    }
    return environment


@functools.cache
def read_data(name: str) -> Any:
    """Return a YAML file of this package's ``data``."""
    return yaml.safe_load((resources.files("send_screen.reports") / "data" / name).read_text("utf-8"))


def render_html(template: str, *, children: Noun = CHILDREN, script: str | None = None, **names: object) -> str:
    """Render an HTML page, with ``children`` as the noun for its people and ``script`` as its only script.

    Its content security policy forbids all loading and every script but this one, known by its hash: a second defence
    after escaping.
    """
    code = (resources.files("send_screen.reports") / "templates" / script).read_text("utf-8").strip() if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'" + (f"; script-src 'sha256-{digest}'" if code else "")
    page = _environment(None).get_template(template).render(script=keep_wording(code, children), policy=policy, **names)
    return reword(page, children)


def render_markdown(template: str, *, children: Noun, **names: object) -> str:
    """Render a Markdown page, with ``children`` as the noun for its people; values are escaped."""
    page = reword(_environment(escape_markdown).get_template(template).render(**names), children)
    return re.sub(r"\n{3,}", "\n\n", page.strip()) + "\n"


def render_lines(template: str, **names: object) -> tuple[str, ...]:
    """Render a text template, and return its non-empty lines; every value stays on its line."""
    return tuple(filter(None, map(str.strip, _text_template(template).render(**names).split("\n"))))


@functools.cache
def _text_template(source: str) -> Template:
    return _environment(one_line).from_string('{% import "answers.txt.j2" as a with context %}' + source)
