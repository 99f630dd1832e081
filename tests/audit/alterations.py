"""Alterations of a store, of named kinds, each with the checks of which one at least must find it.

Each is drawn by a seeded generator: another file, number, row or tag for another seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from audit_store import Store
from folder_hashes import folder_sha256, write_manifest
from ledger_edits import read_rows, without_triggers, write_rows

from send_screen.auditing._check_published import MODEL_SECTIONS

Alteration = Callable[[Store, Random], None]
#: Kind -> what it does, and the checks of which at least one must fail.
KINDS: dict[str, tuple[Alteration, frozenset[str]]] = {}


def kind(*checks: str) -> Callable[[Alteration], Alteration]:
    def register(alteration: Alteration) -> Alteration:
        KINDS[alteration.__name__.replace("_", " ")] = alteration, frozenset(checks)
        return alteration

    return register


def one_byte(path: Path, rng: Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(7)
    path.write_bytes(content)


def files_of(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


def other_digit(text: str, rng: Random, *, within: str = r"\d") -> str:
    """Return a text with one digit, inside something that matches, another one."""
    spots = [place for match in re.finditer(within, text) for place in range(*match.span()) if text[place].isdigit()]
    place = rng.choice(spots)
    return text[:place] + rng.choice([d for d in "123456789" if d != text[place]]) + text[place + 1 :]


def numbers_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of all floats in a document."""
    if isinstance(value, dict):
        return [place for key, each in value.items() for place in numbers_in(each, (*path, key))]
    if isinstance(value, list):
        return [place for key, each in enumerate(value) for place in numbers_in(each, (*path, key))]
    return [path] if isinstance(value, float) else []


#: The first digits of a number by which children are scored.
VALUES = r'"(?:log_odds|slope|missing|mean|intercept)": -?\d\.\d{4}'


def nudge(document: Any, sections: tuple[str, ...], rng: Random) -> None:
    """Change one number of a document a little."""
    *way, last = rng.choice(numbers_in({name: document[name] for name in sections}))
    part = document
    for key in way:
        part = part[key]
    part[last] = part[last] * (1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-5, -1)) + 1e-4


# Bytes of files.


@kind("files", "copies", "plots", "manifest", "decisions", "consistency")
def a_byte_of_a_file_of_the_run(store: Store, rng: Random) -> None:
    one_byte(rng.choice(files_of(store.run)), rng)


@kind("served", "copies")
def a_byte_of_a_file_of_the_served_model(store: Store, rng: Random) -> None:
    one_byte(rng.choice(files_of(store.model)), rng)


@kind("evidence")
def a_byte_of_the_evidence(store: Store, rng: Random) -> None:
    one_byte(store.evidence, rng)


@kind("plots")
def a_number_in_a_picture(store: Store, rng: Random) -> None:
    path = rng.choice(files_of(store.run / "plots"))
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=r">[^<]*\d[^<]*<"), encoding="utf-8")


@kind("copies")
def a_number_on_the_page_that_MLflow_shows(store: Store, rng: Random) -> None:
    path = store.run / rng.choice(["report.html", "card.html", "scorecard.html"])
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=r">[^<]*\d[^<]*<"), encoding="utf-8", newline="\n")


@kind("files", "copies")
def a_stray_file(store: Store, rng: Random) -> None:
    folder = rng.choice([store.bundle, store.run, store.run / "plots", store.model, store.model / "artifacts/bundle"])
    (folder / rng.choice(["notes.txt", "model.pkl", "hook.py", "card2.html"])).write_bytes(b"something")


@kind("files", "copies")
def a_link_in_place_of_a_file(store: Store, rng: Random) -> None:
    path = rng.choice([path for path in files_of(store.run) if path.name != "manifest.json"])
    original = path.rename(store.folder / "elsewhere")
    path.symlink_to(original)


@kind("files", "copies", "manifest", "plots", "decisions", "served")
def a_file_taken_away(store: Store, rng: Random) -> None:
    rng.choice([path for path in files_of(store.run) if path.name != "signature.json"]).unlink()


# The version's folder, with the hashes made anew.


@kind("manifest")
def the_tables_with_the_manifest_made_anew(store: Store, rng: Random) -> None:
    path = store.bundle / "tables.json"
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=VALUES), encoding="utf-8")
    store.rehash(tags=False)


@kind("tables", "model-sections", "consistency")
def the_tables_with_every_hash_made_anew(store: Store, rng: Random) -> None:
    path = store.bundle / "tables.json"
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=VALUES), encoding="utf-8")
    store.rehash()


@kind("metadata", "consistency")
def the_bags_with_every_hash_made_anew(store: Store, rng: Random) -> None:
    path = store.bundle / "bags.json"
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=VALUES), encoding="utf-8")
    store.rehash()


@kind("pages")
def a_number_on_a_page_with_every_hash_made_anew(store: Store, rng: Random) -> None:
    path = store.bundle / rng.choice(["report.html", "card.html", "scorecard.html", "card.md"])
    within = r"\d" if path.suffix == ".md" else r">[^<]*\d[^<]*<"
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=within), encoding="utf-8", newline="\n")
    store.rehash()


@kind("figures")
def a_figure_with_everything_made_anew(store: Store, rng: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        nudge(document, tuple(name for name in document if name not in (*MODEL_SECTIONS, "version", "format")), rng)

    store.republish(change)


@kind("figures")
def a_verdict_with_everything_made_anew(store: Store, rng: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        gap, other = rng.choice(document["gaps"]), rng.choice(document["gaps"])
        while gap["description"] == other["description"]:
            other = rng.choice(document["gaps"])
        gap["description"] = other["description"]  # what is said of another group
        if rng.random() < 0.5:
            gap["verdict"] = next(row["verdict"] for row in document["gaps"] if row["verdict"] != gap["verdict"])

    store.republish(change)


@kind("figures")
def the_rows_set_aside_with_everything_made_anew(store: Store, rng: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        rows = document["cohort"]["excluded"]
        row = rng.choice(rows)
        if rng.random() < 0.5:
            rows.remove(row)
        else:
            row["n"] = (row["n"] or 0) + rng.randrange(10, 99)

    store.republish(change)


@kind("model-sections")
def a_point_of_the_card_with_everything_made_anew(store: Store, rng: Random) -> None:
    store.republish(lambda document: nudge(document, (rng.choice(["shapes", "example"]),), rng))


@kind("metadata")
def what_it_says_of_itself_with_everything_made_anew(store: Store, rng: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        name = rng.choice(
            ["intended_use", "population", "capacity", "never_looks_at", "review_date", "baseline_description"]
        )
        value = document["version"][name]
        document["version"][name] = value * 2 if isinstance(value, float) else value[:-1]

    store.republish(change)


@kind("gate-results")
def a_gate_with_everything_made_anew(store: Store, rng: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        gate = rng.choice(document["version"]["gates"])
        gate["measured"] += rng.uniform(0.01, 0.2)

    store.republish(change)


@kind("identity", "consistency", "metadata")
def the_spec_with_every_hash_made_anew(store: Store, rng: Random) -> None:
    path = store.bundle / "spec.yaml"
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=r"(at_least|capacity): [\d.]+"), encoding="utf-8")
    store.rehash()


@kind("identity", "consistency", "metadata")
def a_contract_with_every_hash_made_anew(store: Store, rng: Random) -> None:
    path = rng.choice(files_of(store.bundle / "contracts"))
    text = path.read_text("utf-8")
    path.write_text(text + rng.choice(["\n", "# reviewed\n", "# 2027\n"]), encoding="utf-8", newline="\n")
    store.rehash()


# The served model.


@kind("copies")
def the_served_model_alone_with_its_hashes_made_anew(store: Store, rng: Random) -> None:
    folder = store.model / "artifacts" / "bundle"
    path = folder / rng.choice(["tables.json", "published.json"])
    path.write_text(other_digit(path.read_text("utf-8"), rng, within=r"\d\.\d+"), encoding="utf-8")
    write_manifest(folder, version=store.version_id)
    store.rewrite_hash("model_sha256", folder_sha256(store.model))


@kind("served", "examples")
def what_is_run_to_serve_it_with_its_hash_made_anew(store: Store, rng: Random) -> None:
    changes = {
        "served.py": ("import mlflow", "import mlflow  # and more"),
        "MLmodel": ("loader_module: mlflow.pyfunc.loaders.code_model", "loader_module: mlflow.sklearn"),
        "requirements.txt": ("send-screen==", "send-screeen=="),
        "conda.yaml": ("mlflow==", "mlfl0w=="),
        "input_example.json": ("Invented 1", "Zaphod"),
    }
    name = rng.choice(sorted(changes))
    path = store.model / name
    path.write_text(path.read_text("utf-8").replace(*changes[name]), encoding="utf-8", newline="\n")
    store.rewrite_hash("model_sha256", folder_sha256(store.model))


# The database.


@kind("metrics")
def a_metric_in_the_database(store: Store, rng: Random) -> None:
    table, name, value, whose = rng.choice(
        [
            ("latest_metrics", "key", "value", "run_uuid"),
            ("metrics", "key", "value", "run_uuid"),
            ("logged_model_metrics", "metric_name", "metric_value", "run_id"),
        ]
    )
    with store.database() as connection:
        rows = connection.execute(f"select {name} from {table} where {whose} = ?", (store.run_id,)).fetchall()
    figure = rng.choice(sorted(row[0] for row in rows))
    change = f"update {table} set {value} = {value} + ? where {name} = ? and {whose} = ?"
    store.execute(change, 10 ** rng.uniform(-6, -1), figure, store.run_id)


@kind("metrics")
def a_metric_logged_again(store: Store, rng: Random) -> None:
    from mlflow import MlflowClient

    MlflowClient(store.uri, store.uri).log_metric(store.run_id, rng.choice(["roc_auc", "new_figure"]), rng.random())


@kind("params")
def a_parameter_in_the_database(store: Store, rng: Random) -> None:
    key = rng.choice(["spec", "model", "capacity", "folds", "fold_seeds", "held_out_schools", "challengers"])
    if rng.random() < 0.5:
        store.execute("update params set value = value || '1' where key = ? and run_uuid = ?", key, store.run_id)
    else:
        change = "update logged_model_params set param_value = '7' where param_key = ? and model_id = ?"
        store.execute(change, key, store.model_id)


@kind("tags", "manifest", "evidence", "served", "identity", "signature")
def a_tag_of_the_run(store: Store, rng: Random) -> None:
    with store.database() as connection:
        rows = connection.execute(
            "select key from tags where run_uuid = ? and key not like 'mlflow.%' and key != 'evidence_location'",
            (store.run_id,),
        ).fetchall()
    key = rng.choice(sorted(row[0] for row in rows))
    store.execute("update tags set value = value || 'x' where key = ? and run_uuid = ?", key, store.run_id)


@kind("tags", "manifest", "evidence", "served", "signature")
def a_hash_in_the_tags_of_run_and_version(store: Store, rng: Random) -> None:
    name = rng.choice(sorted(store.hashes))
    store.rewrite_hash(name, other_digit(store.hashes[name], rng))


@kind("tags", "manifest", "evidence", "served", "identity", "decisions")
def a_tag_of_the_registered_version(store: Store, rng: Random) -> None:
    with store.database() as connection:
        rows = connection.execute("select key from model_version_tags where version = ?", (store.number,)).fetchall()
    key = rng.choice(sorted(row[0] for row in rows))
    if rng.random() < 0.3:
        store.execute("delete from model_version_tags where key = ? and version = ?", key, store.number)
    else:
        change = "update model_version_tags set value = value || 'x' where key = ? and version = ?"
        store.execute(change, key, store.number)


# Two versions.


@kind("manifest")
def the_files_of_two_versions_exchanged(store: Store, rng: Random) -> None:
    one, other = store.run, store.of(2).run
    aside = one.rename(store.folder / "aside")
    other.rename(one)
    aside.rename(other)


@kind("run", "tags", "manifest")
def the_runs_of_two_versions_exchanged(store: Store, rng: Random) -> None:
    first, second = store.run_id, store.of(2).run_id
    store.execute("update model_versions set run_id = ? where version = 1", second)
    store.execute("update model_versions set run_id = ? where version = 2", first)


@kind("run", "copies", "served")
def another_model_served_under_this_number(store: Store, rng: Random) -> None:
    source = f"models:/{store.of(2).model_id}"
    store.execute("update model_versions set source = ? where version = ?", source, store.number)


# Decisions.


@kind("aliases")
def an_alias_moved_without_the_ledger(store: Store, rng: Random) -> None:
    alias = rng.choice(["champion", "candidate", "shadow"])
    if rng.random() < 0.3:
        store.execute("delete from registered_model_aliases where alias = ?", alias)
    else:
        store.execute("update registered_model_aliases set version = 3 - version where alias = ?", alias)


@kind("ledger")
def a_ledger_entry_altered(store: Store, rng: Random) -> None:
    rows = read_rows(store.ledger)
    place = rng.randrange(len(rows))
    entry = json.loads(rows[place])
    entry[rng.choice(["by", "reason", "when", "manifest_sha256"])] += "."
    rows[place] = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    write_rows(store.ledger, rows)


@kind("ledger")
def a_ledger_entry_removed(store: Store, rng: Random) -> None:
    rows = read_rows(store.ledger)
    numbers = list(range(1, len(rows) + 1))
    place = rng.randrange(len(rows))
    del rows[place], numbers[place]
    write_rows(store.ledger, rows, numbers=numbers)


@kind("ledger")
def two_ledger_entries_exchanged(store: Store, rng: Random) -> None:
    rows = read_rows(store.ledger)
    i, j = rng.sample(range(len(rows)), 2)
    rows[i], rows[j] = rows[j], rows[i]
    write_rows(store.ledger, rows)


@kind("ledger")
def records_of_a_child_added_to_a_decision(store: Store, rng: Random) -> None:
    with without_triggers(store.ledger) as connection:
        number = 1 + rng.randrange(len(read_rows(store.ledger)))
        connection.execute("insert into child_records values (?, ?, ?)", (number, rng.randbytes(16).hex(), b"x"))


@kind("decisions")
def what_is_shown_of_the_decisions(store: Store, rng: Random) -> None:
    if rng.random() < 0.5:
        path = store.run / "decisions.md"
        path.write_text(path.read_text("utf-8").replace("Agreed", "Agreed at once"), encoding="utf-8")
    else:
        change = "update model_versions set description = 'It is fair. ' || description where version = ?"
        store.execute(change, store.number)
