"""The main job on a demo company: what `make demo` shows and what `make chaos` builds on."""
