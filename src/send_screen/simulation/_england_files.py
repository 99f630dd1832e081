"""Write simulated tables as CSV files, with one school's export to screen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from send_screen.documents import DEFAULT_MODE, write_atomically
from send_screen.simulation._england import SyntheticEngland, simulate_england
from send_screen.simulation._rates import GOALS
from send_screen.simulation._school_exports import common_transfer_file, pupil_system_report

README = """\
Every child in these files is invented
======================================

No child here exists or ever did. send_screen drew the files at random: {children} children in {schools} schools,
in reception in {academic_year}, seed {seed}. Every unique pupil number (UPN) has the authority 000, which no authority
has: that is how a tool or a reader can tell that the child is invented. The names are made-up words.

pupil_census.csv         who the children are, their school, absence, and the SEN register at the end of reception
eyfsp.csv                the early years foundation stage profile: 1 emerging, 2 expected, A not assessed
sen_status.csv           the SEN register two academic years later: the outcome that a model predicts
schools/school_file.csv  one school's reception children of {school_year}, as its own system would export them, to be
                         screened. Like real exports it has gaps and a mistake or two.
schools/report/          the same children as a report of a pupil system: own headers, words for codes, a title
schools/ctf/             the same children as a Common Transfer File

The shares of boys and girls, of goals reached and of children on the SEN register are roughly the published ones.
Nothing that a model finds in these files says anything about real children, and a model trained on them cannot
screen any.
"""


def write_england(england: SyntheticEngland, folder: str | Path, *, academic_year: str = "2025/26") -> Path:
    """Write simulated tables as CSV files, with a school's file to screen.

    Parameters
    ----------
    england : SyntheticEngland
    folder : str or pathlib.Path
        Created if it does not exist. Files of the same names are replaced.
    academic_year : str
        Reception year of the children in ``schools/school_file.csv``: other children, in one of the same schools.

    Returns
    -------
    pathlib.Path
        The folder. It holds ``README.txt``, ``pupil_census.csv``, ``eyfsp.csv``, ``sen_status.csv``,
        ``schools/school_file.csv`` and, of the same school, ``schools/report/pupils.csv`` (a report of a pupil system)
        and ``schools/ctf/pupils.xml`` (a Common Transfer File); ``england.truth`` is not written.

    Examples
    --------
    >>> import tempfile
    >>> from send_screen.simulation import simulate_england
    >>> folder = write_england(simulate_england(children=600, schools=20, seed=0), tempfile.mkdtemp())
    >>> sorted(path.name for path in folder.iterdir())
    ['README.txt', 'eyfsp.csv', 'pupil_census.csv', 'schools', 'sen_status.csv']
    """
    root = Path(folder)
    (root / "schools").mkdir(parents=True, exist_ok=True)
    text = README.format(
        children=england.children,
        schools=england.schools,
        seed=england.seed,
        academic_year=england.academic_year,
        school_year=academic_year,
    )
    # written first, so that an interrupted folder has it too
    write_atomically(text, root / "README.txt", mode=DEFAULT_MODE)
    for name in ("pupil_census", "eyfsp", "sen_status"):
        _write(getattr(england, name), root / f"{name}.csv")
    school = school_file(england, academic_year=academic_year)
    _write(school, root / "schools" / "school_file.csv")
    exports: dict[str, str | bytes] = {
        "report/pupils.csv": pupil_system_report(school),
        "ctf/pupils.xml": common_transfer_file(school),
    }
    for name, content in exports.items():
        path = root / "schools" / name
        path.parent.mkdir(exist_ok=True)
        write_atomically(content, path, mode=DEFAULT_MODE)
    return root


def school_file(england: SyntheticEngland, *, academic_year: str = "2025/26") -> pd.DataFrame:
    """Return one school's new reception children as its own system would export them: census and EYFSP, no outcome.

    The school is the one of median size. Besides the missing values of the simulation, two children have early learning
    goals left blank, one was not assessed, one has a word as number of sessions missed, and one has SEN support.

    All cells are text.
    """
    cohort = simulate_england(england.children, england.schools, england.seed, academic_year=academic_year)
    sizes = cohort.pupil_census["School"].value_counts().sort_index()
    school = sizes.sort_values(kind="stable").index[len(sizes) // 2]
    census = cohort.pupil_census[cohort.pupil_census["School"] == school]
    frame = census.merge(cohort.eyfsp.drop(columns="AcademicYear"), on="UPN", how="left")
    frame = frame.sort_values(["Surname", "Forename", "UPN"]).reset_index(drop=True).astype(object)
    frame = pd.DataFrame(frame.where(frame.notna(), None))
    # Spread over the rows, so that a small school still has each of them.
    rows = [k * len(frame) // 6 for k in range(1, 6)]
    frame.loc[rows[0], ["E09", "E10"]] = None
    frame.loc[rows[1], list(GOALS)] = None
    frame.loc[rows[2], list(GOALS[:5])] = "A"
    frame.loc[rows[3], "SessionsAbsent"] = "twelve"
    frame.loc[rows[4], "SENprovision"] = "K"
    return frame


def _write(frame: pd.DataFrame, path: Path) -> None:
    write_atomically(frame.to_csv(index=False, lineterminator="\n"), path, mode=DEFAULT_MODE)
