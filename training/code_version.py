"""Which code a run was made with: the package's version and, in a checkout, the commit."""

import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def code_version(folder: Path = Path(__file__).parent) -> dict[str, str]:
    """Return the version and the commit, as far as they are known; a changed tree says so.

    Args:
        folder: a package's; its commit counts only where the checkout holds it, and not where an
            installation merely lies inside some other repository.
    """
    known = {}
    with suppress(PackageNotFoundError):  # run from a copy that was never installed
        known["aga"] = version("aga")
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py"):
        commit = _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        known |= {"commit": commit} if commit else {}
    return known


def _git(folder: Path, *arguments: str) -> str:
    """Return what git says, or nothing where it fails or is not installed."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
