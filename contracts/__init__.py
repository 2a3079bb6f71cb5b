"""What crosses a service boundary: pydantic models only, no I/O, nothing of ours imported."""
