"""Long runs for `make soak`: each prints one line, and exits with 1 where something was wrong."""
