"""Read a spec, find every mistake in it, and say each one in a line of its own."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from send_screen.contracts import Contract, load_contract
from send_screen.errors import ContractError, SpecError
from send_screen.specs._parse import parse
from send_screen.specs._spec import ColumnRef, ModelSpec


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML in which a key may stand once and a date stays text, so that the schema can judge it."""


def _mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


def _text(loader: _PlainLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_PlainLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def load_spec(path: str | Path) -> ModelSpec:
    """Read and validate a model spec.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``spec.yaml``.

    Returns
    -------
    ModelSpec

    Raises
    ------
    SpecError
        With one line a mistake: its path inside the file, what is wrong, and the closest right word.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"The spec cannot be opened ({error.strerror}).", file=str(path), remedy="Give the path of a spec.yaml."
        ) from None
    return parse_spec(raw, file=path.name)


def parse_spec(raw: bytes, *, file: str, contracts: Mapping[str, Contract] | None = None) -> ModelSpec:
    """Validate the bytes of a spec, read already. See :func:`load_spec`.

    Parameters
    ----------
    raw : bytes
    file : str
        The name used in messages.
    contracts : mapping of contract id to Contract, optional
        The contracts that came with an exported model; by default those that came with the library.
    """
    try:
        text = raw.decode("utf-8")
        document = yaml.load(text, Loader=_PlainLoader)  # a subclass of the safe loader
    except UnicodeDecodeError:
        raise SpecError("The spec is not UTF-8 text.", file=file, remedy="Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise SpecError(
            f"The spec cannot be read: {problem}.", file=file, row=None if mark is None else mark.line + 1
        ) from None
    mistakes = list(_schema_mistakes(document))
    if not mistakes:
        mistakes = list(_meaning_mistakes(document, contracts or {}))
    if mistakes:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise SpecError(f"The spec has {count}:\n{lines}\n", file=file, remedy="Mend each line and try again.")
    return parse(document, text=text, sha256=hashlib.sha256(raw).hexdigest())


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("send_screen.specs").joinpath("schema.json").read_text("utf-8"))
    return schema


def _schema_mistakes(document: object) -> Iterator[str]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(_schema())
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    for error in errors:
        place = _place(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = list(error.schema.get("properties", {}))
            for key in sorted(set(error.instance) - set(known), key=str):
                yield f"{place}: {key!r} is not a key here{_closest(str(key), known)}"
        elif error.validator == "required" and isinstance(error.instance, dict):
            missing = [key for key in error.validator_value if key not in error.instance]
            yield f"{place}: {', '.join(map(repr, missing))} missing"
        elif error.validator == "enum":
            allowed = [str(value) for value in error.validator_value]
            guess = _closest(str(error.instance), allowed)
            yield f"{place}: {error.instance!r} is not one of {', '.join(allowed)}{guess}"
        elif error.validator in ("oneOf", "anyOf"):
            options = [option.get("required") for option in error.validator_value]
            if all(options):
                either = " or ".join(" and ".join(option) for option in options)
                yield f"{place}: give {either}, and only one of them"
            else:
                yield f"{place}: {error.instance!r} has none of the forms that may stand here"
        else:
            yield f"{place}: {error.message}"


def _place(path: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _closest(word: str, known: Iterable[str]) -> str:
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


def _meaning_mistakes(document: dict[str, Any], given: Mapping[str, Contract]) -> Iterator[str]:
    """Mistakes that a schema cannot see: names that do not exist, dates that are none, features that must not be."""
    contracts: dict[str, Contract] = {}
    for position, use in enumerate(document["data"]):
        name = use["contract"].partition("@")[0]
        try:
            contracts[name] = given.get(name) or load_contract(use["contract"])
        except ContractError as error:
            yield f"$.data[{position}].contract: {error.message}"
    yield from _date_mistakes(document)
    for place, text in _column_texts(document):
        ref = ColumnRef.parse(text)
        if ref.contract not in contracts:
            yield f"{place}: the contract {ref.contract!r} is not under `data`{_closest(ref.contract, contracts)}"
        elif ref.column not in contracts[ref.contract].columns:
            known = contracts[ref.contract].columns
            yield f"{place}: {ref.contract} has no column {ref.column!r}{_closest(ref.column, known)}"
    yield from _feature_mistakes(document, contracts)
    yield from _name_mistakes(document)


def _date_mistakes(document: dict[str, Any]) -> Iterator[str]:
    for key in ("as_of", "review_date"):
        if isinstance(document[key], str):
            try:
                dt.date.fromisoformat(document[key])
            except ValueError:
                yield f"$.{key}: {document[key]!r} is not a date of the calendar"


def _column_texts(part: object, place: str = "$") -> Iterator[tuple[str, str]]:
    """Yield the place and text of every column reference, wherever it stands."""
    keys = {"column", "school", "class", "born", "year", "month", "of", "out_of", "academic_year"}
    if isinstance(part, dict):
        for key, value in part.items():
            here = f"{place}.{key}"
            if key in keys and isinstance(value, str):
                yield here, value
            elif key == "name" and isinstance(value, list):
                yield from ((f"{here}[{position}]", text) for position, text in enumerate(value))
            else:
                yield from _column_texts(value, here)
    elif isinstance(part, list):
        for position, value in enumerate(part):
            yield from _column_texts(value, f"{place}[{position}]")


def _feature_mistakes(document: dict[str, Any], contracts: dict[str, Contract]) -> Iterator[str]:
    training_only = {use["contract"].partition("@")[0] for use in document["data"] if use.get("training_only")}
    outcome = document["outcome"]["column"]
    research = "research_comparison" in document
    seen: set[str] = set()
    for position, feature in enumerate(document["features"]):
        place = f"$.features[{position}]"
        if feature["name"] in seen:
            yield f"{place}.name: {feature['name']!r} stands twice"
        seen.add(feature["name"])
        for _, text in _column_texts(feature, place):
            ref = ColumnRef.parse(text)
            column = contracts[ref.contract].columns.get(ref.column) if ref.contract in contracts else None
            if text == outcome:
                yield f"{place}: {text} is the outcome, and cannot be a feature"
            elif ref.contract in training_only:
                yield f"{place}: {ref.contract} is there for training only: a child to be screened has no {ref.column}"
            if column is None:
                continue
            if column.characteristic == "protected" and not research:
                yield (
                    f"{place}: {text} is a protected characteristic: compare it under `groups`, never as a feature "
                    "(only a spec marked `research_comparison`, which cannot be promoted, may)"
                )
            if column.characteristic == "proxy":
                if not feature.get("justification"):
                    yield f"{place}: {text} stands close to a protected characteristic: give a written `justification`"
                if feature.get("sign") != "increasing" or "equals" not in feature.get("derive", {}):
                    yield (
                        f"{place}: {text} must never lower the risk: use it as `derive: {{equals: ...}}` with "
                        "`sign: increasing`"
                    )
        if feature["kind"] == "category" and feature.get("sign", "none") != "none":
            yield f"{place}.sign: a category has no order, so it has no sign"


def _name_mistakes(document: dict[str, Any]) -> Iterator[str]:
    features = [feature["name"] for feature in document["features"]]
    rule = document["rule"]
    for key in ("features", "natural"):
        for position, name in enumerate(rule.get(key, [])):
            if name not in features:
                yield f"$.rule.{key}[{position}]: no feature is called {name!r}{_closest(name, features)}"
    if "feature" in rule and rule["feature"] not in features:
        yield f"$.rule.feature: no feature is called {rule['feature']!r}{_closest(rule['feature'], features)}"
    for position, name in enumerate(document["outcome"].get("components", [])):
        if name not in features:
            yield f"$.outcome.components[{position}]: no feature is called {name!r}{_closest(name, features)}"
    groups = [group["name"] for group in document["groups"]]
    for name in sorted({name for name in groups if groups.count(name) > 1}):
        yield f"$.groups: {name!r} stands twice"
    for position, pair in enumerate(document.get("intersections", [])):
        for name in pair:
            if name not in groups:
                yield f"$.intersections[{position}]: no group is called {name!r}{_closest(name, groups)}"
    overlap = {str(v) for v in document["outcome"]["positive"]} & {str(v) for v in document["outcome"]["negative"]}
    for value in sorted(overlap):
        yield f"$.outcome: {value!r} is both positive and negative"
    challengers = document.get("challengers", [])
    for position, gate in enumerate(document["gates"]):
        against = gate.get("against")
        if against and against != "rule" and against not in challengers:
            yield f"$.gates[{position}].against: {against!r} is not under `challengers`"
        if "at_least" in gate and "at_most" in gate and gate["at_least"] > gate["at_most"]:
            yield f"$.gates[{position}]: at_least is above at_most, so no version could pass"
