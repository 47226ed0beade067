"""The mistake that every program of this room can meet; apart, as settings need torch."""


class ConfigError(ValueError):
    """A run's settings cannot be used; the message names the key."""
