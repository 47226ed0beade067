"""Find images that show almost the same, by hashes that outlive re-encoding (decision 0031)."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64, UInt8, UInt16, UInt64
from PIL import Image
from scipy.fft import dctn

SIDE, WAVES = 64, 16  # a picture of 64 x 64, and its 16 x 16 slowest cosine waves: 256 bits
LIMIT = 31  # bits that two hashes of the same picture may differ in
FLIPS = np.array([0, *(1 << bit for bit in range(16))], dtype=np.uint16)
_DIAGONALS = (np.arange(WAVES)[:, None] - np.arange(WAVES)) % WAVES  # one wave of each row a band
AT_ONCE = 1_000_000  # pairs of hashes compared in one go

Hashes = UInt64[np.ndarray, "images 4"]


def picture_hash(grey: UInt8[np.ndarray, "height width"]) -> UInt64[np.ndarray, "4"]:
    """Hash what a picture shows: which of its slowest waves are stronger than their median."""
    small = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BOX)
    waves = dctn(np.asarray(small, dtype=np.float32), norm="ortho")[:WAVES, :WAVES]
    strong = waves > np.median(waves)
    return np.packbits(strong[np.arange(WAVES), _DIAGONALS]).view(np.uint64)


def nearest_within_limit(
    queries: UInt64[np.ndarray, "queries 4"], others: UInt64[np.ndarray, "others 4"]
) -> tuple[Int64[np.ndarray, " queries"], Int64[np.ndarray, " queries"]]:
    """Return the index of the nearest of the others within `LIMIT`, or -1, and its distance.

    Of several as near, the first. Hashes that differ in at most 31 bits differ in at most one bit
    in one of their 16 bands of 16 bits; only those that do are compared (multi-index hashing).
    """
    if not len(queries) or not len(others):
        return np.full(len(queries), -1), np.full(len(queries), LIMIT + 1)
    queries, back = np.unique(queries, axis=0, return_inverse=True)
    others, first = np.unique(others, axis=0, return_index=True)
    scale = int(first.max()) + 1
    best = np.full(len(queries), (LIMIT + 1) * scale)  # distance and index in one number
    for rows, places in _candidates(_bands(queries), _bands(others)):
        distances = np.bitwise_count(queries[rows] ^ others[places]).sum(axis=1, dtype=np.int64)
        np.minimum.at(best, rows, distances * scale + first[places])
    distances, index = np.divmod(best[back.ravel()], scale)
    return np.where(distances <= LIMIT, index, -1), distances


def _bands(hashes: Hashes) -> UInt16[np.ndarray, "images 16"]:
    return np.ascontiguousarray(hashes).view(np.uint16)


def _candidates(
    queries: UInt16[np.ndarray, "queries 16"], others: UInt16[np.ndarray, "others 16"]
) -> Iterator[tuple[Int64[np.ndarray, " pairs"], Int64[np.ndarray, " pairs"]]]:
    """Yield pairs, as indices, that differ in at most one bit of a band; some come repeatedly."""
    for band in range(16):
        order = np.argsort(others[:, band], kind="stable")
        starts = np.searchsorted(others[order, band], np.arange(2**16 + 1))
        for flip in FLIPS:
            wanted = (queries[:, band] ^ flip).astype(np.int64)
            for rows, places in _expand(starts[wanted], starts[wanted + 1]):
                yield rows, order[places]


def _expand(
    low: Int64[np.ndarray, " queries"], high: Int64[np.ndarray, " queries"]
) -> Iterator[tuple[Int64[np.ndarray, " pairs"], Int64[np.ndarray, " pairs"]]]:
    """Yield each query's index beside every number of its range, some queries at a time."""
    counts = high - low
    ends = np.cumsum(counts)
    chunks = np.searchsorted(ends, np.arange(AT_ONCE, int(ends[-1]), AT_ONCE))
    for rows in np.split(np.arange(len(low)), chunks):
        many = counts[rows]
        before = np.repeat(np.cumsum(many) - many, many)
        yield (
            np.repeat(rows, many),
            np.arange(int(many.sum())) - before + np.repeat(low[rows], many),
        )
