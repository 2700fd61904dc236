"""The rules, by area. A module that has `RULES` is found by itself."""
