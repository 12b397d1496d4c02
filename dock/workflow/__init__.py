"""The workflow: steps, a store of their results, and executors that do what is left; it knows nothing of docking."""
