"""The Jupyter server extension: routes, socket, configuration."""
