"""The map keeps neighbors, and its legend counts every image once."""

import numpy as np
import pytest

from training.evaluation.pictures.embedding_map import (
    draw_embedding_map,
    name_labels,
    place_images,
)

LABELS = [frozenset(["mass"]), frozenset(["mass"]), frozenset(["mass", "edema"]), frozenset(), None]


def test_an_image_has_one_name() -> None:
    assert name_labels(LABELS) == ["mass", "mass", "several findings", "no finding", "unknown"]


def test_neighbors_stay_neighbors_and_a_seed_gives_one_map() -> None:
    random = np.random.default_rng(0)
    images = random.standard_normal((40, 8)).astype(np.float32) * 0.1
    images[20:, 0] += 10
    places = place_images(images)
    distance = np.linalg.norm(places[:, None] - places, axis=-1) + np.diag([np.inf] * 40)
    assert ((distance.argmin(axis=1) < 20) == (np.arange(40) < 20)).all()
    np.testing.assert_array_equal(places, place_images(images))


def test_two_images_make_no_map() -> None:
    with pytest.raises(ValueError, match="got 2"):
        place_images(np.zeros((2, 4)))


def test_the_legend_counts_the_images_of_each_name() -> None:
    names = name_labels(LABELS)
    figure = draw_embedding_map(np.zeros((5, 2)), names, title="Map", note="Synthetic images.")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["unknown (1)", "no finding (1)", "several findings (1)", "mass (2)"]
    assert figure.get_suptitle() == "Map\nSynthetic images."


def test_classes_of_one_color_have_different_marks() -> None:
    names = [f"class {number:02}" for number in range(11)]
    figure = draw_embedding_map(np.zeros((11, 2)), names, title="Map", note="")
    looks = {
        (tuple(one.get_facecolors()[0]), one.get_paths()[0].vertices.tobytes())
        for one in figure.axes[0].collections
    }
    assert len(looks) == 11
