"""Blurs every face in a photo but those of the people you enrolled, and records why each one stayed visible."""

__version__ = "0.1.0"
