"""Reading files and folders that somebody else made: bounded, and never waiting for ever.

A project may hold a named pipe, a link to a device, a file of gigabytes, or links that lead in
circles or to the root of the file system. `reading.py` reads a regular file up to a limit,
`parsing.py` JSON and TOML up to a depth, `walking.py` goes through a folder and meets each real
folder once. Whatever of a project is read whole or walked through is read through here.
"""
