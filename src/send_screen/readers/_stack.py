"""Stack tables with the same headers, such as the sheets of a workbook or one file per school."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from send_screen.contracts._headers import header_key


def stack_tables(frames: Sequence[pd.DataFrame], names: Sequence[str], kind: str) -> tuple[pd.DataFrame, list[str]]:
    """Return tables as one, and a note on its row numbers: those of each further table are offset by a power of ten.

    ``kind`` is what the note calls a table: sheet or file.
    """
    if len(frames) == 1:
        return frames[0], []
    headers = {header_key(str(header)): header for header in frames[0].columns}
    offset = 10 ** len(str(max(int(frame.index.max()) for frame in frames)))
    numbered = [
        frame.rename(columns=lambda header: headers.get(header_key(str(header)), header)).set_axis(
            frame.index + number * offset
        )
        for number, frame in enumerate(frames)
    ]
    counted = "; ".join(
        f"{name} {number * offset:,} more than in the {kind}" if number else f"{name} as in the {kind}"
        for number, name in enumerate(names)
    )
    note = f"{len(frames)} {kind}s with the same headers were read together. Their rows are numbered: {counted}."
    return pd.concat(numbered).rename_axis(index="row"), [note]
