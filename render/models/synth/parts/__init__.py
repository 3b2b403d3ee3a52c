"""Parts that several classes share."""
