"""What a notebook's cell may import to read papers, data, models, documentation and code, and to publish and compute.

```python
from ml_intern_jlab.toolkit import datasets, models, papers
papers.search("learning rate warmup")
```

Every function has a time-out, tries again where that helps, keeps what it read on disk (results say how old they are),
and raises a `ToolkitError` whose words name the host and what to do. Results show themselves as tables to people, print
compactly, and have `.to_pandas()`. Importing this is light: the standard library, httpx and huggingface_hub.
"""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

__all__ = ["datasets", "docs", "github", "jobs", "models", "papers", "publish", "research", "track", "web"]

# huggingface_hub's progress bars do without ipywidgets; that they say so in every notebook helps nobody.
warnings.filterwarnings("ignore", message="IProgress not found")


def __getattr__(name: str) -> ModuleType:
    """The part of that name, imported when it is first used."""
    if name.startswith("_"):
        raise AttributeError(name)
    full = f"{__name__}.{name}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        raise AttributeError(f"The toolkit has no part {name!r}; it has {', '.join(__all__)}.") from None
