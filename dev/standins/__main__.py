"""`python -m dev.standins`"""

import asyncio
import logging
import sys

from .server import serve
from .settings import parse_arguments

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(parse_arguments()))
    except OSError as error:
        sys.exit(f"The stand-ins could not start: {error.strerror or error}. Is a port taken?")
