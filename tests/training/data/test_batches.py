"""Batches: one image of a study, images varied or left alone, and who is a negative of whom."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.config import PreprocessingConfig
from models.imaging import read_image_file
from models.preprocessing import prepare
from tests.helpers import tiny_tokenizer
from training.config import AugmentConfig, NegativesConfig
from training.data.batches import Collate, PairDataset, StudyBatches
from training.data.manifest import ImageReportPair

SQUARE = PreprocessingConfig(size=64)


def pair_of(
    report: str = "A mass.", *, study: str = "s", image: Path = Path("a.png"), **columns: Any
) -> ImageReportPair:  # Any: a manifest's further columns
    return ImageReportPair(image, report, study, study, "train", None, columns)


def batches_of(*, images_of_each: int) -> tuple[list[str], list[list[int]]]:
    """Return the studies of twelve pairs, each given several images, and the batches of four."""
    pairs = [pair_of(study=str(number)) for number in range(12)] * images_of_each
    batches = StudyBatches(pairs, batch_size=4, seed=0, one_image_per_study=True)
    return [pair.study_id for pair in pairs], list(batches)


def test_a_batch_holds_one_image_of_a_study() -> None:
    studies, batches = batches_of(images_of_each=2)
    assert len(batches) >= 3  # as many as the studies fill without their second image
    assert all(len({studies[index] for index in batch}) == 4 for batch in batches)


def test_no_image_is_seen_twice_in_an_epoch() -> None:
    _, batches = batches_of(images_of_each=2)
    seen = [index for batch in batches for index in batch]
    assert len(seen) == len(set(seen)) >= 12


def test_every_image_is_seen_where_no_study_has_to_wait() -> None:
    _, batches = batches_of(images_of_each=1)
    assert sorted(index for batch in batches for index in batch) == list(range(12))


def excluded(*pairs: ImageReportPair, **negatives: Any) -> list[list[int]]:
    """Collate pairs and return which are no negatives of each other; Any: settings."""
    blank = prepare(np.zeros((8, 8), dtype=np.uint8), SQUARE)
    collate = Collate(tiny_tokenizer(), NegativesConfig(**negatives))
    return collate([(blank, pair) for pair in pairs]).excluded.int().tolist()


TWINS = (pair_of("A mass."), pair_of("A nodule."), pair_of("A mass."))


def test_identical_reports_are_no_negatives_of_each_other() -> None:
    assert excluded(*TWINS) == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_identical_reports_are_negatives_where_that_is_asked_for() -> None:
    assert not np.any(excluded(*TWINS, same_report=True))


SITES = [pair_of(f"{n} masses.", site=site) for n, site in enumerate(["A", "B", "A"])]
NOWHERE = [pair_of(f"{n} nodules.") for n in range(2)]


def test_pairs_that_differ_in_the_column_are_no_negatives_of_each_other() -> None:
    assert excluded(*SITES, within="site") == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]


def test_rows_without_the_column_are_a_group_of_their_own() -> None:
    with_sites, among = excluded(SITES[0], *NOWHERE, within="site")[:2]
    assert (with_sites, among) == ([1, 1, 1], [1, 1, 0])


def test_within_a_column_identical_reports_are_no_negatives_either() -> None:
    pairs = [pair_of(site="A"), pair_of(site="A")]
    assert excluded(*pairs, within="site") == [[1, 1], [1, 1]]
    assert not np.any(excluded(*pairs, within="site", same_report=True))


@pytest.fixture
def on_disk(tmp_path: Path) -> ImageReportPair:
    path = tmp_path / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return pair_of(image=path)


def test_without_augmentation_an_image_stays_as_it_is(on_disk: ImageReportPair) -> None:
    prepared, pair = PairDataset([on_disk], SQUARE, augment=None)[0]
    assert pair == on_disk
    np.testing.assert_array_equal(
        prepared.pixels, prepare(read_image_file(on_disk.image), SQUARE).pixels
    )


def test_each_epoch_varies_an_image_anew_and_each_run_alike(on_disk: ImageReportPair) -> None:
    one, other = (PairDataset([on_disk], SQUARE, augment=AugmentConfig(), seed=3) for _ in "ab")
    first = one[0][0].pixels
    np.testing.assert_array_equal(first, other[0][0].pixels)
    one.epoch = 1
    assert not np.array_equal(first, one[0][0].pixels)
