"""Empty, as in the official package: there are no names of its own here."""
