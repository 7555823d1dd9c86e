"""What user code wrote, as a person wants to read it.

In come the pieces that a process wrote and the text of tracebacks. Out go whole lines, each under
the invocation it belongs to, and tracebacks with the user's own frames and the line to look at.

`logs.py` joins lines; `tracebacks.py` leaves out the frames that explain nothing; `readable.py` is
the log for a terminal; `diagnosis.py` looks into the source where a failed start doesn't tell why.
"""
