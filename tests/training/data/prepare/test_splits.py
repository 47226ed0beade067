"""Splits by a hash of the patient: steady, and close to the shares."""

from collections import Counter

import pytest

from training.data.prepare.splits import SHARES, split_of


def test_shares_come_out() -> None:
    patients = [f"p{number}" for number in range(20_000)]
    counts = Counter(split_of(patient) for patient in patients)
    for split, share in SHARES.items():
        assert counts[split] / len(patients) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("patient", "split"),
    [("p0", "train"), ("p1", "test"), ("p13", "validation")],  # sha256 / 2**64: .962 and .862
)
def test_a_patient_never_moves(patient: str, split: str) -> None:
    assert split_of(patient) == split
