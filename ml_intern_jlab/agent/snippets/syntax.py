"""Whether the kernel can read a cell at all: its Python may be newer than the server's."""

from __future__ import annotations


def main(source: str) -> None:
    """Print the line and what is wrong with it; nothing where the cell can be read."""
    import ast

    from IPython import get_ipython

    try:
        python = get_ipython().transform_cell(source)
        compile(python, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError) as error:
        line = (getattr(error, "text", None) or "").strip()[:200]
        print(f"line {getattr(error, 'lineno', '?')}: {getattr(error, 'msg', error)}", line, sep=": " if line else "")
