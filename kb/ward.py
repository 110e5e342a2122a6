"""Ward's tree of points, without a table of all distances.

Pairs of groups that are nearest to each other are joined at the same time. Ward's rule is reducible, so the tree is the one that joining the cheapest
pair each time would make (Bruynooghe 1977; Müllner 2011, section 3), and only groups whose nearest was joined look for another one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 512
Numbers = NDArray[np.int64]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tree:
    """``joined[i]`` are the two nodes that became node n + i, at ``cost[i]``; nodes below n are the points themselves."""

    n: int
    joined: Numbers
    cost: Points

    def cut(self, k: int) -> Numbers:
        """Return the group of each point, shape (n,), when the joins that cost most are left out so that k groups are left; 1 <= k <= n."""
        kept = np.zeros(len(self.joined), dtype=bool)
        kept[np.argsort(self.cost, kind="stable")[: self.n - k]] = True
        up = np.arange(self.n + len(self.joined))
        for i in np.flatnonzero(kept):
            up[self.joined[i]] = self.n + i
        while not np.array_equal(up, higher := up[up]):
            up = higher
        return np.asarray(np.unique(up[: self.n], return_inverse=True)[1], dtype=np.int64)


@dataclass(slots=True)
class _Groups:
    """What is left to join: mean, size and node of each group, and its nearest other with what joining them costs."""

    mean: Points
    size: Points
    node: Numbers
    nearest: Numbers
    cost: Points
    unsure: NDArray[np.bool_]

    def look(self) -> None:
        """Find the nearest of every group that has lost its own."""
        square = np.einsum("ij,ij->i", self.mean, self.mean)
        left = np.column_stack([-2 * self.mean, np.ones(len(square), np.float32)])
        right = np.column_stack([self.mean, square])
        equal = bool((self.size == self.size[0]).all())
        looking = np.flatnonzero(self.unsure)
        for start in range(0, len(looking), BLOCK):
            rows = looking[start : start + BLOCK]
            costs = left[rows] @ right.T  # of the squared distance what depends on both, or on the other
            costs += square[rows][:, None]
            if equal:
                costs *= np.float32(0.5)
            else:
                costs *= self.size[None] / (self.size[rows][:, None] + self.size[None])
            at = np.arange(len(rows))
            costs[at, rows] = np.inf
            self.nearest[rows] = costs.argmin(axis=1)
            self.cost[rows] = np.maximum(costs[at, self.nearest[rows]], 0) * self.size[rows]

    def pairs(self) -> tuple[Numbers, Numbers]:
        """Return the groups that are nearest to each other; where rounding leaves none, the cheapest pair."""
        every = np.arange(len(self.node))
        first = np.flatnonzero((self.nearest[self.nearest] == every) & (every < self.nearest))
        if not len(first):
            first = np.array([self.cost.argmin()])
        second = self.nearest[first]
        return np.minimum(first, second), np.maximum(first, second)

    def join(self, into: Numbers, gone: Numbers, node: int) -> _Groups:
        """Return the groups after joining pairs, which become the nodes from ``node`` on."""
        both = self.size[into] + self.size[gone]
        self.mean[into] = (self.mean[into] * self.size[into][:, None] + self.mean[gone] * self.size[gone][:, None]) / both[:, None]
        self.size[into] = both
        self.node[into] = np.arange(node, node + len(into))
        changed = np.zeros(len(self.node), dtype=bool)
        changed[into] = changed[gone] = True
        unsure = changed | changed[self.nearest]
        kept = np.ones(len(self.node), dtype=bool)
        kept[gone] = False
        place = np.cumsum(kept) - 1
        return _Groups(self.mean[kept], self.size[kept], self.node[kept], place[self.nearest[kept]], self.cost[kept], unsure[kept])


def ward_tree(points: Points) -> Tree:
    """Return Ward's tree of the points, float32 of shape (n, d) with n >= 1.

    A join costs size1 size2 / (size1 + size2) times the squared distance of the two means.
    """
    n = len(points)
    groups = _Groups(points.copy(), np.ones(n, np.float32), np.arange(n), np.zeros(n, np.int64), np.zeros(n, np.float32), np.ones(n, dtype=bool))
    joined, cost, node = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1, dtype=np.float32), n
    while node < 2 * n - 1:
        groups.look()
        into, gone = groups.pairs()
        part = slice(node - n, node - n + len(into))
        joined[part] = np.column_stack([groups.node[into], groups.node[gone]])
        cost[part] = groups.cost[into]
        groups = groups.join(into, gone, node)
        node += len(into)
    return Tree(n, joined, cost)
