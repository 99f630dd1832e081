"""An intruder who wants to know the counts that are not published: every number that is, and linear programming.

Nothing here is shared with the code that withholds. The cells are every combination of the groups of attributes that
any version crosses, times outcome and list (attributes that are never crossed can be distributed over each other as one
likes, so that a table of all of them would tell no more). Each published number is a linear statement about the cells.
"""

import re
from functools import partial
from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
from scipy.linalg import qr
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

SECONDS = 120  # for one mixed-integer programme: one that takes longer is a failure, not an answer
TP, FN, FP, TN = range(4)
KINDS = {
    "n": [TP, FN, FP, TN],
    "with": [TP, FN],
    "without": [FP, TN],
    "listed": [TP, FP],
    "tp": [TP],
    "fn": [FN],
    "fp": [FP],
    "tn": [TN],
}
RATE_COUNTS = {
    "prevalence": ("with", "n"),
    "selection_rate": ("listed", "n"),
    "recall": ("tp", "with"),
    "false_negative_rate": ("fn", "with"),
    "specificity": ("tn", "without"),
    "false_positive_rate": ("fp", "without"),
    "precision": ("tp", "listed"),
    "calibration_slope": (None, "n"),
    "roc_auc": (None, "n"),
    "average_precision": (None, "n"),
    "calibration_intercept": (None, "n"),
}

#: Every number of a published report that the attack reads, by its path (counts of the model by way of ``tables``).
READ = {
    *("cohort.n", "cohort.n_outcome", "cohort.prevalence"),
    *("performance.value", "performance.n", "differences.n"),
    *("groups.value", "groups.n", "groups.schools", "groups.rounded_to"),
    *("gaps.value", "gaps.n", "gaps.tolerance"),
    *("attribution.n", "attribution.schools"),
    *("calibration.n", "calibration.observed_percent"),
    *(f"disclosure.prior_releases.counts.{count}" for count in ("n", "with_outcome", "between")),
    *("shapes.points.n", "shapes.n_missing", "interactions.cells.n"),
}
#: The numbers that it does not, and why they are no linear statement about the cells.
NOT_READ = {
    "cohort.excluded.n": "children who are in no cell; test_counts_of_excluded_rows_are_not_revealed_by_their_sum",
    "cohort.n_schools": "no children",
    "disclosure.prior_releases.n": "all children of an earlier version: its cohort.n",
    **dict.fromkeys(("calibration.bin", "calibration.min_risk_percent", "calibration.predicted_percent"), "scores"),
    **{
        f"{section}.{end}": "an interval: asserted to be absent where its figure is suppressed"
        for section in ("performance", "differences", "groups", "gaps", "attribution", "calibration")
        for end in ("low", "high")
    },
    **dict.fromkeys(("gaps.critical_difference", "gaps.required_n", "gaps.required_schools"), "as an interval"),
    **dict.fromkeys(("points.n", "points.mean_error"), "all children, and scores"),
    "points.same_list": "of two lists; withheld where fewer than ten children differ: test_evaluation_points.py",
    "differences.value": "of two models' lists: each list's figures are read by themselves",
    "net_benefit.threshold_probability": "stated, not counted",
    **dict.fromkeys(
        (f"net_benefit.{figure}" for figure in ("value", "low", "high", "rounded_to", "n")),
        "rounded so that who knows every other count is left five numbers: test_evaluation_decision_curve.py",
    ),
    **{
        f"attribution.{path}": "scores"
        for path in (
            "value",
            "folds",
            *(f"{of}.{v}" for of in ("features", "agencies") for v in ("value", "low", "high")),
        )
    },
    **{
        f"disclosure.prior_releases.counts.{count}": "of another list: as a version of its own"
        for count in ("true_positives", "false_positives")
    },
}
#: Sections that are made of the spec, or of the model alone.
NO_CHILDREN = ("version.", "shapes.", "interactions.", "example.", "scorecard.")


class Attack:
    """What one intruder, who reads one or more versions on the same children can work out."""

    def __init__(self, evidence, versions):
        """``versions``: a dict each with ``published``, ``evidence``, and what else is published with it."""
        combined = [one for version in versions for one in version["published"]["combined"]]
        self.combined = {(one["attribute"], one["group"]): set(one["levels"]) for one in combined}
        for one in combined:  # alike in all versions
            assert self.combined[one["attribute"], one["group"]] == set(one["levels"])
        attributes = sorted(c.removeprefix("group.") for c in evidence if c.startswith("group."))
        tables = [{name} for name in attributes] or [set()]
        told = [row for version in versions for row in version["published"]["groups"]]
        for version in versions:
            told += [row for kept in version["published"]["disclosure"]["prior_releases"] for row in kept["counts"]]
        nested = dict(_nested(evidence, attributes))
        for row in (*told, *({"attribute": " × ".join(pair)} for pair in nested)):
            parts = set(row["attribute"].split(" × "))
            tables = [t for t in tables if not t & parts] + [set().union(*(t for t in tables if t & parts))]
        self.tables, self.size = [], 0
        for names in map(sorted, tables):
            levels = [sorted(set(evidence[f"group.{name}"].astype(str))) for name in names]
            shape = tuple(map(len, levels))
            self.tables.append((names, levels, shape, self.size))
            self.size += int(np.prod(shape))
        self.versions = versions
        self.width = 4 * self.size * len(versions)
        self.equal, self.less, self.seen = [], [], []
        self.truth = np.concatenate([self._count(version["evidence"]) for version in versions])
        for place, version in enumerate(versions):
            self._read(place, version)
            for pair, empty in nested.items():
                for groups in empty:
                    self._fact(self._form(place, self._cells(" × ".join(pair), " × ".join(groups)), "n"), 0.0)
            for (table, *_), kind in product(self.tables[1:], ("tp", "fn", "fp", "tn")):
                whole, first = self._table(table), self._table(self.tables[0][0])
                self._fact(self._form(place, whole, kind) - self._form(place, first, kind), 0.0)
        self.nested = [
            (*pair, kind)
            for pair in permutations(range(len(versions)), 2)
            for kind in KINDS
            if self._compare(*pair, kind)
        ]
        self.matrices = [self._independent(self.equal), _different(self.less)]

    def _count(self, evidence):
        seeds = evidence["fold_seed"].nunique()
        y, flag = evidence["outcome"].to_numpy(float), evidence["flag.candidate"].to_numpy()
        parts = (y * flag, y * (1 - flag), (1 - y) * flag, (1 - y) * (1 - flag))
        counts = []
        for names, levels, shape, _ in self.tables:
            at = np.zeros(len(evidence), int)
            for name, known in zip(names, levels, strict=True):
                at = at * len(known) + evidence[f"group.{name}"].astype(str).map(known.index).to_numpy()
            counts.append(np.column_stack([np.bincount(at, part, int(np.prod(shape))) for part in parts]))
        return np.vstack(counts).ravel() / seeds

    def _compare(self, one, other, kind):
        """Whether all whom one version counts are counted by the other too, and more are: the intruder knows that.

        One may be trained with a larger capacity, a wider outcome, or more schools. What is the same is known to be.
        """
        sets = [_children(self.versions[place]["evidence"], kind) for place in (one, other)]
        sets = [each.reindex(sets[0].index.union(sets[1].index), fill_value=0.0).to_numpy() for each in sets]
        if (sets[0] > sets[1] + 1e-9).any():
            return False
        same = np.allclose(*sets)
        for cell in np.eye(self.size):
            more = self._form(other, cell, kind) - self._form(one, cell, kind)
            if not same:
                self.less.append((-more, 0.0))
            elif one < other:
                self._fact(more, 0.0)
        return not same

    def _more(self, one, other, kind):
        """How many more one version counts than another."""
        everyone = self._cells("", "")
        return self.truth @ (self._form(other, everyone, kind) - self._form(one, everyone, kind))

    def _table(self, names):
        """All cells of one table: all children."""
        inside = np.zeros(self.size)
        for known, _, shape, begins in self.tables:
            if known == names:
                inside[begins : begins + int(np.prod(shape))] = 1.0
        return inside

    def _form(self, place, cells, kind):
        form = np.zeros((len(self.versions), self.size, 4))
        form[place][:, KINDS[kind]] = np.asarray(cells)[:, None]
        return form.ravel()

    def _where(self, attribute):
        """The table that an attribute, or a combination, is in."""
        return next(table for table in self.tables if not attribute or attribute.split(" × ")[0] in table[0])

    def _cells(self, attribute, group):
        """The cells of a group, or of a combination of groups."""
        names, levels, shape, begins = self._where(attribute)
        chosen = np.ones(shape, bool)
        if attribute:
            for name, level in zip(attribute.split(" × "), group.split(" × "), strict=True):
                axis = names.index(name)
                inside = self.combined.get((name, level), {level})
                there = np.array([known in inside for known in levels[axis]])
                chosen = chosen & there.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        inside = np.zeros(self.size)
        inside[begins : begins + chosen.size] = chosen.ravel()
        return inside

    def _others(self, attribute, group):
        return self._table(self._where(attribute)[0]) - self._cells(attribute, group)

    def _fact(self, form, value, slack=0.0):
        if slack:
            self.less += [(form, value + slack), (-form, slack - value)]
        else:
            self.equal.append((form, value))

    def _share(self, place, cells, metric, value, n, slack):
        above, below = RATE_COUNTS[metric]
        below = self._form(place, cells, below)
        if n is not None:
            self._fact(below, n, slack)
        if value is not None and above is not None:
            self._fact(self._form(place, cells, above) - value * below, 0.0)

    def _read(self, place, version):
        published = version["published"]
        slack = 0.5 if version["evidence"]["fold_seed"].nunique() > 1 else 0.0
        everyone = self._cells("", "")
        # how long the list is follows from the capacity, and how many children there are is in the tables
        self._fact(self._form(place, everyone, "listed"), self.truth @ self._form(place, everyone, "listed"))
        self._fact(self._form(place, everyone, "n"), self.truth @ self._form(place, everyone, "n"))
        cohort = published["cohort"]
        for kind, value in (("n", cohort["n"]), ("with", cohort["n_outcome"])):
            if value is not None:
                self._fact(self._form(place, everyone, kind), value)
        self._share(place, everyone, "prevalence", cohort["prevalence"], None, slack)
        outcomes = _children(version["evidence"], "with")
        same_outcome = all(_children(each["evidence"], "with").equals(outcomes) for each in self.versions)
        for release in published["disclosure"]["prior_releases"]:
            for row in release["counts"] if same_outcome else ():  # of another they are read of the version itself
                self._prior_release(place, row)
        for row in published["calibration"]:
            if row["n"] is None:
                assert row["observed_percent"] is row["low"] is row["high"] is row["predicted_percent"] is None
        if all(row["n"] is not None for row in published["calibration"]):
            found = sum(row["n"] * row["observed_percent"] / 100 for row in published["calibration"])
            self._fact(
                self._form(place, everyone, "with"), found, 0.5 * len(published["calibration"]) if slack else 1e-6
            )
        for row in published["performance"]:
            assert row["value"] is not None or row["low"] is row["high"] is None
            if row["model"] == "candidate" and row["metric"] in RATE_COUNTS:
                self._share(place, everyone, row["metric"], row["value"], row["n"], slack)
        for row in (*published["performance"], *published["differences"]):  # of another model's list, the children only
            of = RATE_COUNTS.get(row["metric"], (None, ""))[1]
            if of in ("n", "with", "without") and row["n"] is not None:
                self._fact(self._form(place, everyone, of), row["n"], slack)
        for metric, value in version.get("metrics", {}).items():
            if metric in RATE_COUNTS:
                self._share(place, everyone, metric, value, None, slack)
            if metric == "number_needed_to_screen":
                listed, found = (self._form(place, everyone, kind) for kind in ("listed", "tp"))
                self._fact(listed - value * found, 0.0)
        for (attribute, _), levels in self.combined.items():  # each is named, so it has a child
            self.less += [(-self._form(place, self._cells(attribute, level), "n"), -1.0) for level in sorted(levels)]
        for row in published["groups"]:
            cells = self._cells(row["attribute"], row["group"])
            assert row["value"] is not None or row["low"] is row["high"] is None
            assert row["n"] is not None or row["schools"] is None
            if " × " not in row["attribute"]:
                self.less.append((-self._form(place, cells, "n"), -1.0))  # it is named, so it has a child
            if row["rounded_to"] is not None:
                assert row["n"] is row["schools"] is None
                if row["metric"] in RATE_COUNTS and RATE_COUNTS[row["metric"]][0]:
                    above, below = (self._form(place, cells, kind) for kind in RATE_COUNTS[row["metric"]])
                    half = row["rounded_to"] / 2 + 1e-9
                    self.less += [
                        (above - (row["value"] + half) * below, 0.0),
                        ((row["value"] - half) * below - above, 0.0),
                    ]
            elif row["metric"] in RATE_COUNTS:
                self._share(place, cells, row["metric"], row["value"], row["n"], slack)
        for row in published["gaps"]:
            self._gap(place, row, slack)
        for gate in published.get("version", {}).get("gates", ()):
            self._gate(place, gate)
        for row in published["attribution"]:
            assert row["n"] is not None or row["schools"] is row["value"] is row["folds"] is None
            kind = "with" if row["among"] == "children with the outcome" else "n"
            if row["n"] is not None:
                self._fact(self._form(place, self._cells(row["attribute"], row["group"]), kind), row["n"], slack)
        for attribute, groups, count in version.get("tables", ()):
            self._fact(sum(self._form(place, self._cells(attribute, group), "n") for group in groups), count)
        for attribute, group, metric, low, high in version.get("pages", ()):
            above, below = (self._form(place, self._cells(attribute, group), kind) for kind in RATE_COUNTS[metric])
            self.less += [(above - high * below, 0.0), (low * below - above, 0.0)]

    def _gate(self, place, gate):
        """The result of a gate on a withheld share bounds it; one on a difference is of another list as well."""
        if (
            gate["measured"] is not None
            or gate["gate"] not in RATE_COUNTS
            or not gate["reason"].endswith("exact figure")
        ):
            return
        above, below = (self._form(place, self._cells("", ""), kind) for kind in RATE_COUNTS[gate["gate"]])
        bounds = [part.rsplit(" ", 1) for part in gate["required"].split(" and ")]
        if gate["passed"]:
            signs = {"at least": -1, "at most": 1}
            self.less += [(signs[end] * (above - float(bound) * below), 1e-9) for end, bound in bounds]
        elif len(bounds) == 1:
            [(end, bound)] = bounds
            self.less.append(({"at least": 1, "at most": -1}[end] * (above - float(bound) * below), 1e-9))

    def _prior_release(self, place, row):
        """What a later version keeps of an earlier one, on the same children: true of any list."""
        cells = self._cells(row["attribute"], row["group"])
        for kind, count in (("n", row["n"]), ("with", row["with_outcome"])):
            if count is not None:
                self._fact(self._form(place, cells, kind), count)
        if "prevalence" in row["between"]:
            low, high = row["between"]["prevalence"]
            children, found = (self._form(place, cells, kind) for kind in ("n", "with"))
            self.less += [(found - high * children, 0.0), (low * children - found, 0.0)]

    def _gap(self, place, row, slack):
        """A gap of two rates is linear where the numbers of children that they are of are known."""
        kinds = {"false_negative_rate": ("fn", "with"), "false_positive_rate": ("fp", "without")}.get(row["metric"])
        suppressed = row["reason"].startswith("withheld")
        if suppressed:
            figures = ("value", "low", "high", "n", "critical_difference", "required_n", "required_schools")
            assert {row[figure] for figure in figures} == {None}
            assert not re.search(r"\d", row["description"]), row["description"]
        ours = self._cells(row["attribute"], row["group"])
        if row["against"] == "all others":
            theirs = self._others(row["attribute"], row["group"])
        else:
            theirs = self._cells(row["attribute"], row["against"])
        if row["n"] is not None:
            self._fact(self._form(place, ours, kinds[1] if kinds else "n"), row["n"], slack)
        if kinds is None or slack:
            return
        # the best that an intruder can hope for: he knows both numbers
        sizes = [self.truth @ self._form(place, side, kinds[1]) for side in (ours, theirs)]
        if min(sizes) == 0:
            return
        rates = [self._form(place, side, kinds[0]) / n for side, n in zip((ours, theirs), sizes, strict=True)]
        scale = min(sizes)
        gap = scale * (rates[0] - rates[1])
        if row["value"] is not None:
            self._fact(gap, scale * row["value"])
        elif suppressed and row["verdict"] == "within tolerance":
            self.less += [(gap, scale * row["tolerance"]), (-gap, scale * row["tolerance"])]
        elif suppressed and row["verdict"] == "outside tolerance":
            sign = 1 if re.search(r"[Mm]issed more|more often", row["description"]) else -1
            self.less.append((-sign * gap, -scale * row["tolerance"]))

    def _independent(self, rows):
        """As few of the equations as the others follow from: most are said twice, which adds nothing but time."""
        forms, values = (np.array(part) for part in zip(*rows, strict=True))
        assert np.allclose(forms @ self.truth, values, rtol=0, atol=1e-6), "what is published contradicts itself"
        size = np.maximum(np.abs(forms).max(axis=1), 1e-9)
        forms, values = forms / size[:, None], values / size
        _, upper, order = qr(forms.T, mode="economic", pivoting=True)
        left = np.abs(np.diag(upper))
        rank = int((left > 1e-9 * left[0]).sum())
        return csr_array(forms[order[:rank]]), values[order[:rank]]

    def targets(self):
        """Every count of 1 to 9 of a group, of all others, of a combination that is named, of any version."""
        for place, version in enumerate(self.versions):
            keys = {(row["attribute"], row["group"]) for row in version["published"]["groups"]}
            for attribute, group in list(keys):  # a table of three attributes adds up to tables of two
                parts = list(zip(attribute.split(" × "), group.split(" × "), strict=True))
                keys |= {tuple(" × ".join(side) for side in zip(*pair, strict=True)) for pair in combinations(parts, 2)}
            of_tables = (pair for names, levels, *_ in self.tables for pair in zip(names, levels, strict=True))
            keys |= {(name, level) for name, levels in of_tables for level in levels}
            for attribute, group in sorted(keys):
                inside = self._cells(attribute, group)
                sides = [("", inside)] + (
                    [("others than ", self._others(attribute, group))] if " × " not in attribute else []
                )
                for (who, cells), kind in product(sides, KINDS):
                    if kind == "listed" and self._others(attribute, group).sum() == 0:
                        continue  # the capacity tells
                    form = self._form(place, cells, kind)
                    value = self.truth @ form
                    if 1e-9 < value < 10 - 1e-9:
                        yield f"version {place + 1}: {kind} of {who}{attribute} {group} ({value:g})", form, value, 5.0

        for one, other, kind in self.nested:  # and those of the children in whom two versions differ
            for names, levels, *_ in self.tables:
                for attribute, groups in zip(names, levels, strict=True):
                    for group in groups:
                        cells = self._cells(attribute, group)
                        form = self._form(other, cells, kind) - self._form(one, cells, kind)
                        value = self.truth @ form
                        if 1e-9 < value < 10 - 1e-9:
                            words = f"{kind} of {attribute} {group}, {other + 1} less {one + 1} ({value:g})"
                            yield words, form, value, min(5.0, self._more(one, other, kind))

    def interval(self, form):
        """The least and the most that a count can be."""
        ends = []
        for sign in (1, -1):
            (a_eq, b_eq), (a_ub, b_ub) = self.matrices
            found = linprog(sign * form, A_eq=a_eq, b_eq=b_eq, A_ub=a_ub, b_ub=b_ub, bounds=(0, None), method="highs")
            if found.status == 3:  # without bound
                ends.append(-sign * np.inf)
                continue
            assert found.status == 0, found.message
            self.seen.append(found.x)
            ends.append(sign * found.fun)
        return ends

    def narrowest_union(self, form_of):
        """The set of cells with 1 to 9 children of a kind whose number is known best, to less than five; None if none.

        One mixed-integer programme looks at every set of cells of one table, and at every linear combination of what is
        published: it chooses the set together with the multipliers that bound its number from below and from above.
        """
        (equal, b), (less, most) = self.matrices
        less, most = (np.zeros((0, self.width)), np.zeros(0)) if less is None else (less.toarray(), most)
        equal = equal.toarray()
        best = (np.inf, None)
        for _names, levels, shape, begins in self.tables:
            cells = np.arange(begins, begins + int(np.prod(shape)))
            forms = np.array([form_of(np.eye(1, self.size, cell)[0]) for cell in cells])
            inside = forms @ self.truth
            free = inside < 10 - 1e-6
            if not inside[free].sum() > 1e-9:
                continue
            # which cells; multipliers of what is equal and of what is at most, for the upper and for the lower end
            k, e, u = len(cells), len(b), len(most)
            cost = np.concatenate([np.zeros(k), b, most, -b, most])
            zero_e, zero_u = np.zeros((self.width, e)), np.zeros((self.width, u))
            rules = [
                LinearConstraint(csr_array(np.hstack([-forms.T, equal.T, less.T, zero_e, zero_u])), 0, np.inf),
                LinearConstraint(csr_array(np.hstack([-forms.T, zero_e, zero_u, equal.T, -less.T])), -np.inf, 0),
                LinearConstraint(np.concatenate([inside, np.zeros(2 * (e + u))])[None], 0.05, 10 - 0.05),
                LinearConstraint(cost[None], -np.inf, min(best[0], 5 - 1e-4)),
            ]
            low = np.concatenate([np.zeros(k), np.full(e, -np.inf), np.zeros(u), np.full(e, -np.inf), np.zeros(u)])
            high = np.concatenate([free, np.full(2 * (e + u), np.inf)])
            integer = np.concatenate([np.ones(k), np.zeros(2 * (e + u))])
            solve = partial(milp, cost, integrality=integer, bounds=(low, high), constraints=rules)
            found = solve(options={"time_limit": SECONDS})
            if found.status == 4:  # infeasible or unbounded: presolve does not tell which
                found = solve(options={"time_limit": SECONDS, "presolve": False})
            if found.x is None:
                assert found.status == 2, found.message
                continue
            chosen = found.x[:k] > 0.5
            groups = [" x ".join(g) for g, c in zip(product(*levels), chosen, strict=True) if c]
            best = found.fun, (groups, chosen @ forms)
        return best[1]

    def narrowed_down(self, *, guesses=True, unions=True):
        """Every small count, of a union of cells too, that an intruder can narrow down to less than five children.

        ``guesses``: whether he knows of each that it is 1 to 9.
        """
        width = _clipped if guesses else lambda low, high, _: high - low
        found = []
        for words, form, value, enough in self.targets():
            ends = [form @ x for x in self.seen]
            if not ends or width(min(ends), max(ends), value) < enough - 1e-4:
                low, high = self.interval(form)
                assert low - 1e-4 <= value <= high + 1e-4, f"{words} is not between {low} and {high}"
                if width(low, high, value) < enough - 1e-4:
                    found.append(f"{words}: {low:.2f} to {high:.2f}")
        return found + (self.unions_narrowed_down() if unions else [])

    def unions_narrowed_down(self):
        """Every kind of which some set of cells has 1 to 9 children, and an interval narrower than five."""
        found = []
        for place, kind in product(range(len(self.versions)), KINDS):
            listed = self.truth @ self._form(place, self._cells("", ""), "listed")
            if kind == "listed" and listed < 10:
                continue  # the capacity tells
            if place and kind in ("n", "with", "without"):
                continue  # the same children
            if union := self.narrowest_union(partial(self._form, place, kind=kind)):
                found.append(f"version {place + 1}: {kind} of {' and '.join(union[0])} ({self.truth @ union[1]:g})")
        for one, other, kind in self.nested:
            if self._more(one, other, kind) < 10:
                continue  # figures of all children tell how many they are

            def more(cells, one=one, other=other, kind=kind):
                return self._form(other, cells, kind) - self._form(one, cells, kind)

            if union := self.narrowest_union(more):
                words = f"{kind} of {' and '.join(union[0])}, {other + 1} less {one + 1}"
                found.append(f"{words} ({self.truth @ union[1]:g})")
        return found


def _nested(evidence, attributes):
    """Which groups no child is in together, because one lies within another, as free meals now within ever.

    Of groups of a few it would be no rule, but knowledge of those children.
    """
    for pair in combinations(attributes, 2):
        together = pd.crosstab(*(evidence[f"group.{name}"].astype(str) for name in pair))
        empty = set()
        for turned in (False, True):
            table = together.T if turned else together
            for group, row in table.iterrows():
                if (row > 0).sum() == 1 and row.sum() >= 10:
                    beside = [(group, other) for other in row.index[row == 0] if table[other].sum() >= 10]
                    empty |= {(b, a) if turned else (a, b) for a, b in beside}
        if empty:
            yield pair, sorted(empty)


def _children(evidence, kind):
    """In which share each child, by its row, is counted (over fold seeds)."""
    y, flag = evidence["outcome"].to_numpy(float), evidence["flag.candidate"].to_numpy()
    parts = np.column_stack([y * flag, y * (1 - flag), (1 - y) * flag, (1 - y) * (1 - flag)])
    return pd.Series(parts[:, KINDS[kind]].sum(axis=1)).groupby(evidence["row"].to_numpy()).mean()


def _different(rows):
    """The inequalities, each once."""
    if not rows:
        return None, None
    once = np.unique(np.array([[*form, value] for form, value in rows]), axis=0)
    return csr_array(once[:, :-1]), once[:, -1]


def _clipped(low, high, value):
    return min(high, max(9.0, value)) - max(low, min(1.0, value))


def numbers_of_tables(terms, X, evidence):
    """Counts in the model's tables that are of the same children as groups of an attribute: attribute, groups, n.

    ``terms``: for each term where each child is, and how many are told to be there. Places that share a group are put
    together until they share none: then they hold whole groups.
    """
    revealed = []
    first = evidence[evidence["fold_seed"] == evidence["fold_seed"].iloc[0]]
    attributes = [c.removeprefix("group.") for c in evidence if c.startswith("group.")]
    for place_of, counts in terms:
        at = np.asarray(place_of(X))
        for attribute in attributes:
            group = first[f"group.{attribute}"].astype(str).to_numpy()
            together = [({place}, set(group[at == place])) for place in sorted(set(at.tolist()))]
            while pair := next(((a, b) for a, b in combinations(together, 2) if a[1] & b[1]), None):
                together = [each for each in together if each not in pair]
                together.append((pair[0][0] | pair[1][0], pair[0][1] | pair[1][1]))
            for places, names in together:
                if all(counts.get(place) is not None for place in places):
                    revealed.append((attribute, tuple(sorted(names)), sum(counts[place] for place in places)))
    return revealed
