"""Everything that the server is told, from flags, `AGA_…` variables or a file, read once."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
PREFIX = "AGA_"
OF_OTHERS = frozenset(  # documents, tests and docker-compose.yml use these; the server does not
    PREFIX + name
    for name in ("CHECKPOINT_DIR", "DATA", "FAULTS", "INDEX_DIR", "SCREENSHOTS", "WEIGHTS")
)


class SettingsError(ValueError):
    """The server cannot start with these settings; the message says what to change."""


class Settings(BaseSettings):
    """Where the model and the index are, where to listen, and the limits."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    checkpoint: Path = Path("demo/runs/demo/checkpoint")
    index: Path = Path("demo/index")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    engine: Literal["onnx", "torch"] = "onnx"
    allow_remote: bool = False  # there is no login yet: only behind something that has one
    allowed_hosts: str = ""  # names beside loopback's by which the server may be called
    max_upload_bytes: int = Field(20_000_000, ge=1)
    image_cache: int = Field(256, ge=1)  # images whose patches are kept for heatmaps
    image_cache_bytes: int = Field(512_000_000, ge=1)  # memory that they may take together
    queue: int = Field(16, ge=1)  # requests that may wait for the engine
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def known_hosts(self) -> list[str]:
        """The names by which a request may call the server, as its Host header has them."""
        named = [name.strip() for name in self.allowed_hosts.split(",")]
        return ["127.0.0.1", "localhost", "[::1]", *filter(None, named)]

    def check(self) -> "Settings":
        """Return the settings if they can be used.

        Raises:
            SettingsError: the address can be reached from elsewhere, and nobody has to log in;
                or a host is no name.
        """
        if self.host not in LOOPBACK and not self.allow_remote:
            raise SettingsError(
                f"host {self.host!r}: without login the server stays on loopback; "
                "set AGA_ALLOW_REMOTE=1 behind a proxy that asks who calls"
            )
        for host in self.known_hosts:
            if not HOST.fullmatch(host):
                raise SettingsError(
                    f"AGA_ALLOWED_HOSTS: {host!r} is no host name; name hosts without a port, "
                    "as aga.example.org,*.example.org"
                )
        return self


def read_settings(flags: Mapping[str, Any], *, file: Path | None = None) -> Settings:
    """Read the settings: flags win over variables, variables over the file.

    Raises:
        SettingsError: one is unknown or cannot be used.
    """
    variables = {name.upper() for name in os.environ} - OF_OTHERS
    for name in sorted(variables):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in _names():
            known = ", ".join(PREFIX + setting.upper() for setting in _names())
            raise SettingsError(f"{name}: no such variable; known: {known}")
    given = _read_file(file) if file else {}
    kept = {name: v for name, v in given.items() if PREFIX + name.upper() not in variables}
    try:
        return Settings(**(kept | dict(flags))).check()
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}") from error


def _read_file(file: Path) -> dict[str, Any]:  # Any: YAML
    try:
        content = yaml.safe_load(file.read_text("utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{file}: not YAML") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: write one setting a line, as port: 8123")
    for name in content:
        if name not in _names():
            raise SettingsError(f"{file}: {name}: no such setting; known: {', '.join(_names())}")
    return content


def _names() -> list[str]:
    return sorted(Settings.model_fields)
