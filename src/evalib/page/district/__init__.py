"""The district's page and its groups' pages: all sections together, seen through published tables alone."""
