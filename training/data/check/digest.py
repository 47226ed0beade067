"""Eight bytes that stand for a text or an image where only sameness counts."""

from hashlib import blake2b


def digest_of(*parts: bytes) -> int:
    """Hash bytes to 64 bits: of a million, two are alike by chance once in 30 million sets."""
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest(), "little", signed=True)
