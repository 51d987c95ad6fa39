"""A district's files become one page per school that a reviewer can trust."""

__version__ = "0.1.0"
