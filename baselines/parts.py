"""Names of the parts of a representation and of an embedding; quick to import, without torch."""

ALL, INVARIANT, EQUIVARIANT = "all", "invariant", "equivariant"
PARTS = (ALL, INVARIANT, EQUIVARIANT)
"""In the order of the tables."""
