"""Which image is the latest, and which images make room."""

import numpy as np
import pytest

from models.config import PreprocessingConfig
from models.preprocessing import prepare
from service.engine.protocol import EmbeddedImages
from service.errors import NotFound
from service.images import ImageCache, SeenImage


def image(name: str) -> SeenImage:
    grey = np.zeros((16, 16), dtype=np.uint8)
    letterbox = prepare(grey, PreprocessingConfig(size=64)).letterbox
    vectors = np.zeros((1, 1, 4), dtype=np.float32)
    embedded = EmbeddedImages(vectors, np.ones((1, 1), dtype=bool), vectors[:, 0])
    return SeenImage(name, grey, letterbox, embedded)


def cache_of(*names: str, entries: int = 3) -> ImageCache:
    cache = ImageCache(entries=entries, max_bytes=1_000_000)
    for name in names:
        cache.add(image(name))
    return cache


def test_an_image_that_is_only_looked_at_does_not_become_the_latest() -> None:
    cache = cache_of("a", "b")
    cache.get("a")
    assert cache.get(None).image_id == "b"


def test_an_image_sent_again_is_the_latest() -> None:
    assert cache_of("a", "b", "a").get(None).image_id == "a"


def test_an_image_that_is_looked_at_stays_longer() -> None:
    cache = cache_of("a", "b", entries=2)
    cache.get("a")
    cache.add(image("c"))
    assert [cache.find(name) is not None for name in "abc"] == [True, False, True]


def test_the_latest_image_stays_where_there_is_room_for_one() -> None:
    assert cache_of("a", "b", entries=1).get(None).image_id == "b"


@pytest.mark.parametrize("asked", ["", "b"])
def test_an_image_that_was_never_sent_is_not_found(asked: str) -> None:
    with pytest.raises(NotFound, match="unknown or expired image"):
        cache_of("a").get(asked)


def test_before_the_first_image_there_is_no_latest() -> None:
    with pytest.raises(NotFound, match="no image has been sent yet"):
        cache_of().get(None)
