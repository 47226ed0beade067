"""Near-duplicate images: what the hash outlives, and the search beside a plain loop."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.training.data.check.fixtures import picture
from training.data.check import near_images
from training.data.check.near_images import LIMIT, nearest_within_limit, picture_hash

Grey = NDArray[np.uint8]
Hashes = NDArray[np.uint64]


def differ(one: Grey, other: Grey) -> int:
    return int(np.bitwise_count(picture_hash(one) ^ picture_hash(other)).sum())


def as_jpeg(grey: Grey, *, quality: int) -> Grey:
    data = BytesIO()
    Image.fromarray(grey).save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data))


def halved(grey: Grey) -> Grey:
    return np.asarray(Image.fromarray(grey).reduce(2))


@pytest.mark.parametrize(
    "change",
    [
        lambda grey: as_jpeg(grey, quality=50),
        lambda grey: (grey * 0.9).astype(np.uint8),
        lambda grey: (grey * 1.05 + 8).clip(0, 255).astype(np.uint8),
        halved,
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_another_encoding_brightness_or_size_stays_within_the_limit(
    change: Callable[[Grey], Grey], seed: int
) -> None:
    grey = picture(seed, height=192, width=160)
    assert differ(grey, change(grey)) <= LIMIT


def test_other_pictures_and_mirrored_ones_are_beyond_the_limit() -> None:
    pictures = [picture(seed) for seed in range(4)] + [picture(0)[:, ::-1].copy()]
    distances = [differ(a, b) for at, a in enumerate(pictures) for b in pictures[:at]]
    assert min(distances) > 2 * LIMIT


def test_a_band_holds_a_wave_of_each_row_and_of_each_column() -> None:
    rows, columns = np.arange(16), near_images._DIAGONALS
    for band in range(16):
        assert sorted(rows) == sorted(columns[band])
    assert len({(row, column) for band in columns for row, column in enumerate(band)}) == 256


def by_a_loop(queries: Hashes, others: Hashes) -> list[tuple[int, int]]:
    found = []
    for query in queries:
        distances = [int(np.bitwise_count(query ^ other).sum()) for other in others]
        best = min(distances, default=LIMIT + 1)
        found.append((distances.index(best), best) if best <= LIMIT else (-1, LIMIT + 1))
    return found


def hashes_around(random: np.random.Generator, centers: Hashes, count: int) -> Hashes:
    """Draw hashes that differ from some centers in 0 to 40 bits."""
    drawn = centers[random.integers(0, len(centers), count)]
    bits = np.unpackbits(drawn.view(np.uint8), axis=1)
    for row in bits:
        row[random.choice(256, random.integers(0, 41), replace=False)] ^= 1
    return np.packbits(bits, axis=1).view(np.uint64)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    counts=st.tuples(st.integers(0, 12), st.integers(0, 30)),
    at_once=st.sampled_from([1, 7, 1_000_000]),
)
def test_the_search_finds_what_a_loop_over_all_pairs_finds(
    seed: int, counts: tuple[int, int], at_once: int
) -> None:
    random = np.random.default_rng(seed)
    centers = random.integers(0, 2**64, (3, 4), dtype=np.uint64)
    queries, others = (hashes_around(random, centers, count) for count in counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_images, "AT_ONCE", at_once)
        index, distances = nearest_within_limit(queries, others)
    assert list(zip(index.tolist(), distances.tolist(), strict=True)) == by_a_loop(queries, others)


def test_31_bits_spread_over_all_bands_are_found_and_32_are_not() -> None:
    query = np.zeros((1, 4), dtype=np.uint64)
    bands = np.array([[0b11] * 15 + [0b1]], dtype=np.uint16)
    assert nearest_within_limit(query, bands.view(np.uint64))[1].tolist() == [31]
    bands[0, 15] = 0b11
    assert nearest_within_limit(query, bands.view(np.uint64))[0].tolist() == [-1]
