"""Result records to tables and a page. Everything comes from the records; the same records give the same bytes.

`groups` sorts records into tables of `entries` (rows) and `columns`; `markdown`, `latex`, `export` and `page` render
them, `publish` writes the files; `check` and `ranges` refuse records that can't be right.
"""
