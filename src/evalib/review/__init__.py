"""Every measure for every section of one year, a module a dimension."""
