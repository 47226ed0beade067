"""What every program shares: a user's mistake ends it with one line, not a traceback."""

import sys
from collections.abc import Callable

from models.checkpoint import CheckpointError
from models.imaging import UnreadableImage
from models.manifest import ManifestError
from models.prompts import BadPromptSet, UnknownPromptSet
from models.tokenizing import EmptyReport
from training.errors import ConfigError

MISTAKES = (
    BadPromptSet,
    CheckpointError,
    ConfigError,
    EmptyReport,
    ManifestError,
    UnknownPromptSet,
    UnreadableImage,
    OSError,
)


def run(main: Callable[[], None]) -> None:
    """Run a program; a mistake in its input is one line on stderr and status 1."""
    try:
        main()
    except MISTAKES as error:
        sys.stderr.write(f"error: {message_of(error)}\n")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(130) from None


def message_of(error: BaseException) -> str:
    """Return an error's first line; one from a loading process is dug out of torch's report."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if lines[0].startswith("Caught ") and "DataLoader worker" in lines[0]:
        _, _, message = lines[-1].partition(": ")  # behind the traceback: "package.Error: message"
        return message
    return lines[0]
