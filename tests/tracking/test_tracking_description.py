import pytest

from send_screen.tracking import describe_version


@pytest.mark.parametrize(
    ("note", "about", "shown"),
    [
        ("", "What it does.", "What it does."),
        ("Decided.", "What it does.", "Decided.\nWhat it does."),
        ("Decided.", "x" * 5000, "Decided."),
    ],
)
def test_decisions_stand_first_and_alone_where_there_is_no_room(note, about, shown):
    assert describe_version(note, about) == shown


@pytest.mark.parametrize(("note", "about"), [("", "x" * 6000), ("y" * 6000, "x")])
def test_no_description_is_longer_than_a_database_takes(note, about):
    text = describe_version(note, about)
    assert len(text) == 5000
    assert text.endswith("There is more in the artefacts of its run.\n")
