"""What every program does with a mistake: one line that names it."""

import sys
from collections.abc import Callable

import pytest
from torch._utils import ExceptionWrapper

from models.imaging import UnreadableImage
from training.program import run


def fail_in_a_loading_process() -> None:
    """Fail as torch's loader does: with the worker's traceback in the message."""
    try:
        raise UnreadableImage("images/a.png: not a readable image")
    except UnreadableImage:
        wrapped = ExceptionWrapper(sys.exc_info(), where="in DataLoader worker process 0")
    wrapped.reraise()


def fail_without_words() -> None:
    raise OSError


@pytest.mark.parametrize(
    ("main", "line"),
    [
        (fail_in_a_loading_process, "error: images/a.png: not a readable image\n"),
        (fail_without_words, "error: OSError\n"),
    ],
)
def test_a_mistake_ends_with_its_own_message(
    main: Callable[[], None], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 1
    assert capsys.readouterr().err == line
