"""Documents in files of one directory: snapshots, a journal, and the engine that keeps them safe."""
