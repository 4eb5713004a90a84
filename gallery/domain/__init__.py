"""Plain data, the arithmetic of matching and deciding, the ports and the errors. Standard library and NumPy only."""
