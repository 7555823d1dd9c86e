"""The runtime cache in one SQLite file: schema, queries, the file's own troubles, the store."""
