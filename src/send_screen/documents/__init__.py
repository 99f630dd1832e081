"""Read and write JSON and YAML documents strictly, as typed models.

A document is a pydantic model (:class:`Document`): its fields are its format, its JSON schema is generated from it, and
a file that breaks it raises one error with every mistake and its path. Nothing in a file is trusted: duplicate keys,
NaN, deep nesting and misleading characters are errors before the model sees them. Files are written atomically
(:func:`write_atomically`).
"""

from send_screen.documents._atomic_files import DEFAULT_MODE, remove_partial_files, write_atomically
from send_screen.documents._characters import (
    CONTROL_CHARACTERS_ERROR,
    file_name,
    has_control_characters,
    is_formula,
    replace_control_characters,
    replace_surrogates,
    replace_unprintable,
)
from send_screen.documents._confusables import contains_confusable, is_confusable
from send_screen.documents._counts import count, first_few
from send_screen.documents._files import read_regular_file
from send_screen.documents._lock import locked
from send_screen.documents._mistakes import closest, raise_mistakes
from send_screen.documents._model import Count, Document, Text, read_document, write_document
from send_screen.documents._nouns import CHILDREN, SCHOOLS, Noun, keep_wording, reword
from send_screen.documents._yaml import MAX_YAML_BYTES, load_yaml, shortened

__all__ = [
    "count",
    "Noun",
    "CHILDREN",
    "SCHOOLS",
    "reword",
    "keep_wording",
    "Document",
    "Text",
    "Count",
    "read_regular_file",
    "read_document",
    "write_document",
    "raise_mistakes",
    "load_yaml",
    "MAX_YAML_BYTES",
    "closest",
    "shortened",
    "write_atomically",
    "remove_partial_files",
    "DEFAULT_MODE",
    "locked",
    "replace_control_characters",
    "replace_surrogates",
    "file_name",
    "first_few",
    "has_control_characters",
    "is_formula",
    "replace_unprintable",
    "CONTROL_CHARACTERS_ERROR",
    "is_confusable",
    "contains_confusable",
]
