"""Do two sets of sampled answers come from one distribution, when the reference cannot score them?

Model equality testing (MET, arXiv 2410.20247): the maximum mean discrepancy with the Hamming kernel on padded
sequences, k(x, y) = the share of positions with the same symbol, which compares the distributions position by
position. Answers to one prompt are a stratum: only answers to the same prompt are compared, and the labels
"first side" and "second side" are permuted within prompts. Under the null of equal distributions for each
prompt the permutation p-value is exact: valid for any number of permutations (Phipson & Smyth 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Answer = str | Sequence[int]
"""Characters, or token ids (not negative)."""
Strata = Sequence[Sequence[Answer]]
"""For each prompt the answers of one side."""

PADDING = -1
PERMUTATIONS = 1000


def mmd_hamming(x: Strata, y: Strata) -> float:
    """The unbiased estimate of MMD^2 (Gretton et al. 2012, eq. 3), averaged over prompts; at most about 2.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y), pairs of an answer with itself left out. It may be
    negative. With equally many answers to each prompt this is MET's own estimate (which pools the pairs of
    all prompts) divided by the length. A prompt's answers are padded to the longest of both sides; two ends
    count as equal. Prompts with fewer than two answers on a side are left out. Raises ValueError if none is
    left, or if the two sides differ in their number of prompts.
    """
    kernels = _kernels(x, y)
    return float(np.mean([_statistic(kernel, np.arange(len(kernel)) < m)[0] for kernel, m in kernels]))


def permutation_p(x: Strata, y: Strata, rng: np.random.Generator, permutations: int = PERMUTATIONS) -> float:
    """(k + 1) / (B + 1): k of B permutations within prompts reach the statistic. In [1 / (B + 1), 1].

    Raises ValueError as `mmd_hamming` does, and without permutations.
    """
    if permutations < 1:
        raise ValueError("a permutation test needs permutations")
    kernels = _kernels(x, y)
    observed, permuted = 0.0, np.zeros(permutations)
    for kernel, m in kernels:
        first = np.arange(len(kernel)) < m
        observed += float(_statistic(kernel, first)[0])
        permuted += _statistic(kernel, rng.permuted(np.tile(first, (permutations, 1)), axis=1))
    # Sums of the same numbers in another order must count as equal.
    reached = int((permuted >= observed - 1e-9).sum())
    return (reached + 1) / (permutations + 1)


def _kernels(x: Strata, y: Strata) -> list[tuple[NDArray[np.float64], int]]:
    """For each usable prompt the kernel of all pairs, 0 on the diagonal, and the number of `x`'s answers."""
    if len(x) != len(y):
        raise ValueError(f"{len(x)} prompts on one side, {len(y)} on the other")
    kernels = [(_kernel([*a, *b]), len(a)) for a, b in zip(x, y, strict=True) if min(len(a), len(b)) >= 2]
    if not kernels:
        raise ValueError("no prompt has two answers on both sides")
    return kernels


def _kernel(answers: Sequence[Answer]) -> NDArray[np.float64]:
    """The Hamming kernel of all pairs, 0 on the diagonal."""
    codes = [
        [ord(char) for char in answer] if isinstance(answer, str) else list(answer) for answer in answers
    ]
    length = max(1, *map(len, codes))
    padded = np.full((len(codes), length), PADDING, np.int64)
    for row, code in zip(padded, codes, strict=True):
        row[: len(code)] = code
    # One row at a time: a cube of all pairs and positions would not fit for long answers.
    kernel = np.array([(padded == row).mean(axis=1) for row in padded])
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _statistic(kernel: NDArray[np.float64], first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """MMD^2 for each row of `first`, which marks the first side's answers."""
    labels = np.atleast_2d(first).astype(np.float64)
    n, m = len(kernel), int(labels[0].sum())
    of_first = labels @ kernel
    within_first = (of_first * labels).sum(axis=1)
    across = of_first.sum(axis=1) - within_first
    within_second = float(kernel.sum()) - 2 * across - within_first
    statistic: NDArray[np.float64] = (
        within_first / (m * (m - 1)) + within_second / ((n - m) * (n - m - 1)) - 2 * across / (m * (n - m))
    )
    return statistic
