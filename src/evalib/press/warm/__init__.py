"""Warm execution: one process imports everything once and is forked for every report."""
