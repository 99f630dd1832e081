"""What every list, page and answer says that it is not."""

NOT_THIS = (
    "It is a prompt to look. It is not a diagnosis, and it decides nothing.",
    "It must not be used to refuse, delay or ration an assessment.",
    "A parent's or a teacher's concern always counts, listed or not.",
    "Not being listed never means “no need”.",
)
"""Said wherever a score, a list or a version is shown (hard rule 3)."""

NOTICE = " ".join(NOT_THIS)
