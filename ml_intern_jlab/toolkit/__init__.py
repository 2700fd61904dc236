"""What a cell may import: each module works by hand too, and none needs the rest of the project at work."""
