"""The runtime cache on a Redis or Valkey server, shared by a team, several machines or CI."""
