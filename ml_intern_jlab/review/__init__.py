"""Review: can this notebook be trusted?"""
