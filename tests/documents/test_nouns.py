"""Texts that are written of children, about people who are called something else; what people typed stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from send_screen.documents import CHILDREN, Document, Noun, keep_wording, reword

APPLICANTS = Noun(singular="applicant", plural="applicants")
typed = st.lists(st.sampled_from(["child", "Children", "a child", "grandchild", "<b>", " ", "-", "x"])).map("".join)


class Said(Document):
    title: str
    among: Literal["all children"]
    levels: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    said: Said
    rank: int | None


def test_words_are_replaced_with_their_article_and_capital() -> None:
    text = "A child, a child. Children of childhood: child_id, td:last-child, the child's 100 children"
    said = (
        "An applicant, an applicant. Applicants of childhood: child_id, td:last-child, the applicant's 100 applicants"
    )
    assert reword(text, APPLICANTS) == said
    assert reword("a child", Noun(singular="university student", plural="students")) == "a university student"


@given(typed)
def test_what_was_typed_stays_as_it_is(text: str) -> None:
    row = Row(Said(title=text, among="all children", levels={text: (text,)}), 1)
    assert reword(keep_wording(row, APPLICANTS), APPLICANTS) == row
    assert reword(f"a child: {keep_wording(text, APPLICANTS)}.", APPLICANTS) == f"an applicant: {text}."


@given(typed)
def test_children_change_nothing(text: str) -> None:
    assert reword(keep_wording(text, CHILDREN), CHILDREN) == text


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        " child",
        "a  b",
        "<b>",
        "{{ x }}",
        "two\nlines",
        "chil\u202edren",
        "x" * 41,
        "1st",
        "a_b",
        "a|b",
        "*a*",
        3,
    ],
)
def test_a_word_that_is_empty_or_hostile_is_refused(word: object) -> None:
    for noun in ({"singular": word, "plural": "people"}, {"singular": "person", "plural": word}):
        with pytest.raises(ValidationError):
            Noun.model_validate(noun)


@pytest.mark.parametrize("word", ["young person", "élève", "jeune-fille", "学生", "St John’s pupil"])
def test_a_word_of_any_language_is_taken(word: str) -> None:
    assert Noun(singular=word, plural=word).plural == word
