"""The file system as a deployed function has it: read-only, and without what is not deployed.

In come audit events of the interpreter; out go reports with the line of user code, or, where the
options say so, the errors of a deployment. `writes.py` watches writes outside of `/tmp`,
`reads.py` files that the function's bundle does not hold, `uses.py` tells the emulator what the app
has read, so that it knows which saves matter, and `left_out.py` decides which those are
(`vercel-emu check` asks it as well). `callers.py` finds whose doing something is.
"""
