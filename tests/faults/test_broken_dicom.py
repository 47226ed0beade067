"""Broken DICOM files raise their own error, in little memory. AGA_FAULTS: how many are tried."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from models.imaging import UnreadableImage, read_image
from tests.dicom_bombs import BOMBS
from tests.dicom_corpus import CORPUS, mutated

pytestmark = pytest.mark.faults
RUNS = int(os.environ.get("AGA_FAULTS", "200"))


PROCESS = Path("/proc/self")  # Linux


def growth(work: Callable[[], None]) -> int:
    """Return by how many MB the memory of this process grew at most while it worked."""
    (PROCESS / "clear_refs").write_text("5")  # forget the peak so far
    before = _held("VmRSS")
    work()
    return (_held("VmHWM") - before) // 1000


def _held(name: str) -> int:
    lines = (PROCESS / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def test_a_mutated_dicom_file_is_read_or_refused_in_little_memory() -> None:
    dice, outcomes = random.Random(0), set()

    def work() -> None:
        for run in range(RUNS):
            name = list(CORPUS)[run % len(CORPUS)]
            try:
                outcomes.add(read_image(mutated(CORPUS[name], dice)).ndim)
            except UnreadableImage:
                outcomes.add("refused")

    grown = growth(work)
    print(f"{RUNS} mutated DICOM files: peak +{grown} MB")
    assert outcomes == {2, "refused"}
    assert grown < 100


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_bounded_memory(name: str) -> None:
    data = BOMBS[name]()

    def work() -> None:
        with pytest.raises(UnreadableImage):
            read_image(data)

    grown = growth(work)
    print(f"{name}: {len(data):,} bytes, peak +{grown} MB")
    assert grown < 300
