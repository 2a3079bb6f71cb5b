"""``python -m sandbox --port 0 --config FILE``: serve the platforms until interrupted. Nothing is kept on disk."""

import argparse
import json
import sys
from pathlib import Path

from sandbox.serve import HOST, describe, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default=HOST, help="address to listen on; another only inside a container")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--config", default=None, help="JSON file, or - for standard input; without it: defaults")
    options = parser.parse_args()
    if options.config is None:
        config = {}
    else:
        config = json.loads(sys.stdin.read() if options.config == "-" else Path(options.config).read_text("utf-8"))
    serve(config, options.port, lambda url: print(json.dumps(describe(url)), flush=True), options.host)  # noqa: T201 - its contract


if __name__ == "__main__":
    main()
