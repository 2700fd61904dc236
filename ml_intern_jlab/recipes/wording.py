"""Pieces of pattern that the readers of a task share."""

from __future__ import annotations

import re

NAME = r"(?:[`\"'](?P<quoted>[^`\"'\n]{1,120})[`\"']|(?P<bare>[^\W_][\w\-./%]*))"
VERB = (
    r"(?:predict|forecast|estimat|classif|model|guess|infer|determin|identif|recogni[sz]|detect|learn|regress|"
    r"comput|calculat|assign|tell|say|impute|decid|work out|find out|figure out)(?:e|es|y|ies|s|ing|ying)?"
)
STOP = (
    r"(?=\s+(?:from|in|for|of|using|use|based|with|given|on|and|by|to|at|as|when|that|which|it|out|so|via|where|"
    r"write|save|per|over|each|every|is|are|was|were|will|has|have|column|variable|field|inside|within)\b"
    r"|\s*[.,;:!?()\n—–]|\s*$|\s*FILE\b)"
)
FILLER = (
    r"(?:(?:the|a|an|its|their|his|her|each|every|all|values?|of|for|column|columns|variable|field|target|label|"
    r"outcome|response|missing|unknown|future|next|correct|right|feature|named|called|of the|what|which)\s+)*"
)


def same_sentence(before: str) -> str:
    """The end of `before` back to the last full stop that ends a sentence, at most 220 characters."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`\"'])|\n\s*\n|\n\s*[-*\d]", before[-220:])[-1]
