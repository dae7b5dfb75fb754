"""The command line, `python -m factory`. It is thin: it asks and shows; the work is done by the app it talks to."""
