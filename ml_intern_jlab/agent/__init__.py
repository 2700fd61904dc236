"""The agent: smolagents' CodeAgent, whose action space is the notebook."""
