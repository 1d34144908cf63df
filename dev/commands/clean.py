"""`make clean`: stop the private PostgreSQL, drop our databases on a foreign one, remove .dev."""

import shutil

from dev.setup import console, databases, postgres


def main(_arguments: list) -> int:
    if not console.STATE.is_dir():
        print("Nothing to remove: there is no .dev.")
        return 0
    with console.exclusive():
        if postgres.is_foreign():
            databases.drop_all()
        postgres.stop()
        _remove()
    print("Removed .dev; the next command sets everything up again.")
    return 0


def _remove() -> None:
    """Only a real folder of that name inside this checkout, never what a link points to."""
    if console.STATE.is_symlink():
        raise console.SetupError(f"{console.STATE} is a link; remove it by hand.")
    for folder in (postgres.socket_folder(), console.STATE):
        shutil.rmtree(folder, ignore_errors=folder != console.STATE)
