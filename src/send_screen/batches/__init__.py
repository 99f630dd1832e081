"""Screening in batches, for a table of any size.

What only the whole table tells is found first; then each batch is screened by one pure function (:class:`Step`), on all
cores or by Spark; places are shared among all; and only the children selected are looked at again, for the reasons.
"""

from send_screen.batches._refuse import raise_on_whole_table
from send_screen.batches._run import ScreenedPieces, remove_work, screen_pieces, working_folder
from send_screen.batches._select import BatchSelection, select_in_pieces
from send_screen.batches._spark import on_spark, write_frame
from send_screen.batches._step import ROW, Step

__all__ = [
    "screen_pieces",
    "ScreenedPieces",
    "on_spark",
    "write_frame",
    "working_folder",
    "remove_work",
    "raise_on_whole_table",
    "select_in_pieces",
    "BatchSelection",
    "Step",
    "ROW",
]
