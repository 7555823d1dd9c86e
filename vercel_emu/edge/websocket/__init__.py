"""WebSockets: the handshake is routed like any request, then bytes flow untouched both ways.

In comes a connection that asks for an upgrade. Out goes the same connection, joined to an
instance's, until either side ends or new code replaces the instance.

Start with `tunnel.py`, the client's side; `upstream.py` is the instance's.
"""
