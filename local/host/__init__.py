"""A local Azure Functions host over Microsoft's libraries: it runs any app from its folder and knows nothing of it."""
