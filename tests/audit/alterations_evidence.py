"""Alterations of the evidence, and what only a signature finds; see :mod:`alterations`."""

from __future__ import annotations

import shutil
from random import Random

import numpy as np
import pandas as pd
from alterations import kind
from audit_store import Store

from send_screen.governance import sha256_of
from send_screen.workflows._evidence_store import evidence_bytes, read_evidence

# The evidence, with its hash made anew wherever it is.


@kind("evidence-integrity")
def evidence_rows_removed(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        gone = rng.sample(range(len(table)), rng.randrange(1, 30))
        return table.drop(index=gone).reset_index(drop=True)

    store.rewrite_evidence(change)


@kind("evidence-integrity")
def evidence_rows_in_another_order(store: Store, rng: Random) -> None:
    store.rewrite_evidence(lambda table: table.sample(frac=1.0, random_state=rng.randrange(2**32), ignore_index=True))


@kind("evidence-integrity")
def evidence_rows_twice(store: Store, rng: Random) -> None:
    store.rewrite_evidence(lambda table: pd.concat([table, table.iloc[[rng.randrange(len(table))]]], ignore_index=True))


def flipped(table: pd.DataFrame, rng: Random, n: int) -> pd.DataFrame:
    rows = rng.sample(range(len(table)), n)
    table.loc[rows, "outcome"] = (1 - table.loc[rows, "outcome"]).astype(table["outcome"].dtype)
    return table


@kind("figures")
def a_label_flipped(store: Store, rng: Random) -> None:
    store.rewrite_evidence(lambda table: flipped(table, rng, 1))


@kind("figures")
def a_group_changed(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        column = rng.choice([name for name in table if name.startswith("group.")])
        rows = rng.sample(range(len(table)), 20)
        known = sorted(table[column].unique())
        for row in rows:
            table.loc[row, column] = rng.choice([group for group in known if group != table.loc[row, column]])
        return table

    store.rewrite_evidence(change)


@kind("evidence-integrity")
def a_child_put_on_the_list(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        fold = table["fold"] == rng.randrange(table["fold"].nunique())
        missed = table[fold & (table["flag.candidate"] == 0) & (table["outcome"] == 1)]
        listed = table[fold & (table["flag.candidate"] == 1) & (table["outcome"] == 0)]
        table.loc[rng.choice(list(missed.nsmallest(50, "score.candidate").index)), "flag.candidate"] = 1.0
        if rng.random() < 0.5:
            table.loc[rng.choice(list(listed.index)), "flag.candidate"] = 0.0
        return table

    store.rewrite_evidence(change)


@kind("evidence-integrity")
def a_score_changed(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[rng.randrange(len(table)), "score.candidate"] += 10 ** rng.uniform(-4, 0)
        return table

    store.rewrite_evidence(change)


@kind("evidence-integrity")
def a_child_moved_to_another_fold_or_school(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        row = rng.randrange(len(table))
        table.loc[row, "fold"] = (table.loc[row, "fold"] + 1) % 3
        return table

    store.rewrite_evidence(change)


@kind("figures")
def the_rows_set_aside_inside_the_evidence(store: Store, rng: Random) -> None:
    table, excluded = read_evidence(store.evidence.read_bytes())
    fewer = excluded.iloc[: len(excluded) // rng.randrange(2, 5)]
    store.evidence.write_bytes(evidence_bytes(table, fewer))
    store.rewrite_hash("evidence_sha256", sha256_of(store.evidence.read_bytes()))


# What only a signature finds: see KEYED.


@kind("signature")
def the_whole_version_made_anew_from_other_labels(store: Store, rng: Random) -> None:
    store.remake(lambda table: flipped(table, rng, rng.randrange(1, 40)))


@kind("signature")
def the_whole_version_made_anew_from_other_groups(store: Store, rng: Random) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        column = rng.choice([name for name in table if name.startswith("group.")])
        values = table[column].to_numpy(object)
        i, j = rng.sample(range(len(values)), 2)
        values[i], values[j] = values[j], values[i]
        first = np.flatnonzero(values != values[0])[0]
        values[first] = values[0]
        return table.assign(**{column: values})

    store.remake(change)


@kind("signature")
def the_signature_taken_away(store: Store, rng: Random) -> None:
    (store.bundle / "signature.json").unlink()
    if rng.random() < 0.5:
        store.rewrite_hash("signed_by", "nobody")


@kind("signature")
def the_signature_of_another_version(store: Store, rng: Random) -> None:
    shutil.copy(store.of(2).bundle / "signature.json", store.bundle)
    store.rehash()
