"""How often does linkage find the right child, for whom less often, and does it know its own error? See README.md."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from send_screen.contracts import ETHNIC_GROUPS, MAJOR_ETHNIC_GROUPS
from send_screen.evaluation import clustered_rate
from send_screen.linkage import CONFLICT, LINKED, PROBABILISTIC, LinkageResult, link_records
from send_screen.simulation import SyntheticAgencies, simulate_agencies, simulate_england
from send_screen.specs import Linkage

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
SEASONS = {9: "autumn", 10: "autumn", 11: "autumn", 12: "autumn", 1: "spring", 2: "spring", 3: "spring", 4: "spring"}
#: Conflicts that the exact rounds find: probability is not asked about them.
BY_IDENTIFIER = "identifier"


def groups_of(census: pd.DataFrame) -> pd.DataFrame:
    """Return the groups of each child, by UPN."""
    return pd.DataFrame(
        {
            "sex": census["Sex"].map({"F": "girls", "M": "boys"}),
            "ethnic group": census["Ethnicity"].map(ETHNIC_GROUPS).map(MAJOR_ETHNIC_GROUPS).fillna("not recorded"),
            "language": np.where(census["Language"].isin(["ENG", "ENB"]), "English", "other or not recorded"),
            "free school meals": np.where(census["FSMeligible"] == "true", "yes", "no"),
            "season of birth": pd.to_datetime(census["DOB"]).dt.month.map(SEASONS).fillna("summer"),
        }
    ).set_axis(census["UPN"])


def persons(agencies: SyntheticAgencies, linkage: LinkageResult) -> pd.DataFrame:
    """Return every row of the agencies with the child it is of and the child it was linked to."""
    found = linkage.crosswalk.set_index(["contract", "row"])
    truth = agencies.truth.set_index(["contract", "row"])
    rows = truth.join(found[["child_id", "status", "link", "reason"]]).reset_index()
    return rows.assign(linked=rows["child_id"].where(rows["status"] == LINKED))


def rate(good: np.ndarray, cluster: pd.Series) -> dict[str, Any]:
    """Return a rate with its interval, which knows that children sit in schools."""
    codes, schools = pd.factorize(cluster)
    trials = np.bincount(codes, minlength=len(schools)).astype(float)
    estimate = clustered_rate(np.bincount(codes[good], minlength=len(schools)).astype(float), trials)
    return {"n": int(estimate.n), "value": estimate.value, "low": estimate.low, "high": estimate.high}


def rates(rows: pd.DataFrame, school: pd.Series) -> dict[str, Any]:
    """Return recall, the share of the children's rows linked to theirs, and precision, the share of links that are."""
    ours, linked = rows[rows["UPN"].notna()], rows[rows["linked"].notna()]
    return {
        "recall": rate((ours["linked"] == ours["UPN"]).to_numpy(), school.loc[ours["UPN"]]),
        "precision": rate((linked["linked"] == linked["UPN"]).to_numpy(), school.loc[linked["linked"]]),
    }


def errors(rows: pd.DataFrame, linkage: LinkageResult, contract: str) -> dict[str, Any]:
    """Return the true errors of the probabilistic round, and those that it expected."""
    by_probability = rows[rows["link"] == PROBABILISTIC]
    of_identifier = (rows["status"] == CONFLICT) & rows["reason"].fillna("").str.contains(BY_IDENTIFIER)
    missed = rows[rows["UPN"].notna() & rows["linked"].isna() & ~of_identifier]
    false = by_probability[by_probability["linked"].notna() & (by_probability["linked"] != by_probability["UPN"])]
    expected = linkage.expected[contract]
    counts = {
        "false_links": (len(false), expected.false_links),
        "missed_links": (len(missed), expected.missed_links),
    }
    return {
        name: {"true": n, "expected": guess.value, "low": guess.low, "high": guess.high}
        | {"inside": guess.low <= n <= guess.high}
        for name, (n, guess) in counts.items()
    }


def run(seed: int) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, dict[str, Any]]:
    """Link the agencies of one synthetic England, with identifiers alone and with probability."""
    england = simulate_england(CONFIG["children"], CONFIG["schools"], seed)
    agencies = simulate_agencies(england)
    asked = Linkage(probabilistic=True, match=CONFIG["match"], clerical=CONFIG["clerical"])
    linkage = link_records(agencies.pupil_census, agencies.tables, linkage=asked)
    exact = persons(agencies, link_records(agencies.pupil_census, agencies.tables))
    rows = persons(agencies, linkage)
    census = agencies.pupil_census
    name = f"{seed}:"  # children of different seeds are different children
    for column in ("UPN", "linked"):
        rows[column] = name + rows[column]
    exact_rows = exact.assign(UPN=name + exact["UPN"], linked=name + exact["linked"])
    school = (name + census["School"]).set_axis(name + census["UPN"])
    groups = groups_of(census).set_axis(name + census["UPN"])
    found = {contract: errors(part, linkage, str(contract)) for contract, part in rows.groupby("contract")}
    in_doubt = linkage.counts[["in doubt", "conflict"]].to_dict("index")
    return (
        rows.assign(exact=exact_rows["linked"]),
        school,
        groups,
        {"seed": seed, "errors": found, "not_linked": in_doubt},
    )


def main() -> None:
    """Run the experiment and write its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=CONFIG["seeds"])
    arguments = parser.parse_args()
    parts = [run(seed) for seed in arguments.seeds]
    rows, school, groups = (pd.concat([part[k] for part in parts]) for k in range(3))
    result: dict[str, Any] = {"config": CONFIG, "agencies": {}, "seeds": [part[3] for part in parts]}
    for contract, of_agency in rows.groupby("contract"):
        by_group = {}
        for attribute in groups.columns:
            of_person = groups[attribute].reindex(of_agency["UPN"].fillna(of_agency["linked"])).to_numpy()
            by_group[attribute] = {
                str(name): rates(of_agency[of_person == name], school) for name in sorted(groups[attribute].unique())
            }
        troubles = of_agency[of_agency["UPN"].notna() & (of_agency["linked"] != of_agency["UPN"])]["trouble"]
        result["agencies"][str(contract)] = {
            "all": rates(of_agency, school),
            "identifiers_alone": rates(of_agency.assign(linked=of_agency["exact"]), school),
            "by_group": by_group,
            "missed_by_trouble": {str(name) or "none": int(n) for name, n in troubles.value_counts().head(8).items()},
        }
    text = json.dumps(result, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
