"""How well groups agree with labels: numbers from their contingency table alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def contingency(truth: Numbers, found: Numbers) -> Numbers:
    """Return how many items have each label and each group, shape (labels, groups)."""
    rows, columns = np.unique(truth, return_inverse=True)[1], np.unique(found, return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    return table


def nmi(table: Numbers) -> float:
    """Return normalised mutual information, by the arithmetic mean of both entropies (Vinh and others 2010); 1 where both are one group."""
    share = table / table.sum()
    by_label, by_group = share.sum(axis=1), share.sum(axis=0)
    both = share[share > 0]
    mutual = float((both * np.log(both / np.outer(by_label, by_group)[share > 0])).sum())
    mean = (_entropy(by_label) + _entropy(by_group)) / 2
    return mutual / mean if mean > 0 else 1.0


def _entropy(shares: NDArray[np.float64]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())


def ari(table: Numbers) -> float:
    """Return the adjusted Rand index (Hubert and Arabie 1985); 1 where both are the same trivial grouping."""

    def pairs(counts: Numbers) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, by_label, by_group = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    total = pairs(np.array([table.sum()]))
    expected = by_label * by_group / total if total else 0.0
    most = (by_label + by_group) / 2
    return (together - expected) / (most - expected) if most != expected else 1.0


def matched(table: Numbers) -> float:
    """Return the share of items in the group that is matched with their label, each group with one label at most (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / table.sum())
