"""Read JSON that can be written again: finite numbers, whole characters, no endless depth."""

import json
import math
from typing import Any, NoReturn


def read_json(text: str) -> Any:  # Any: whatever the JSON holds
    """Parse a text.

    Raises:
        ValueError: it is no such JSON; the message says in a few words why.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ValueError(error.msg) from error
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no character") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse_number(number)


def _refuse_number(number: str) -> NoReturn:
    raise ValueError(f"{number[:20]} is no finite number")
