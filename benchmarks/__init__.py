"""What performance claims rest on. `python -m benchmarks` measures, `--write` puts the figures into the docs."""
