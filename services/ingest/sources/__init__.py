"""One file a kind of HR system: each tells who may send, and turns requests into events in structured form."""
