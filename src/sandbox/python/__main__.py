"""Starts the sandbox: `python -I <this folder> --help`."""

from watertight_sandbox.server import main

main()
