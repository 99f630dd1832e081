"""Select the children of a screened table: places are shared among all, and only those selected are looked at again."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from send_screen.batches._facts import BatchFacts
from send_screen.batches._run import ScreenedPieces
from send_screen.batches._scan import id_hashes
from send_screen.batches._step import ROW
from send_screen.cohorts import Cohort
from send_screen.cohorts._drop_rows import OTHER_YEAR
from send_screen.screening import Capacity, ChildRecord, ReviewSample, Selection, draw_review_sample, review_key
from send_screen.screening._capacity import margin_size
from send_screen.screening._scored import SelectionStability, score_cohort, unusual_banners, value_notes
from send_screen.screening._selection import no_schools_error
from send_screen.screening._unlike_training import unlike_training
from send_screen.specs import ColumnRef, Group
from send_screen.tables import percent, tie_break_key
from send_screen.tables._top_k import top_k_threshold


@dataclass(frozen=True)
class _Everyone:
    """The children of a table who were screened: what places are shared by."""

    score: np.ndarray
    school: np.ndarray
    """Number of the school, shape (n,); 0 where there is one list for all."""
    order: np.ndarray
    """Positions by list, and within it from the highest score."""
    starts: np.ndarray
    """Where each list begins in ``order``, and its end."""


@dataclass(frozen=True)
class BatchSelection(Selection):
    """Whom a version selects of a table that was screened in batches; ``cohort`` holds those selected alone."""

    screened: ScreenedPieces
    of_all: tuple[np.ndarray, SelectionStability | None]
    """Of the children in ``cohort``, what needs everybody: others with the same score, and the stability."""

    @property
    def facts(self) -> BatchFacts:
        """What the batches told of the table."""
        return self.screened.facts

    @property
    def n_screened(self) -> int:
        """The number of children among whom these were selected."""
        return self.facts.n_rows - self.facts.n_repeats - len(self.cohort.excluded)

    @property
    def as_of(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day as of which the children are known; None without any."""
        ends = self.facts.as_of
        return (dt.date.fromisoformat(ends[0]), dt.date.fromisoformat(ends[1])) if ends else None

    @property
    def banners(self) -> tuple[str, ...]:
        """Warnings on features that are unusual among the children."""
        facts, bundle, names = self.facts, self.bundle, self.bundle.tables.features
        types = self.scored.X.dtypes
        sample = pd.DataFrame({name: pd.Series(facts.sample.get(name, []), dtype=types[name]) for name in names})
        unlike = unlike_training(self.scored.features, bundle.tables, sample, bundle.contracts)
        beyond = [facts.out_of_range[name] + facts.unknown_level[name] for name in names]
        missing = [facts.missing[name] for name in names]
        not_read = tuple(f"Not read, so nobody in it is on this list: {piece}" for piece in self.set_aside)
        return not_read + unlike + unusual_banners(self.scored.features, self.n_screened, beyond, missing)

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Files, or pieces of one, that cannot be read, and why."""
        return self.screened.set_aside

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was interpreted, and which values were clipped."""
        names = self.bundle.tables.features
        clipped = [self.facts.out_of_range[name] for name in names]
        unknown = [self.facts.unknown_level[name] for name in names]
        return (*self.cohort.notes, *value_notes(self.scored.features, clipped, unknown))

    def n_in_groups(self, group: Group) -> Counter[str]:
        """Return how many of the children are in each group."""
        return Counter(self.facts.groups.get(group.name, {}))

    def not_selected(self) -> Iterator[tuple[str, ChildRecord]]:
        """Yield what was made of the children who were not selected; the values are not kept."""
        selected = set(self.cohort.ids)
        for part in _parts(self.screened, "child_id", "row", "score", "school", "kind"):
            columns = (part.column(name).to_pylist() for name in ("child_id", "row", "score", "school"))
            for child_id, row, score, school in zip(*columns, strict=True):
                if child_id not in selected:
                    who = ChildRecord(kind="not_listed", row=row, name="", class_name="", school=school)
                    yield child_id, who.model_copy(update={"score": score, "percent": percent(score)})

    @cached_property
    def same_score(self) -> np.ndarray:
        """How many others of the same list have each child's score, shape (n,)."""
        return self.of_all[0]

    @cached_property
    def stability(self) -> SelectionStability | None:
        """Uncertainty of each child's score and selection; None where the version has no bagged ensemble."""
        return self.of_all[1]


def select_in_pieces(screened: ScreenedPieces, *, capacity: Capacity | None, per_school: bool) -> BatchSelection:
    """Return the same selection as :func:`send_screen.screening.select_children`, with the selected children alone."""
    bundle = screened.step.bundle
    capacity = capacity or Capacity(share=bundle.spec.capacity)
    everyone = _everyone(screened, per_school=per_school)
    listed, margin = _listed_and_margin(screened, everyone, capacity)
    review = _review_sample(screened, everyone, listed, per_school=per_school)
    margin = margin[~np.isin(margin, review.drawn)]
    chosen = np.concatenate([listed, margin, review.drawn])
    rows = _column(screened, "row")[chosen].astype(np.int64)
    cohort = _cohort_of(screened, chosen, rows)
    position = pd.Series(np.arange(len(cohort)), index=cohort.show["row"].to_numpy(dtype=np.int64))[rows].to_numpy()
    at, n_listed = position, len(listed)
    order = np.empty(len(chosen), dtype=np.int64)
    order[at] = chosen  # of each child in the cohort, the position among everyone
    probability = np.full(len(cohort), np.nan)
    if len(review.drawn):
        probability = review.probability[order]
    scored = score_cohort(bundle, cohort)
    if not np.array_equal(scored.score, everyone.score[order]):
        raise AssertionError("A child's score differs from that in its batch.")
    return BatchSelection(
        bundle=bundle,
        cohort=cohort,
        capacity=capacity,
        per_school=per_school,
        scored=scored,
        listed=at[:n_listed],
        margin=at[n_listed : n_listed + len(margin)],
        review=ReviewSample(at[n_listed + len(margin) :], probability),
        screened=screened,
        of_all=(_n_same(everyone, order), _stability(screened, everyone, order, capacity)),
    )


def _column(screened: ScreenedPieces, name: str) -> np.ndarray:
    """Return a column of the children who were screened."""
    return np.concatenate([np.zeros(0), *(part.column(name).to_numpy() for part in _parts(screened, name))])


def _parts(screened: ScreenedPieces, *names: str) -> Iterator[pa.Table]:
    for path, _ in screened.parts:
        yield pq.read_table(path, columns=list(names), filters=pc.field("kind").is_null())


def _everyone(screened: ScreenedPieces, *, per_school: bool) -> _Everyone:
    score = _column(screened, "score")
    school = np.zeros(len(score), dtype=np.int64)
    if per_school and len(score):
        names = pa.concat_arrays(
            [part.column("school").cast(pa.string()).combine_chunks() for part in _parts(screened, "school")]
        ).dictionary_encode()
        if names.dictionary.to_pylist() == [""]:
            raise no_schools_error(screened.step.bundle.spec)
        school = names.indices.to_numpy().astype(np.int64)
    order = np.lexsort((-score, school))
    starts = np.flatnonzero(np.r_[True, np.diff(school[order]) > 0, True]) if len(score) else np.zeros(1, np.int64)
    return _Everyone(score, school, order, starts)


def _lists(everyone: _Everyone) -> Iterator[np.ndarray]:
    """Yield the positions of the children of each list, from the highest score."""
    for start, stop in zip(everyone.starts[:-1], everyone.starts[1:], strict=True):
        yield everyone.order[start:stop]


def _listed_and_margin(
    screened: ScreenedPieces, everyone: _Everyone, capacity: Capacity
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the listed children and of those just below, each from the highest score."""
    near: list[np.ndarray] = []
    sizes: list[int] = []
    for block in _lists(everyone):
        k = capacity.of(len(block))
        last = min(k + margin_size(k), len(block))
        # whoever has the same score as the last one could be in her place
        n = int(np.searchsorted(-everyone.score[block], -everyone.score[block[last - 1]], side="right"))
        near.append(block[:n])
        sizes.append(k)
    candidates = np.concatenate([np.zeros(0, dtype=np.int64), *near])
    key = np.zeros(len(everyone.score), dtype=np.uint64)
    key[candidates] = tie_break_key(_ids(screened, candidates).tolist())

    def in_order(positions: np.ndarray) -> np.ndarray:
        return positions[np.lexsort((key[positions], -everyone.score[positions]))]

    listed, margin = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for block, k in zip(near, sizes, strict=True):
        ranked = in_order(block)
        listed.append(ranked[:k])
        margin.append(ranked[k : k + margin_size(k)])
    return in_order(np.concatenate(listed)), in_order(np.concatenate(margin))


def _ids(screened: ScreenedPieces, positions: np.ndarray) -> np.ndarray:
    """Return the identifiers of some of the children."""
    ids = np.empty(len(positions), dtype=object)
    first = 0
    for part in _parts(screened, "child_id"):
        here = np.flatnonzero((positions >= first) & (positions < first + len(part)))
        ids[here] = part.column("child_id").take(pa.array(positions[here] - first)).to_pylist()
        first += len(part)
    return ids


def _review_sample(
    screened: ScreenedPieces, everyone: _Everyone, listed: np.ndarray, *, per_school: bool
) -> ReviewSample:
    """Return the review sample where the spec asks for one; the identifiers of all children are then in memory."""
    bundle = screened.step.bundle
    if bundle.spec.review_sample is None:
        return ReviewSample(np.zeros(0, dtype=np.int64), np.zeros(0))
    ids = pd.Series(_ids(screened, np.arange(len(everyone.score))), dtype=object)
    schools = [part.column("school").cast(pa.string()).to_pylist() for part in _parts(screened, "school")]
    names = pd.Series([name for of_part in schools for name in of_part], dtype=object)
    key = review_key(bundle.manifest_sha256, ids, everyone.score)
    return draw_review_sample(
        ids, listed, size=bundle.spec.review_sample, key=key, school=names if per_school else None
    )


def _n_same(everyone: _Everyone, positions: np.ndarray) -> np.ndarray:
    """Return how many others of the same list have the score of each child."""
    same = np.zeros(len(positions), dtype=np.int64)
    number = {int(everyone.school[block[0]]): block for block in _lists(everyone)} if len(everyone.score) else {}
    schools = everyone.school[positions]
    for school in np.unique(schools):
        here = np.flatnonzero(schools == school)
        falling = -everyone.score[number[int(school)]]
        wanted = -everyone.score[positions[here]]
        same[here] = np.searchsorted(falling, wanted, "right") - np.searchsorted(falling, wanted, "left") - 1
    return same


def _stability(
    screened: ScreenedPieces, everyone: _Everyone, positions: np.ndarray, capacity: Capacity
) -> SelectionStability | None:
    """Return the stability of some of the children, with the thresholds of each bag among all."""
    bags = screened.step.bundle.bags
    if bags is None:
        return None
    score = everyone.score[positions]
    schools = everyone.school[positions]
    of_bags, margins = [], []
    for name in ("score", *screened.step.bag_columns):
        scores = _column(screened, name)
        lines = {
            int(everyone.school[block[0]]): float(top_k_threshold(scores[block], k))
            for block in _lists(everyone)
            if 0 < (k := capacity.of(len(block))) < len(block)
        }
        of_bags.append(scores[positions])
        margins.append(scores[positions] - np.array([lines.get(int(school), np.nan) for school in schools]))
    bag_scores = np.array(of_bags[1:]).reshape(len(of_bags) - 1, len(positions))
    probability = bags.probability_above(margins[0], np.array(margins[1:]).reshape(bag_scores.shape))
    n_of = {int(everyone.school[block[0]]): len(block) for block in _lists(everyone)}
    full = np.array([float(capacity.of(n_of[int(school)]) > 0) for school in schools])
    probability = np.where(np.isnan(margins[0]), full, probability)
    return SelectionStability(*bags.prediction_interval(score, bag_scores), probability)


def _cohort_of(screened: ScreenedPieces, chosen: np.ndarray, rows: np.ndarray) -> Cohort:
    """Return chosen children (their positions among all, and their rows) as a cohort, with all excluded rows."""
    step, names = screened.step, screened.columns.names
    found: list[pa.RecordBatch] = []
    excluded: list[pd.DataFrame] = []
    first = 0
    for path, piece in screened.parts:
        part = pq.read_table(path)
        is_screened = pc.is_null(part.column("kind")).to_numpy()
        here = rows[(chosen >= first) & (chosen < first + is_screened.sum())]
        first += int(is_screened.sum())
        excluded.append(part.filter(pa.array(~is_screened)).to_pandas())
        if not len(here):
            continue
        if piece is not None:
            batches = (batch.filter(pc.is_in(batch.column(ROW), pa.array(here))) for batch in piece.batches(names))
        else:
            ids = part.filter(pc.is_in(part.column("row"), pa.array(here))).column("child_id").combine_chunks()
            hashes = id_hashes(ids, step.id_column)
            batches = (_of_children(screened, file, hashes) for file in screened.several)
        found += [batch for batch in batches if batch.num_rows]
    if not found:  # nobody was selected: a cohort of none of some rows
        piece = next(piece for _, piece in screened.parts if piece is not None)
        found = [next(piece.batches(names)).slice(0, 1)]
    schema = found[0].schema
    together = pa.Table.from_batches([batch.cast(schema) for batch in found]).sort_by(ROW).combine_chunks()
    cohort = step.cohort(together.to_batches()[0], file=screened.file)
    if not len(rows):
        cohort = cohort.take(np.zeros(0, dtype=np.int64))
    return replace(
        cohort,
        excluded=_excluded_rows(pd.concat(excluded, ignore_index=True), screened.file),
        notes=screened.notes,
        synthetic=screened.facts.n_synthetic > 0 and screened.facts.n_real == 0,
    )


def _of_children(screened: ScreenedPieces, file: Path, hashes: np.ndarray) -> pa.RecordBatch:
    """Return the rows in a file that are of some children."""
    batch = pq.read_table(file).combine_chunks().to_batches()[0]
    ids = id_hashes(batch.column(screened.step.position_of_id), screened.step.id_column)
    return batch.filter(pa.array(np.isin(ids, hashes)))


def _excluded_rows(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return excluded rows as those of a cohort, by row."""
    of_text = {text: frozenset(map(_ref, str(text).split())) for text in table["columns"].unique()}
    columns = [of_text[text] for text in table["columns"]]
    texts = {name: table[name].astype(object).where(table[name].notna(), None) for name in table if name != "row"}
    excluded = pd.DataFrame({"row": table["row"], **texts})
    excluded = excluded.assign(columns=pd.Series(columns, dtype=object), file=file)
    unused = ["score", "facts", *(name for name in table if str(name).startswith("bag."))]
    # records of other years last, as in a table that is read at once
    excluded = excluded.assign(last=excluded["rule"] == OTHER_YEAR).sort_values(["last", "row"], ignore_index=True)
    return excluded.drop(columns=[*unused, "last"])


def _ref(text: str) -> ColumnRef:
    contract, _, column = text.rpartition(".")
    return ColumnRef(contract, column)
