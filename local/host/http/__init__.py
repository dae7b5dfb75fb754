"""The HTTP side of the host: routes, keys and the server."""
