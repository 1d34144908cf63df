"""`python3 -m dev database NAME [--base]`: a fresh copy of the prepared database, to play with."""

import argparse

from dev.setup import console, databases, machine


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m dev database", description=__doc__)
    parser.add_argument("name", help="a word that tells this copy from your others")
    parser.add_argument("--base", action="store_true", help="without our addon")
    options = parser.parse_args(arguments)
    with console.exclusive():
        prepared = machine.prepare()
        template = databases.base if options.base else databases.addon
        print(databases.make_copy(prepared, f"own_{options.name}", template))
    return 0
