"""Varied images: cut at most so far, brighter or darker, and never mirrored."""

import numpy as np

from training.data.augment import vary


def framed(edge: int) -> np.ndarray:
    """A bright rectangle of 100 x 200 pixels with a darker edge, which varying keeps darker."""
    grey = np.full((100, 200), 50, dtype=np.uint8)
    grey[edge : 100 - edge, 2 * edge : 200 - 2 * edge] = 200
    return grey


def varied(grey: np.ndarray, *, most_crop: float) -> list[np.ndarray]:
    return [vary(grey, np.random.default_rng(seed), most_crop=most_crop) for seed in range(50)]


def test_a_crop_of_zero_moves_nothing() -> None:
    grey = framed(edge=10)
    assert all(
        np.array_equal(one > one.mean(), grey > grey.mean()) for one in varied(grey, most_crop=0)
    )


def test_no_more_than_the_share_is_cut_off_each_edge() -> None:
    grey = framed(edge=20)
    for one in varied(grey, most_crop=0.2):
        assert (one > one.mean()).sum() == 60 * 120  # what lies further inside is whole


def test_a_larger_crop_cuts_more() -> None:
    small, large = (
        np.mean([one.size for one in varied(framed(20), most_crop=crop)]) for crop in (0.06, 0.2)
    )
    assert 0.6 * 20_000 < large < 0.7 * 20_000 < 0.85 * 20_000 < small < 20_000


def test_grey_levels_change_though_nothing_is_cut() -> None:
    levels = {int(one[50, 100]) for one in varied(framed(10), most_crop=0)}
    assert len(levels) > 10


def test_left_stays_left() -> None:
    grey = np.tile(np.arange(50, 150, dtype=np.uint8), (20, 1))
    assert all(one[0, 0] < one[0, -1] for one in varied(grey, most_crop=0.2))
