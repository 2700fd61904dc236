"""Will it break, or harm somebody?"""
