"""Measurements become standings, ranks and changes."""
