"""What is served: a project with its rules and public files, worked out as one value.

In come a `Project`, its `VercelConfig` and the options. Out goes a `Deployment`, built whole
before it replaces the last one, so that a project that can't be deployed leaves the last one
serving. The edge and `vercel-emu route` use the same value and can't disagree.

Start with `deploy.py`. `public_files.py` knows which files are public and which one answers a
path, without touching the disk for a request; `routing/` decides where a request goes.
`exposure.py` asks both which sources anyone can download. `building.py` knows the commands that
make static files, `unbuilt.py` says which of them have not run.
"""
