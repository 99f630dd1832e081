"""Read an Open Data Contract Standard (ODCS) file as :class:`Contract`; check the standard's schema, then our rules."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import Field
from pydantic.alias_generators import to_camel

from send_screen.contracts._contract import CodeSet, Column, Contract, Derivation, Rule, RuleKind
from send_screen.contracts._mistakes import column_mistakes, contract_mistakes
from send_screen.contracts._pattern import check_pattern
from send_screen.documents import Document, file_name, load_yaml, raise_mistakes, read_document, shortened
from send_screen.errors import ContractError

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

API_VERSION = "v3.1.0"
ENGINE = "send_screen"
_MAX_LENGTH = 200  # characters of one mistake in a message
_MAX_MISTAKES = 5  # mistakes against the standard in one message
_DEFAULT_REMEDY: dict[str, str] = {
    "columns": "Add the column to the export, or rename the header that means the same.",
    "headers": "Keep one of the columns and delete or rename the others.",
    "rows": "Export the table again with its rows.",
    "null": "Fill in the value in the system that the file came from.",
    "duplicate": "Keep the row that is right and delete the others.",
    # unique pupil number
    "upn": "Copy the UPN again from the school's register.",
    "nhsNumber": "Copy the NHS number again from the child's health record.",
}
_DAYS = {"d": 1, "day": 1, "days": 1, "y": 365, "yr": 365, "years": 365}  # units of ODCS
_OTHER_REMEDY = "Correct the value in the system that the file came from and export again."


class _ContractProperties(Document, alias_generator=to_camel):
    """Custom properties of a contract, of which the standard allows any; see :class:`Contract`."""

    lawful_basis: str
    header_marks: tuple[str, ...] = ()  # prefixes and suffixes that systems add to headers, such as the table's name


class _Level(Document):
    """A code of a categorical column: its label (``words``), synonyms (``also``), and whether it means "not known"."""

    code: str
    words: str
    also: tuple[str, ...] = ()
    missing: bool = False
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that a file may have for the code: its label and synonyms, and the code with each of them."""
        words = (self.words, *self.also)
        return (*words, *(f"{self.code} {text}" for text in words))


class _ColumnProperties(Document, alias_generator=to_camel):
    """Custom properties of a column; see :class:`Column`."""

    visible_to: tuple[str, ...]
    optional: bool = False
    aliases: tuple[str, ...] = ()
    preferred_aliases: tuple[str, ...] = ()  # of two headers, such as Legal Surname and Surname, the one that is meant
    levels: tuple[_Level, ...] = ()
    known_codes: tuple[_Level, ...] = ()  # a few codes of a list that is too long to give; a pattern checks the rest
    code_set: CodeSet | None = None
    derived: tuple[Derivation, ...] = ()
    recorded_on: str | None = None
    outcome_status: bool = False  # an earlier or present value of the outcome: never a feature
    outcome_limits: tuple[str, ...] = ()  # limits as an outcome, as sentences for the model card
    unit: str | None = None
    # protected: never a feature; proxy: a feature with a justification; neither proxy nor absence may lower the risk
    characteristic: Literal["protected", "proxy", "absence", "attendance"] | None = None


Properties = TypeVar("Properties", _ContractProperties, _ColumnProperties)

_TRUE_FALSE = (
    _Level(code="true", words="yes", also=("y", "t", "1")),
    _Level(code="false", words="no", also=("n", "f", "0")),
)


def read_contract(text: str, path: Path, *, follows_standard: bool = False) -> Contract:
    """Return the contract in a YAML text.

    Mistakes are looked for in steps: YAML, the standard's JSON schema (unless it is known to be followed), custom
    properties and rules, contradictions. The first step that finds any raises one error with all that it found.
    """
    file = file_name(path)
    document = _parse(text, file, follows_standard=follows_standard)
    tables = document.get("schema", [])
    if len(tables) != 1:
        raise ContractError(
            f"The contract describes {len(tables)} tables.", file=file, remedy="Write one contract per table."
        )
    custom = _custom_properties(_ContractProperties, document, "contract", file)
    purpose = document.get("description", {}).get("purpose")
    if not purpose or not document.get("name") or not document.get("domain"):
        raise ContractError(
            "The contract does not say its name, its domain (the agency) and its description.purpose.",
            file=file,
            remedy="Add the three.",
        )
    properties = tables[0].get("properties", [])
    key = sorted(
        (item for item in properties if item.get("primaryKey")), key=lambda item: item.get("primaryKeyPosition", 0)
    )
    columns, mistakes = [], list[str]()
    for item in properties:
        details = _custom_properties(_ColumnProperties, item, f"column {item['name']}", file)
        if item.get("logicalType") == "boolean" and not details.levels:
            details = details.model_copy(update={"levels": _TRUE_FALSE})
        columns.append(_column(item, details, file))
        code_texts = [(level.code, level.texts) for level in (*details.levels, *details.known_codes)]
        mistakes += (f"column {item['name']}: {mistake}" for mistake in column_mistakes(columns[-1], code_texts))
    by_name = {column.name: column for column in columns}
    contract = Contract(
        id=document["id"],
        version=document["version"],
        title=document["name"],
        agency=document["domain"],
        path=path,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        lawful_basis=custom.lawful_basis,
        purpose=" ".join(purpose.split()),
        columns=by_name,
        id_column=by_name[key[0]["name"]] if key else None,
        key=tuple(item["name"] for item in key),
        rules=_rules(tables[0], tables[0]["name"], file),
        roles={role["role"]: role.get("description", "") for role in document.get("roles", [])},
        header_marks=custom.header_marks,
        retention_days=_retention_days(document.get("slaProperties", [])),
    )
    mistakes += contract_mistakes(contract, columns)
    if mistakes:
        raise_mistakes(mistakes, error=ContractError, file=file, kind="contract")
    return contract


def _retention_days(properties: list[dict[str, Any]]) -> int | None:
    """Return the shortest retention of a contract's service level, in days."""
    days = [
        int(part["value"] * _DAYS[part["unit"]])
        for part in properties
        if part["property"] == "retention" and isinstance(part["value"], int | float) and part.get("unit") in _DAYS
    ]
    return min(days, default=None)


@cache
def _validator() -> Validator:
    from jsonschema import validators

    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    return validators.validator_for(schema)(schema)


def _parse(text: str, file: str, *, follows_standard: bool) -> dict[str, Any]:
    """Parse a contract and validate it with the JSON schema of the standard."""
    document = load_yaml(text, file=file, error=ContractError)
    if not isinstance(document, dict):
        raise ContractError("The contract is not a YAML mapping.", file=file, remedy="Begin with apiVersion: v3.1.0.")
    broken = [] if follows_standard else sorted(_validator().iter_errors(document), key=lambda error: error.json_path)
    if broken:
        mistakes = [f"{error.json_path[:_MAX_LENGTH]}: {_schema_message(error)}" for error in broken]
        kind = "contract, under the Open Data Contract Standard,"
        raise_mistakes(mistakes, error=ContractError, file=file, kind=kind, max_listed=_MAX_MISTAKES)
    if document["apiVersion"] != API_VERSION:
        raise ContractError(
            f"The contract follows version {document['apiVersion']} of the standard.",
            file=file,
            remedy=f"Write it in {API_VERSION}.",
        )
    return document


def _schema_message(error: ValidationError) -> str:
    """Return the validator's message, with quoted parts of the contract shortened."""
    return error.message.replace(repr(error.instance), shortened(error.instance))[:_MAX_LENGTH]


def _custom_properties(model: type[Properties], part: dict[str, Any], kind: str, file: str) -> Properties:
    """Return the custom properties of a part of the contract."""
    entries = part.get("customProperties", [])
    names = [entry["property"] for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        mistakes = [f"$.{name}: is given twice" for name in twice]
        raise_mistakes(mistakes, error=ContractError, file=file, kind=f"custom properties of the {kind}")
    text = json.dumps({entry["property"]: entry["value"] for entry in entries})
    return read_document(model, text, error=ContractError, file=file, kind=f"{kind}, in its custom properties,")


def _column(item: dict[str, Any], custom: _ColumnProperties, file: str) -> Column:
    logical_type = item.get("logicalType", "")
    levels, known = custom.levels, (*custom.levels, *custom.known_codes)
    options = item.get("logicalTypeOptions", {}) if logical_type in ("integer", "number") else {}
    return Column(
        name=item["name"],
        label=item.get("businessName", ""),
        description=" ".join(item.get("description", "").split()),
        logical_type=logical_type,
        required=not custom.optional,
        nullable=not item.get("required", False),
        unique=item.get("unique", False),
        primary_key=item.get("primaryKey", False),
        personal=item.get("classification") in ("personal", "special", "identifier"),
        levels={level.code: level.words for level in levels if not level.missing} or None,
        minimum=_bound(options, "minimum"),
        maximum=_bound(options, "maximum"),
        unit=custom.unit,
        aliases=(*custom.preferred_aliases, *custom.aliases),
        preferred_aliases=custom.preferred_aliases,
        visible_to=frozenset(custom.visible_to),
        recorded_on=custom.recorded_on,
        outcome_status=custom.outcome_status,
        outcome_limits=custom.outcome_limits,
        characteristic=custom.characteristic,
        missing_codes={level.code: level.words for level in known if level.missing},
        classification=item.get("classification", ""),
        level_synonyms={text: level.code for level in known for text in level.texts},
        code_set=custom.code_set,
        level_dates={
            level.code: (level.valid_from, level.valid_until)
            for level in levels
            if level.valid_from or level.valid_until
        },
        derived=custom.derived,
        rules=_rules(item, f"column {item['name']}", file),
    )


def _bound(options: dict[str, Any], name: str) -> float | None:
    return float(options[name]) if name in options else None


def _rules(part: dict[str, Any], where: str, file: str) -> tuple[Rule, ...]:
    return tuple(_rule(entry, where, file) for entry in part.get("quality", []))


def _rule(entry: dict[str, Any], where: str, file: str) -> Rule:
    kind, arguments = _kind(entry)
    severity = entry.get("severity", "error")
    description = " ".join(entry.get("description", "").split())
    remedies = [custom["value"] for custom in entry.get("customProperties", []) if custom["property"] == "remedy"]
    known = get_args(RuleKind)
    if kind == "pattern" and isinstance(arguments, dict):
        check_pattern(arguments.get("pattern"), file=file, column=where.removeprefix("column "), rule=entry.get("id"))
    if not entry.get("id") or kind not in known or severity not in ("error", "warning") or not description:
        raise ContractError(
            f"A quality entry of {where} has no id or description, or a metric, implementation or severity that "
            "send_screen does not check.",
            file=file,
            rule=entry.get("id"),
            remedy=f"It knows {', '.join(known)}; severities are error and warning.",
        )
    if not _has_arguments(kind, arguments):
        raise ContractError(
            f"A quality entry of {where} lacks the arguments that its rule needs.",
            file=file,
            rule=entry["id"],
            remedy="Compare it with a rule of the same kind in a contract that comes with send_screen.",
        )
    return Rule(
        id=entry["id"],
        kind=kind,
        description=description,
        remedy=str(remedies[0]) if remedies else _DEFAULT_REMEDY.get(kind, _OTHER_REMEDY),
        severity=severity,
        arguments=arguments,
    )


def _kind(entry: dict[str, Any]) -> tuple[Any, Any]:
    """Return the kind of rule of a quality entry, and its arguments."""
    arguments = entry.get("arguments", {})
    if entry.get("engine") == ENGINE:
        # the kind, with `arguments` beside it, or a mapping of the kind to its arguments
        implementation = entry["implementation"]
        if isinstance(implementation, str):
            return implementation, arguments
        return next(iter(implementation.items()), ("", {}))
    if entry.get("metric") == "rowCount" and entry.get("mustBeGreaterThan") == 0:
        return "rows", arguments
    if entry.get("mustBe") == 0:
        invalid = "pattern" if "pattern" in arguments else "levels"
        metrics = {"nullValues": "null", "duplicateValues": "duplicate", "invalidValues": invalid}
        return metrics.get(entry.get("metric", ""), ""), arguments
    return "", {}


def _has_arguments(kind: str, arguments: Any) -> bool:
    """Return whether a rule has the arguments that its kind needs."""
    if not isinstance(arguments, dict):
        return False
    match kind:
        case "academicYear":
            return arguments.keys() <= {"earliest", "latest"} and all(
                isinstance(year, str) for year in arguments.values()
            )
        case "notAbove" | "notBelow":
            return isinstance(arguments.get("column"), str)
        case "yearGroupAge":
            return all(isinstance(arguments.get(name), str) for name in ("column", "academicYear"))
        case "onlyWhere":  # a value (in `values`) is allowed only where `column` has one in `in`; null means blank
            lists = (arguments.get("in"), arguments.get("values", []))
            return isinstance(arguments.get("column"), str) and all(isinstance(values, list) for values in lists)
        case "establishment":  # `child` is the column of UPNs: a synthetic one tells that leading zeros were dropped
            return isinstance(arguments.get("child"), str)
        case "duplicate":
            return isinstance(arguments.get("properties", []), list)
        case "levels":
            return isinstance(arguments.get("validValues", []), list)
    return True
