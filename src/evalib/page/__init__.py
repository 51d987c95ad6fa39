"""The analysis face: what a notebook may call."""
