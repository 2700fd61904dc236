"""Can a reader follow it?"""
