"""Is the figure that the notebook reports an honest estimate?"""
