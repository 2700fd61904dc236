"""The data flow over the cells of a notebook: an abstract interpretation that runs nothing."""
