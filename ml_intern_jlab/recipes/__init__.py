"""A planner that needs no language model: it reads task and data, and writes the notebook of a careful engineer."""
