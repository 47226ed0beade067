"""Names that only the holder of a key can tie to a person: HMAC-SHA256 under a secret file."""

import hmac
import os
import secrets
from pathlib import Path

from models.manifest import ManifestError

DEFAULT_KEY = Path("~/.aga/pseudonyms.key")
KEY_BYTES = 32
LETTERS = 20  # hexadecimal: 80 bits, too many for two of a billion names to meet


class Pseudonyms:
    """The same name for the same value, as long as the key is the same."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, kind: str, value: str | bytes) -> str:
        """Return the pseudonym of a value; equal values of different kinds have different ones."""
        data = value.encode() if isinstance(value, str) else value
        digest = hmac.new(self._key, kind.encode() + b"\0" + data, "sha256")
        return f"{kind}-{digest.hexdigest()[:LETTERS]}"


def read_key(path: Path) -> bytes:
    """Read a key, or make one that its owner alone may read.

    Raises:
        ManifestError: the file is no key, or others may read it.
    """
    path = path.expanduser()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ManifestError(f"{path}: others may read this key; run chmod 600 {path}")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(f"{path}: is no key of this program") from error
    if len(key) < KEY_BYTES:
        raise ManifestError(f"{path}: is no key of this program")
    return key


def _make(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
