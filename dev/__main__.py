"""`python3 -m dev <command>`: prepare the machine, then run the command in its environment.

The first half runs with whatever Python the machine has and imports the standard library only.
"""

import importlib
import os
import sys

from dev.setup import console, machine, python_env

COMMANDS = {
    "demo": "dev.commands.demo",
    "test": "dev.commands.test",
    "lint": "dev.commands.lint",
    "bench": "dev.commands.bench",
    "chaos": "dev.commands.chaos",
    "api-check": "dev.commands.api_check",
    "standin-check": "dev.standins.cli_check",
    "pot": "dev.commands.pot",
    "clean": "dev.commands.clean",
    "database": "dev.commands.database",
    "odoo": "dev.commands.odoo",
}
# These need no virtual environment.
PLAIN = ("clean",)


def main(arguments: list) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: python3 -m dev {{{','.join(COMMANDS)}}}", file=sys.stderr)
        return 2
    name, rest = arguments[0], arguments[1:]
    try:
        if name not in PLAIN and not python_env.is_inside():
            _continue_in_environment(arguments)
        return _command(name)(rest) or 0
    except console.SetupError as error:
        return console.fail(error)
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


def _continue_in_environment(arguments: list) -> None:
    with console.exclusive():
        python = machine.prepare_python()
    command = [str(python), "-m", "dev", *arguments]
    os.chdir(console.ROOT)
    sys.stdout.flush()
    os.execv(python, command)


def _command(name: str):
    module = COMMANDS[name]
    try:
        return importlib.import_module(module).main
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise console.SetupError(f"`{name}` is not part of this checkout ({module}).") from None
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
