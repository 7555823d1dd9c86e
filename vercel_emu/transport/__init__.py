"""HTTP on sockets, both sides, where a general library would do too much or too little.

In come connections of clients (`server.py`: uvicorn with a protocol of our own) and request heads
as bytes, written by the edge. Out go ASGI calls with the request target as it was sent, and the
responses of instances, read as they arrive. Nothing here knows what a function or a visitor is.

Start with `exchange.py`, one request and its response on a client's connection, then
`connection.py`, the same on the way to an instance; `client.py` is a whole client for plain
requests. `headers.py` has the types; `listen.py` binds the sockets that outlive every reload;
`serving.py` opens and closes servers in order; `port_holder.py` tells who has a port;
`certificate.py` has what HTTPS needs.
"""
