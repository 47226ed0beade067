"""Filters on metadata: a value, one of several values, or a range."""

from collections.abc import Mapping
from typing import Any

from models.plain_json import read_json
from service.errors import BadInput

Filters = dict[str, Any]  # Any: JSON


def parse_filters(text: str) -> Filters:
    """Read filters from JSON.

    Raises:
        BadInput: they are no filters; the message shows the right form.
    """
    try:
        filters = read_json(text or "{}")
    except ValueError as error:
        form = 'send {"field": value} or leave it out'
        raise BadInput(f"filters: not JSON ({error}); {form}") from error
    if not isinstance(filters, dict):
        raise BadInput('filters: send a JSON object, as {"field": value}')
    if not all(_is_usable(wanted) for wanted in filters.values()):
        raise BadInput('filters: a field takes a value, a list, or {"min": number, "max": number}')
    return filters


def fits(metadata: Mapping[str, Any], filters: Filters) -> bool:
    """Say whether each field has its value, one of its values, or lies in its range."""
    return all(_fits(metadata.get(field), wanted) for field, wanted in filters.items())


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):  # a field of several values fits by any of them
        return any(_fits(one, wanted) for one in value)
    if isinstance(wanted, dict):
        return _in_range(value, wanted)
    if isinstance(wanted, list):
        return any(_same(value, one) for one in wanted)
    return _same(value, wanted)


def _same(value: Any, wanted: Any) -> bool:
    """Compare as JSON does: true is not 1. A table's cells are text, so "63" is 63."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted) or (isinstance(value, str) and value == str(wanted))


def _in_range(value: Any, wanted: Mapping[str, float]) -> bool:
    number = _number(value)
    if number is None:
        return False
    return bool(wanted.get("min", number) <= number <= wanted.get("max", number))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _is_usable(wanted: Any) -> bool:
    if isinstance(wanted, dict):
        numbers = [type(bound) in (int, float) for bound in wanted.values()]
        return bool(wanted) and set(wanted) <= {"min", "max"} and all(numbers)
    if isinstance(wanted, list):
        return all(not isinstance(one, dict | list) for one in wanted)
    return True
