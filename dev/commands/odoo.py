"""`python3 -m dev odoo …`: Odoo with this checkout's settings; `odoo env` prints them."""

import os
import shlex

from dev.setup import console, machine


def main(arguments: list) -> int:
    with console.exclusive():
        prepared = machine.prepare()
    if arguments == ["env"]:
        for name in (*prepared.postgres, "ODOO_RC", "PATH"):
            print(f"export {name}={shlex.quote(prepared.environment[name])}")
        return 0
    command = prepared.odoo_command(*arguments)
    os.execvpe(command[0], command, prepared.environment)
