"""The environment variables of a function, each with where its value came from.

In come the shell's variables, the env files, vercel.json, the git repository and the options. Out
goes one `Environment` of layers, of which a later one wins, with the source of each value, what is
secret, and warnings that name file and line.

Start with `environment.py`, which has the order of the layers. `env_files.py` reads `.env` and its
kin, `system_variables.py` has what the platform sets, `git.py` the facts about the commit,
`inherited.py` decides what of the shell must stay behind, and `proxies.py` keeps the emulator out
of the shell's proxies.
"""
