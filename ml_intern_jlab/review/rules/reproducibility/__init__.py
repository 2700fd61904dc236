"""Does the notebook run again and give the same?"""
