"""Skills: short know-how in markdown, chosen by task and data; the package's own and a project's."""
