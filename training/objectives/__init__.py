"""What a network is trained for: one file per method, one line here for each."""

from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from training.objectives.aga import AGAConfig
from training.objectives.convirt import ConVIRTConfig
from training.objectives.gloria import GLoRIAConfig
from training.objectives.mgca import MGCAConfig
from training.objectives.sparc import SPARCConfig

Method = (
    AGAConfig  # first: the method of settings that name none
    | ConVIRTConfig
    | GLoRIAConfig
    | MGCAConfig
    | SPARCConfig
)
METHODS = tuple(config.model_fields["method"].default for config in get_args(Method))


def method_of(settings: Any) -> Any:  # Any: what a file holds, checked here
    """Return which method settings name, which need not be one of `METHODS`; the first for none."""
    named = settings.get("method") if isinstance(settings, dict) else None
    return METHODS[0] if named is None else named


def _with_method(settings: Any) -> Any:  # Any: a file's mapping, or a config as it is
    if not isinstance(settings, dict):
        return settings
    method = method_of(settings)
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; methods: {', '.join(METHODS)}")
    return settings | {"method": method}


ObjectiveConfig = Annotated[
    Annotated[Method, Field(discriminator="method")], BeforeValidator(_with_method)
]
