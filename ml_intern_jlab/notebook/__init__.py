"""The live notebook: its kernel, what a cell shows, and the document that cells are written into."""
