"""Embedders: each turns the faces of a picture into one vector per face, or fails loudly."""
