"""docs/measures.md, made from the params and the docstrings: `python -m evalib.handbook`."""
