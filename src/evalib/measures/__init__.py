"""One module a dimension: arrays in, numbers out."""
