"""Comparisons of methods: several recipes and seeds, measured on the same pairs."""
