"""Twenty fresh questions with closed answers, in the voices of people: simple ones, statistics, wrangling, steps.

    python bench/mixed_questions.py DIR     # writes the tables and questions.json into DIR

Written by somebody who had not seen the agent. `answer` is a number or a text; `tolerance` is how far a number may be
off, in a tagged answer such as `@mean[1.23] @median[1.10]` each number in a tag.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parent / "tasks"))

from questions import asked, write_all
from sources import r_table

PATIENTS = {
    **{"id": "Patient", "time": "Days followed", "status": "Status", "trt": "Treatment", "age": "Age (years)"},
    **{"sex": "Sex", "hepato": "Enlarged liver", "spiders": "Spiders", "edema": "Edema", "stage": "Stage"},
    **{"bili": "Bilirubin (mg/dl)", "chol": "Cholesterol (mg/dl)", "albumin": "Albumin (g/dl)"},
}
CARS = {
    **{"division": "Make", "carline": "Model", "class": "Class", "engine_displacement": "Displacement (l)"},
    **{"no_cylinders": "Cylinders", "no_gears": "Gears", "transmission_desc": "Transmission"},
    **{"air_aspir_method_desc": "Aspiration", "drive_desc": "Drive", "fuel_usage_desc": "Fuel"},
    **{"city_mpg": "City (mpg)", "hwy_mpg": "Highway (mpg)", "comb_mpg": "Combined (mpg)", "release_date": "Released"},
}


def write_tables(folder: Path) -> None:
    """Write the tables with nuisances of real exports: decimal commas, dates and amounts as text, odd missing marks."""
    weather = r_table("mosaicData/Weather").drop(columns=["year", "month", "day", "low_wind"])
    weather["date"] = pd.to_datetime(weather["date"].astype(str)).dt.strftime("%d.%m.%Y")
    fallen = weather["precip"].astype(str)
    weather["precip"] = fallen.map(lambda text: text if text == "T" else f"{float(text):.2f}".replace(".", ","))
    units = {"temp": "temp (F)", "humidity": "humidity (%)", "wind": "wind (mph)", "precip": "precip (in)"}
    weather.columns = [" ".join(units.get(word, word) for word in name.split("_")) for name in weather.columns]
    weather.to_csv(folder / "city_weather.csv", sep=";", decimal=",", index=False)
    cars = r_table("openintro/epa2021")[list(CARS)]
    cars = cars.assign(release_date=pd.to_datetime(cars["release_date"].str[:10]).dt.strftime("%m/%d/%Y"))
    cars.rename(columns=CARS).drop_duplicates().to_csv(folder / "fuel_economy_2021.csv", index=False)
    patients = r_table("survival/pbc")[list(PATIENTS)]
    patients["status"] = patients["status"].map({0: "alive", 1: "transplant", 2: "dead"})
    patients["trt"] = patients["trt"].map({1: "penicillamine", 2: "placebo"})
    for name in ["hepato", "spiders"]:
        patients[name] = patients[name].map({0: "no", 1: "yes"})
    patients = patients.assign(age=patients["age"].round(1), stage=patients["stage"].astype("Int64"))
    patients.rename(columns=PATIENTS).to_csv(folder / "liver_clinic.csv", index=False, na_rep="?")
    _write_houses(folder)
    r_table("openintro/evals").to_csv(folder / "course_ratings.csv", index=False)
    stations = r_table("gt/metro")[["name", "lines", "connect_rer", "connect_tramway", "passengers", "location"]]
    traffic = stations["passengers"].map(lambda value: "-" if pd.isna(value) else f"{value:,.0f}".replace(",", " "))
    stations = stations.assign(passengers=traffic)
    stations.columns = ["Station", "Lines", "RER", "Tramway", "Passengers per year", "Location"]
    stations.to_csv(folder / "paris_metro.csv", sep=";", index=False)
    winners = r_table("openintro/oscars").drop(columns=["birth_mo", "birth_d", "birth_y"])
    winners["name"] = winners["name"].replace("Elisabeth Taylor", "Elizabeth Taylor")
    winners.to_csv(folder / "oscar_winners.csv", index=False)


def _write_houses(folder: Path) -> None:
    houses = r_table("Stat2Data/GrinnellHouses")
    days = {"year": houses["YearSold"], "month": houses["MonthSold"], "day": houses["DaySold"]}
    sold = pd.to_datetime(pd.DataFrame(days)).dt.strftime("%d %b %Y")
    kept = pd.DataFrame({"Sold": sold, "Address": houses["Address"].str.strip()})
    kept[["Bedrooms", "Baths", "Square feet"]] = houses[["Bedrooms", "Baths", "SquareFeet"]]
    kept["Lot (acres)"] = houses["LotSize"].map(lambda value: "unknown" if pd.isna(value) else f"{value:.3f}")
    kept["Built"] = houses["YearBuilt"]
    for name, source in {"List price": "ListPrice", "Sale price": "SalePrice"}.items():
        kept[name] = houses[source].map("${:,.0f}".format)
    kept.drop_duplicates().to_csv(folder / "house_sales.csv", index=False)


def tagged(**values: Any) -> str:
    """An answer of tags, one for each value."""
    return " ".join(f"@{name}[{value}]" for name, value in values.items())


def questions(folder: Path) -> list[dict[str, Any]]:
    """All questions with their answers, from the tables as they were written into `folder`."""
    return [*_of_weather_and_cars(folder), *_of_patients_and_teachers(folder), *_of_homes_and_stations(folder)]


def _of_weather_and_cars(folder: Path) -> list[dict[str, Any]]:
    weather = pd.read_csv(folder / "city_weather.csv", sep=";", decimal=",")
    day = pd.to_datetime(weather["date"], format="%d.%m.%Y")
    rain = weather["precip (in)"].replace("T", "0").str.replace(",", ".").astype(float)
    chicago = (weather["city"] == "Chicago") & (day.dt.year == 2017)
    monthly = rain[chicago].groupby(day[chicago].dt.month).sum()
    cars = pd.read_csv(folder / "fuel_economy_2021.csv")
    four = cars[cars["Cylinders"] == 4]
    natural = cars[cars["Aspiration"] == "Naturally Aspirated"]
    inputs = cars[["Displacement (l)", "Cylinders", "Gears"]]
    seen, unseen, known, truth = train_test_split(inputs, cars["Combined (mpg)"], test_size=0.3, random_state=7)
    error = np.abs(LinearRegression().fit(seen, known).predict(unseen) - truth).mean()
    return [
        asked(
            "scorchers",
            "city_weather.csv",
            "On how many days did Beijing reach a high temperature of 90 °F or more, going by city_weather.csv? Answer "
            "with just the number.",
            int(((weather["city"] == "Beijing") & (weather["high temp (F)"] >= 90)).sum()),
        ),
        asked(
            "wettest",
            "city_weather.csv",
            "city_weather.csv has semicolons and decimal commas; T under precip (in) is a trace, please count it as "
            "zero. Which month of 2017 (1 to 12) had the most precipitation in Chicago and how many inches was that in "
            "total, to two decimals? Reply in the form @month[number] @inches[number].",
            tagged(month=monthly.idxmax(), inches=round(monthly.max(), 2)),
            0.006,
        ),
        asked(
            "turbos",
            "fuel_economy_2021.csv",
            "What percentage of the four-cylinder cars in fuel_economy_2021.csv are turbocharged (Aspiration is "
            "exactly Turbocharged)? Every row counts as a car. One decimal, please.",
            round((four["Aspiration"] == "Turbocharged").mean() * 100, 1),
            0.06,
        ),
        asked(
            "thirst",
            "fuel_economy_2021.csv",
            "I'd like the Pearson correlation between engine displacement and combined mpg in fuel_economy_2021.csv, "
            "only for the naturally aspirated cars, all rows. Give it as @correlation[value], three decimals.",
            tagged(correlation=round(natural["Displacement (l)"].corr(natural["Combined (mpg)"]), 3)),
            0.0006,
        ),
        asked(
            "predictor",
            "fuel_economy_2021.csv",
            "Using fuel_economy_2021.csv, predict Combined (mpg) from Displacement (l), Cylinders and Gears with "
            "scikit-learn's LinearRegression at its defaults, features unscaled. Keep all rows in file order and "
            "split with train_test_split(test_size=0.3, random_state=7). What is the mean absolute error on the test "
            "part? Format: @mae[value], rounded to two decimals.",
            tagged(mae=round(float(error), 2)),
            0.006,
        ),
    ]


def _of_patients_and_teachers(folder: Path) -> list[dict[str, Any]]:
    patients = pd.read_csv(folder / "liver_clinic.csv", na_values=["?"])
    late = patients[(patients["Status"] == "dead") & (patients["Stage"] == 4)]
    crossed = pd.crosstab(patients["Enlarged liver"], patients["Spiders"])
    bilirubin = patients["Bilirubin (mg/dl)"]
    fats = patients["Cholesterol (mg/dl)"]
    filled = fats.fillna(fats.groupby(patients["Sex"]).transform("median"))
    ratings = pd.read_csv(folder / "course_ratings.csv")
    big = ratings[ratings["cls_students"] >= 50]
    men, women = (ratings.loc[ratings["gender"] == gender, "score"] for gender in ("male", "female"))
    ranks = stats.mannwhitneyu(men, women, alternative="two-sided", method="asymptotic")
    variance = stats.f_oneway(*(group for _, group in ratings.groupby("rank")["score"]))
    return [
        asked(
            "survival",
            "liver_clinic.csv",
            "Take the patients in liver_clinic.csv who were at Stage 4 and whose Status is dead. What's the median of "
            "Days followed among them?",
            late["Days followed"].median(),
            0.06,
        ),
        asked(
            "signs",
            "liver_clinic.csv",
            "Do an enlarged liver and spiders go together in liver_clinic.csv? Take only patients for whom both are "
            "known (not ?) and run Pearson's chi-square test on the 2x2 table WITHOUT Yates' continuity correction. "
            "What's the test statistic? Just the number, two decimals.",
            round(stats.chi2_contingency(crossed, correction=False).statistic, 2),
            0.006,
        ),
        asked(
            "lopsided",
            "liver_clinic.csv",
            "What are the skewness and the excess kurtosis (normal = 0) of Bilirubin (mg/dl) in liver_clinic.csv, "
            "without bias correction (scipy's defaults)? Two decimals, as @skewness[value] @kurtosis[value].",
            tagged(skewness=round(stats.skew(bilirubin), 2), kurtosis=round(stats.kurtosis(bilirubin), 2)),
            0.006,
        ),
        asked(
            "filled",
            "liver_clinic.csv",
            "Quite a few cholesterol values are missing (?) in liver_clinic.csv. Please replace every missing one by "
            "the median of the known values of the same sex. What is then the mean cholesterol over all 418 patients? "
            "Answer with just the number, rounded to two decimals.",
            round(filled.mean(), 2),
            0.006,
        ),
        asked(
            "lecturers",
            "course_ratings.csv",
            "course_ratings.csv, big courses only (cls_students 50 or more): which rank of teacher gets the highest "
            "average score? Give the rank only, as written in the file.",
            big.groupby("rank")["score"].mean().idxmax(),
        ),
        asked(
            "gender",
            "course_ratings.csv",
            "Our equality officer asks whether men and women who teach are scored differently. Please run a two-sided "
            "Mann-Whitney U test on score by gender in course_ratings.csv, men as the first sample, normal "
            "approximation with tie and continuity corrections. Give U of the men to one decimal and whether the "
            "difference is significant at 5%, like this: @u[number] @significant[yes or no]",
            tagged(u=float(round(ranks.statistic, 1)), significant="yes" if ranks.pvalue < 0.05 else "no"),
            0.06,
        ),
        asked(
            "anova",
            "course_ratings.csv",
            "What F value does a one-way ANOVA of score across the three levels of rank give in course_ratings.csv? "
            "Two decimals will do.",
            round(variance.statistic, 2),
            0.006,
        ),
    ]


def _of_homes_and_stations(folder: Path) -> list[dict[str, Any]]:
    houses = pd.read_csv(folder / "house_sales.csv")
    sold = pd.to_datetime(houses["Sold"], format="%d %b %Y")
    money = houses[["Sale price", "List price"]].replace(r"[$,]", "", regex=True).astype(float)
    prices = money["Sale price"]
    three = prices[houses["Bedrooms"] == 3]
    low, high = np.percentile(three, [25, 75])
    margin = 1.5 * (high - low)
    weekdays = sold.dt.day_name().value_counts()
    each_foot = (prices / houses["Square feet"]).dropna()
    decades = each_foot.groupby(houses["Built"] // 10 * 10).agg(["size", "median"]).query("size >= 40")["median"]
    stations = pd.read_csv(folder / "paris_metro.csv", sep=";", na_values=["-"]).set_index("Station")
    traffic = stations["Passengers per year"].str.replace(" ", "").astype(float)
    crossing = stations["Lines"].str.split(",").str.len() == 2
    winners = pd.read_csv(folder / "oscar_winners.csv")
    ages = winners.groupby("award")["age"].mean()
    spans = winners.groupby("name")["oscar_yr"].agg(["size", "min", "max"]).query("size >= 2")
    return [
        asked(
            "overbid",
            "house_sales.csv",
            "How many houses in house_sales.csv went for more than their list price? A whole number is all I need.",
            int((prices > money["List price"]).sum()),
        ),
        asked(
            "fences",
            "house_sales.csv",
            "How many three-bedroom houses of house_sales.csv have an outlying sale price, below Q1 - 1.5 IQR or above "
            "Q3 + 1.5 IQR, where Q1 and Q3 are the quartiles (linear interpolation, as in numpy) of the sale prices of "
            "three-bedroom houses? Answer as @outliers[number].",
            tagged(outliers=int(((three < low - margin) | (three > high + margin)).sum())),
        ),
        asked(
            "closing",
            "house_sales.csv",
            "Which day of the week are most houses sold on (column Sold in house_sales.csv), and how many sales is "
            "that? Please answer in the form @weekday[English name] @sales[number]",
            tagged(weekday=weekdays.idxmax(), sales=weekdays.max()),
        ),
        asked(
            "vintage",
            "house_sales.csv",
            "I sell homes and wonder which decade of building (1950 to 1959 and so on) fetches the best money for its "
            "size: the highest median of sale price per square foot in house_sales.csv. Ignore decades with fewer "
            "than 40 sales of known size. Answer with just the first year of the decade, e.g. 1950.",
            decades.idxmax(),
        ),
        asked(
            "bustle",
            "paris_metro.csv",
            "which metro station comes fifth by passengers per year in paris_metro.csv? name only, spelt as in the "
            "file",
            traffic.sort_values(ascending=False).index[4],
        ),
        asked(
            "crossings",
            "paris_metro.csv",
            "The Lines column of paris_metro.csv lists the lines that stop at a station (3bis and 7bis are lines of "
            "their own). What is the average number of passengers per year at stations where exactly two lines stop? "
            "Skip stations without a figure (-). Answer with just the number, rounded to a whole number.",
            round(traffic[crossing].mean()),
            1.0,
        ),
        asked(
            "ages",
            "oscar_winners.csv",
            "For a quiz night: how old were Best actress and Best actor winners on average, by the age column of "
            "oscar_winners.csv? Two decimals each, written as @actress[value] @actor[value].",
            tagged(actress=round(ages["Best actress"], 2), actor=round(ages["Best actor"], 2)),
            0.006,
        ),
        asked(
            "comeback",
            "oscar_winners.csv",
            "Some people in oscar_winners.csv won more than once (same name). How many years lie between the first "
            "and the last win (oscar_yr) of these repeat winners on average? Just the number, two decimals.",
            round((spans["max"] - spans["min"]).mean(), 2),
            0.006,
        ),
    ]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), write_tables, questions)
