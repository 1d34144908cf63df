"""Set-up of a bare machine: Odoo, Python packages, PostgreSQL, Chromium, databases.

Only the standard library is imported here, because this runs before anything is installed.
Every step is safe to repeat and leaves a stamp when, and only when, it has finished, so an
interrupted set-up resumes at the step that was cut.
"""
