"""Split patients where a data set does not: by a hash, so that more patients move none."""

import hashlib

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def split_of(patient_id: str, *, shares: dict[str, float] = SHARES) -> str:
    """Return a patient's split; the same patient always has the same.

    Args:
        shares: of the patients, in order, by split; they sum to 1.
    """
    digest = hashlib.sha256(patient_id.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    edge = 0.0
    for split, share in shares.items():
        edge += share
        if place < edge:
            return split
    return list(shares)[-1]  # the shares' sum was rounded down
