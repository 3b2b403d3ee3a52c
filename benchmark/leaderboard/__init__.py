"""Result records to tables and a page. Everything comes from the records; the same records give the same bytes."""
