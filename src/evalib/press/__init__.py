"""The production face: how reports get made."""
