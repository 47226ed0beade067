"""Broken files never do more than raise their own error. AGA_FAULTS sets how many are tried."""

import os
import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.checkpoint import CheckpointError, open_checkpoint
from models.imaging import UnreadableImage, read_image
from tests.helpers import tiny_checkpoint

pytestmark = pytest.mark.faults
RUNS = int(os.environ.get("AGA_FAULTS", "200"))


def encoded(form: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, size=(48, 64), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Flip bytes, cut the end off, or repeat a part."""
    broken = bytearray(data)
    for _ in range(dice.randint(1, 12)):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    start = dice.randrange(len(broken))
    return bytes(dice.choice([broken, broken[:start], broken + broken[start:]]))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_mutated_image_is_read_or_refused(form: str) -> None:
    dice, data = random.Random(form), encoded(form)
    outcomes = set()
    for _ in range(RUNS):
        try:
            outcomes.add(read_image(mutated(data, dice)).ndim)
        except UnreadableImage:
            outcomes.add("refused")
    assert outcomes <= {2, "refused"}
    assert "refused" in outcomes


def test_every_changed_byte_of_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "checkpoint", export=False)
    files = sorted(open_checkpoint(checkpoint).files)
    dice = random.Random(0)
    for _ in range(RUNS):
        path = checkpoint / dice.choice(files)
        whole = path.read_bytes()
        place = dice.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CheckpointError, match=path.name):
            open_checkpoint(checkpoint)
        path.write_bytes(whole)
