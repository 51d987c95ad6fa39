"""The documents of docs/, made from params, schemas and docstrings: `python -m evalib.handbook`."""
