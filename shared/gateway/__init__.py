"""The only room that speaks to Azure; everybody else knows the protocols in `port`."""
