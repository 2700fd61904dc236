from __future__ import annotations

from ml_intern_jlab.agent.givens import completed

READS = [("df", 'pd.read_csv("a.csv")'), ("df2", 'pd.read_csv("b.csv")')]


def given(source: str, *earlier: str, failed: str = "", defined: tuple[str, ...] = ()) -> str:
    return completed(source, earlier, [failed], READS, lambda names: {*names} & {*defined})


def test_what_a_cell_forgets_is_put_before_it() -> None:
    assert given("print(np.mean(df.a))") == (
        'import numpy as np\nimport pandas as pd\ndf = pd.read_csv("a.csv")\nprint(np.mean(df.a))'
    )
    assert given('df = pd.read_csv("a.csv")') == 'import pandas as pd\ndf = pd.read_csv("a.csv")'


def test_what_is_bound_stays_as_it_is() -> None:
    whole = 'import pandas as pd\ndf = pd.read_csv("a.csv")\nprint(df)'
    assert given(whole) == whole
    assert given("print(df)", whole) == "print(df)"
    assert given("print(df)", defined=("df",)) == "print(df)"
    assert given("def f(df, re): return re, [pd for pd in df]") == "def f(df, re): return re, [pd for pd in df]"
    assert given("frame.head(") == "frame.head("
    assert given("%pip install np") == "%pip install np"


def test_what_only_a_failed_cell_bound_is_bound_anew() -> None:
    failed = "import pandas as pd\nimport numpy as np\npd.frame()"
    assert given("pd.DataFrame()", failed=failed, defined=("pd", "np")) == "import pandas as pd\npd.DataFrame()"
    assert given("pd.DataFrame()", "import pandas as pd", failed=failed) == "pd.DataFrame()"
