"""Result records: their format, building them, reading them."""
