"""The commands behind the Makefile; each module has a `main(arguments) -> exit code`."""
