"""Runs a notebook again, in a clean kernel and a copy of its folder, and says what came out differently."""
