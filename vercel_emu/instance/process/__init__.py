"""One child process: started, listened to, and stopped with everything it started.

In comes a `LaunchSpec` (interpreter, folder, entrypoint, environment). Out go the runtime's
messages, decoded, the process's output, and the news of its end. Nothing here decides when to
start or stop.

Start with `process.py`, then `ipc.py`: every message that `vercel_runtime` and our own
`guest/boot.py` send. `early.py` starts an interpreter before it is known what it will run;
`socket_folder.py` finds a place for the sockets.
"""
