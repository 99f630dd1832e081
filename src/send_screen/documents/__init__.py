"""Read and write JSON and YAML documents strictly, as typed models.

A document is a pydantic model (:class:`Document`): its fields are its format, its JSON schema is generated from it, and
a file that breaks it is refused with every mistake at once, each with its path. Nothing in a file is trusted: a key
given twice, a number that is none, nesting without end and characters that mislead are refused before the model sees
them. What is written stands whole under its name, or not at all (:func:`write_whole`).
"""

from send_screen.documents._characters import MISLEADING, encodable, file_name, is_misleading, printable
from send_screen.documents._files import read_plain
from send_screen.documents._lock import locked
from send_screen.documents._mistakes import closest, refuse_mistakes
from send_screen.documents._model import Count, Document, Text, read_document, write_document
from send_screen.documents._whole_files import SHARED, remove_parts, write_whole
from send_screen.documents._yaml import MOST_YAML_BYTES, load_yaml, shortened

__all__ = [
    "Document",
    "Text",
    "Count",
    "read_plain",
    "read_document",
    "write_document",
    "refuse_mistakes",
    "load_yaml",
    "MOST_YAML_BYTES",
    "closest",
    "shortened",
    "write_whole",
    "remove_parts",
    "SHARED",
    "locked",
    "encodable",
    "file_name",
    "is_misleading",
    "printable",
    "MISLEADING",
]
