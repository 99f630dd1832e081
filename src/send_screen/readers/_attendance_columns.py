"""Read a table with a column for each code of the register, or for each session, as a row for each code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from send_screen.contracts import Contract, load_contract
from send_screen.contracts._headers import match_headers
from send_screen.readers._attendance_marks import term_of
from send_screen.readers._census_header import year_of
from send_screen.readers._formats import WideFormat, wide_formats
from send_screen.readers._reading import Reading
from send_screen.readers._session_headers import session_of


def tables_of_columns(reading: Reading) -> list[Reading]:
    """Return the tables of codes that the columns of a table hold."""
    found = []
    for mapping in wide_formats():
        contract = _contract_of(mapping.contract)
        headers = [str(header).strip() for header in reading.frame.columns]
        codes = {place: code for place, header in enumerate(headers) if (code := _code_of(header, mapping, contract))}
        days = {place: day for place, header in enumerate(headers) if (day := session_of(header))}
        if reading.contract or max(len(set(codes.values())), len(days)) < mapping.least:
            continue
        counted = len(codes) >= len(days)
        rows = _of_codes(reading.frame, codes, mapping) if counted else _of_sessions(reading.frame, days, mapping)
        found.append(_with_children(reading, rows, mapping, contract, {*codes, *days}))
    return found


@cache
def _contract_of(contract: str) -> Contract:
    return load_contract(contract)


def _code_of(header: str, mapping: WideFormat, contract: Contract) -> str | None:
    """Return the code that a header is, with or without a prefix."""
    for prefix in ("", *mapping.prefixes):
        rest = header[len(prefix) :]
        if header.casefold().startswith(prefix.casefold()) and rest in contract.columns[mapping.codes].codes:
            return rest
    return None


def _of_codes(frame: pd.DataFrame, codes: Mapping[int, str], mapping: WideFormat) -> pd.DataFrame:
    """Return a row for each count that is not 0, and one for each child who has none, with the place of the child."""
    parts = []
    for place, code in codes.items():
        cells = _texts(frame, place)
        there = np.flatnonzero(~np.isin(cells, ["", "0", "0.0"]))
        parts.append(pd.DataFrame({"child": there, mapping.codes: code, mapping.count: cells[there]}))
    place, code = next(iter(codes.items()))
    without = np.setdiff1d(np.arange(len(frame)), pd.concat(parts)["child"])
    parts.append(pd.DataFrame({"child": without, mapping.codes: code, mapping.count: _texts(frame, place)[without]}))
    return pd.concat(parts)


def _of_sessions(frame: pd.DataFrame, days: Mapping[int, tuple[dt.date, str]], mapping: WideFormat) -> pd.DataFrame:
    """Return a row for each code of a term, with its sessions, and one for each child without a code."""
    parts = []
    for place, (day, _) in days.items():
        cells = _texts(frame, place)
        there = np.flatnonzero(cells != "")
        times = {mapping.year: year_of(day), mapping.term: term_of(day)}
        parts.append(pd.DataFrame({"child": there, mapping.codes: cells[there], **times}))
    codes = pd.concat(parts)
    counted = codes.groupby(list(codes.columns), sort=False).size().rename(mapping.count).reset_index()
    counted[mapping.count] = counted[mapping.count].astype(str)
    without = np.setdiff1d(np.arange(len(frame)), codes["child"])
    return pd.concat([counted, pd.DataFrame({"child": without})])


def _texts(frame: pd.DataFrame, place: int) -> np.ndarray:
    """Return the cells of a column as text, empty where they are blank."""
    cells = frame.iloc[:, place]
    return np.array(
        ["" if blank else str(cell).strip() for cell, blank in zip(cells, cells.isna(), strict=True)], object
    )


def _with_children(
    reading: Reading, rows: pd.DataFrame, mapping: WideFormat, contract: Contract, of_codes: set[int]
) -> Reading:
    """Return the rows beside what the table says of each child, numbered by the child's row and the place in it."""
    others = [place for place in range(reading.frame.shape[1]) if place not in of_codes]
    headers = [str(reading.frame.columns[place]) for place in others]
    position = match_headers(headers, contract.columns, marks=contract.header_marks).position
    children = pd.DataFrame(
        {name: reading.frame.iloc[:, others[place]].to_numpy(object) for name, place in position.items()},
        index=range(len(reading.frame)),
    )
    rows = rows.sort_values("child", kind="stable", ignore_index=True)
    place = rows.groupby("child").cumcount().to_numpy() + 1
    child = rows.pop("child").to_numpy()
    said = children.iloc[child].reset_index(drop=True)
    frame = pd.concat([said.drop(columns=rows.columns, errors="ignore"), rows], axis=1).astype(object)
    for name in said.columns.intersection(rows.columns):  # a year or term that the table states itself
        frame[name] = said[name].where(said[name].notna(), rows[name])
    step = 10 ** len(str(int(place.max())))
    frame.index = pd.Index(reading.frame.index.to_numpy()[child] * step + place, name="row")
    name = mapping.contract.rpartition("/")[2]
    notes = [
        f"Read by the format {mapping.name}: {len(of_codes):,} columns are codes or sessions.",
        f"The rows of {name} are numbered by row and place in it: {3 * step + 1} is the first of row 3.",
    ]
    return Reading(
        frame.where(frame.notna() & (frame != ""), None),
        reading.file,
        sheet=name,
        contract=mapping.contract,
        notes=(*notes, *reading.notes),
        sha256=reading.sha256,
        of_columns=True,
    )
