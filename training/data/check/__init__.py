"""What a manifest holds and what is wrong with it."""

from training.data.check.report import Report, check_manifest

__all__ = ["Report", "check_manifest"]
