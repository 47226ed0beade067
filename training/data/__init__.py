"""Manifests: the one data format, and the programs that write it."""
