"""Photo files on disk: finding, reading and writing them, with Pillow alone. `files` is the way in."""
