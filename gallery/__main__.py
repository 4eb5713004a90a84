"""`python -m gallery` is the same program as `gallery`."""

from gallery.cli import main

if __name__ == "__main__":
    main()
