"""What the deployed code imports, against what a deployment would have.

In come the functions of a project and what its manifest asks for. Out go findings: packages that
nothing brings, modules that no path leads to, files that are left out of the upload.

Start with `faults.py` (the findings). `reached.py` follows imports from the entrypoints, `own.py`
says where a module of the project lies, `needed.py` whether a package will be there: from the
project's environment, from `locks.py` (lock files) or from `resolver.py` (an installer's dry run).
`names.py` knows which distributions bring a module, from the table in `modules.txt`;
`left_out.py` asks git and .vercelignore.
"""
