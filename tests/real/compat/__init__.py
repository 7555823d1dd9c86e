"""Small projects in the shapes of public repositories: do they start, answer, reload, pass `check`?

`projects/NAME.txt` is a project: its head says what is expected, its files follow (project.py
reads them). play.py runs one as its owner would and lists what came out otherwise.
test_projects.py plays those with small packages in one environment (environments.py); `make compat`
(`__main__.py`) plays all, each with the `.venv` that vercel-emu makes for it, and compares them
with the official `vercel dev` where there is one (official.py; reasons.py says why they differ).
"""
