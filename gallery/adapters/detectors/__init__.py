"""Face detectors: each finds all faces of one picture, or fails loudly."""
