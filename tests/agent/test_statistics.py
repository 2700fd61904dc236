"""Statistics with a name: what the skill tells of them runs, and is what they are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.agent.test_questions import asked


@pytest.fixture
def flats(tmp_path: Path) -> pd.DataFrame:
    made = np.random.default_rng(0)
    table = pd.DataFrame({
        "rent": made.lognormal(6, 0.5, 120).round(1),
        "size": made.normal(60, 15, 120).round(1),
        "town": made.choice(["Ely", "Ayr", "Rye"], 120),
        "lift": made.choice(["yes", "no"], 120),
    })  # fmt: skip
    table.loc[::11, "size"] = np.nan
    table.to_csv(tmp_path / "flats.csv", index=False)
    return table


@pytest.mark.parametrize(("question", "lines"), [
    ("How skewed is the rent?", 'answer = rows["rent"].skew()'),
    ("What is the kurtosis of size?", 'answer = rows["size"].kurt()'),
    ("Shapiro-Wilk test of rent: which p-value?", 'test = stats.shapiro(rows["rent"].dropna())\nanswer = test.pvalue'),
    ("What is the chi-square statistic of town and lift?",
     'test = stats.chi2_contingency(pd.crosstab(rows["town"], rows["lift"]))\nanswer = test.statistic'),
    ("What is the chi-square statistic of town and lift, without continuity correction?",
     'pd.crosstab(rows["town"], rows["lift"]), correction=False)\nanswer = test.statistic'),
    ("Does rent differ by town? Give the p-value of an ANOVA.",
     'groups = [group.dropna() for _, group in rows.groupby("town")["rent"]]\n'
     "test = stats.f_oneway(*groups)\nanswer = test.pvalue"),
    ("Kruskal-Wallis test of rent by town: what is its statistic?",
     "test = stats.kruskal(*groups)\nanswer = test.statistic"),
    ("How many outliers has rent by the 1.5 IQR rule?", 'low, high = rows["rent"].quantile([0.25, 0.75])\n'),
    ("Mann-Whitney test of rent for Ely against Rye: what is the p-value?",
     "test = stats.mannwhitneyu(one, other)\nanswer = test.pvalue"),
    ("What is the t statistic of rent for Ely and Rye by Student's test?", "equal_var=True)\nanswer = test.statistic"),
    ("What is the coefficient of variation of rent?", 'answer = rows["rent"].std() / rows["rent"].mean()'),
    ("What is Spearman's rank correlation of rent and size?", 'rows["rent"].corr(rows["size"], method="spearman")'),
    ("Predict rent from size by linear regression with test_size=0.3 and random_state=5. What is the RMSE?",
     "train_test_split(X, y, test_size=0.3, random_state=5)\n"
     "predicted = LinearRegression().fit(X_train, y_train).predict(X_test)\n"
     "answer = mean_squared_error(y_test, predicted) ** 0.5"),
])  # fmt: skip
def test_a_statistic_is_computed_by_its_name(
    question: str, lines: str, flats: pd.DataFrame, inspect: Callable[[str], str]
) -> None:
    text = asked(f"{question} Look in flats.csv. Answer with just the number.", inspect).text
    skeleton = text.split("```python\n")[1].split("```")[0]
    assert lines in skeleton
    assert float(inspect(skeleton)) != 0


def test_outliers_are_those_beyond_the_fences(flats: pd.DataFrame, inspect: Callable[[str], str]) -> None:
    text = asked("How many outliers has rent by the 1.5 x IQR rule in flats.csv? Just the number.", inspect).text
    low, high = flats["rent"].quantile(0.25), flats["rent"].quantile(0.75)
    within = flats["rent"].between(low - 1.5 * (high - low), high + 1.5 * (high - low))
    assert int(inspect(text.split("```python\n")[1].split("```")[0])) == (~within).sum() > 0


@pytest.mark.parametrize(("question", "told"), [
    ("Fill the gaps of size with the median. What is its variance then?",
     '\nfilled = rows["size"].fillna(rows["size"].median())\n'),
    ("Min-max normalise rent. What is the mean?",
     '\nscaled = (rows["rent"] - rows["rent"].min()) / (rows["rent"].max() - rows["rent"].min())\n'),
    ("What is the mean rent in the size bins 20-40, 40-60 and 60-80, each with its start and excluding its end?",
     '\nranges = pd.cut(rows["size"], [20, 40, 60, 80], right=False)\n'),
    ("How many rents have a z-score above 2?", '\nz = (rows["rent"] - rows["rent"].mean()) / rows["rent"].std()\n'),
    ("Is rent normally distributed, at the 1% level, by a Shapiro test?", "`test.pvalue >= 0.01`"),
    ("Which p-value has the Pearson correlation of rent and size?",
     '`test = stats.pearsonr(whole["rent"], whole["size"])`'),
    ("Predict rent from size by a linear regression on scaled values, split with random_state=5: what is the RMSE?",
     "\npredicted = LinearRegression().fit(X_train, y_train).predict(X_test)\n"),
    ("How many rows are duplicates, and what is the mean rent without them?", "\ndistinct = rows.drop_duplicates()\n"),
])  # fmt: skip
def test_a_step_is_told_and_left_to_the_model(
    question: str, told: str, flats: pd.DataFrame, inspect: Callable[[str], str]
) -> None:
    text = asked(f"{question} Look in flats.csv.", inspect).text
    assert told in text
    assert "print(answer)" not in text
