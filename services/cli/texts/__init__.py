"""The catalogue: help, what is said, and errors."""
