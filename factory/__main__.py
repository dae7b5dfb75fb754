"""Starts the command line: `python -m factory`."""

import sys

from factory.cli import end_politely, main

if __name__ == "__main__":
    end_politely()
    sys.exit(main(sys.argv[1:]))
