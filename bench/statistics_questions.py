"""Thirty short questions with closed answers, in the voices of people, over ten tables, three a table.

    python bench/statistics_questions.py DIR     # writes the tables and questions.json into DIR

Written by somebody who had not seen the agent. `answer` is a number or a text, which may hold tagged values such as
`@skew[1.23] @kurtosis[4.56]`; `tolerance` is how far a number, tagged ones included, may be off.
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


def write_tables(folder: Path) -> None:
    """Write the tables with the nuisances of real exports: units, decimal commas, dates as text, missing markers."""
    mammals = r_table("ggplot2/msleep")
    mammals.columns = [
        *("Name", "Genus", "Diet", "Order", "Conservation status", "Sleep total (h)", "REM sleep (h)"),
        *("Sleep cycle (h)", "Awake (h)", "Brain weight (kg)", "Body weight (kg)"),
    ]
    mammals.to_csv(folder / "mammals.csv", index=False, na_rep="n/a")
    auctions = r_table("openintro/mariokart")
    auctions["ship_pr"] = auctions["ship_pr"].map(lambda price: f"${price:.2f}" if price else "free")
    for name in ["start_pr", "total_pr"]:
        auctions[name] = auctions[name].map("${:.2f}".format)
    auctions.columns = [
        *("Auction ID", "Duration (days)", "Bids", "Condition", "Start price", "Shipping", "Total price"),
        *("Shipping type", "Seller rating", "Stock photo", "Wheels", "Title"),
    ]
    auctions.to_csv(folder / "auctions.csv", index=False)
    deliveries = r_table("modeldata/deliveries").rename(
        columns={"time_to_delivery": "Delivery time (min)", "hour": "Order hour", "day": "Day", "distance": "Miles"}
    )
    deliveries.to_csv(folder / "deliveries.csv", sep=";", decimal=",", index=False)
    r_table("dslabs/reported_heights").to_csv(folder / "heights.csv", index=False)
    victims = r_table("openintro/london_murders").drop(columns="year")
    victims["date"] = pd.to_datetime(victims["date"]).dt.strftime("%d/%m/%Y")
    victims.to_csv(folder / "london_homicides.csv", index=False)
    weather = r_table("stevedata/clemson_temps")
    day = pd.to_datetime(weather["date"].astype(str))
    weather = weather.assign(date=day.dt.strftime("%m/%d/%Y"))[day.dt.year.between(1991, 2020)]
    weather.columns = ["Date", "Tmin (F)", "Tmax (F)"]
    weather.to_csv(folder / "clemson_weather.csv", index=False, na_rep="M")
    chips = r_table("openintro/cpu")
    chips["released"] = pd.to_datetime(chips["released"]).dt.strftime("%d %b %Y")
    chips.columns = [
        *("Company", "Name", "Codename", "Cores", "Threads", "Base clock (GHz)", "Boost clock (GHz)"),
        *("Socket", "Process (nm)", "L3 cache (MB)", "TDP (W)", "Released"),
    ]
    chips.to_csv(folder / "processors.csv", index=False, na_rep="-")
    journals = r_table("AER/Journals")
    journals.columns = [
        *("Title", "Publisher", "Society", "Price (USD)", "Pages per year", "Characters per page", "Citations"),
        *("Founded", "Library subscriptions", "Field"),
    ]
    journals.to_csv(folder / "journals.csv", sep=";", index=False)
    inspections = r_table("causaldata/restaurant_inspections")
    inspections["Weekend"] = inspections["Weekend"].map({True: "yes", False: "no"})
    inspections.columns = ["Business name", "Inspection score", "Year", "Number of locations", "Weekend"]
    inspections.to_csv(folder / "inspections.csv", index=False)
    fuels = r_table("modeldata/biomass")
    fuels.columns = ["Sample", "Set", *(f"{name} (%)" for name in fuels.columns[2:-1].str.title()), "HHV (MJ/kg)"]
    fuels.to_csv(folder / "biomass.csv", sep=";", decimal=",", index=False)


def questions(folder: Path) -> list[dict[str, Any]]:
    """All questions with their answers, from the tables as they were written into `folder`."""
    return [
        *_of_mammals_and_auctions(folder),
        *_of_deliveries_and_heights(folder),
        *_of_victims_and_weather(folder),
        *_of_chips_and_journals(folder),
        *_of_inspections_and_fuels(folder),
    ]


def _tagged(**values: object) -> str:
    """The values in the form `@name[value] @name[value]`."""
    return " ".join(f"@{name}[{value}]" for name, value in values.items())


def _longest_run(days: pd.Series) -> pd.Series:
    """The longest run of days that follow each other."""
    runs = (days.diff() != pd.Timedelta(days=1)).cumsum()
    return days[runs == runs.value_counts().idxmax()]


def _of_mammals_and_auctions(folder: Path) -> list[dict[str, Any]]:
    mammals = pd.read_csv(folder / "mammals.csv", na_values=["n/a"])
    rem = mammals["REM sleep (h)"]
    sleep = mammals.groupby("Order")["Sleep total (h)"].agg(["size", "mean"])
    dreamers = mammals[mammals["Diet"] == "herbi"]
    rho = stats.spearmanr(dreamers["Body weight (kg)"], dreamers["REM sleep (h)"], nan_policy="omit").statistic
    auctions = pd.read_csv(folder / "auctions.csv")
    total = auctions["Total price"].str.strip("$").astype(float)
    shipping = auctions["Shipping"].replace("free", "0").str.strip("$").astype(float)
    net = (total - shipping)[total <= 100].groupby(auctions["Condition"]).mean()
    chi2 = stats.chi2_contingency(pd.crosstab(auctions["Condition"], auctions["Stock photo"]), correction=False)
    short = auctions[auctions["Duration (days)"] == 1]
    return [
        asked(
            "sleepers",
            "mammals.csv",
            "which order of mammals sleeps longest on average (Sleep total) in mammals.csv? only count orders that "
            "have at least 5 species in the file. just the order's name pls",
            sleep.loc[sleep["size"] >= 5, "mean"].idxmax(),
        ),
        asked(
            "dream",
            "mammals.csv",
            "Is there a rank correlation between body size and dreaming among plant eaters? In mammals.csv, keep the "
            "species whose Diet is herbi and which have a value for REM sleep, then compute Spearman's rho between "
            "Body weight (kg) and REM sleep (h). Report it as @spearman[value], rounded to three decimals.",
            _tagged(spearman=f"{rho:.3f}"),
            0.0006,
        ),
        asked(
            "refill",
            "mammals.csv",
            "The REM sleep column of mammals.csv has holes (n/a). Please fill them with the median of the known REM "
            "values (over all species) and then give me that median and the sample standard deviation (n-1) of the "
            "completed column. Format: @median[..] @sd[..], two decimals each.",
            _tagged(median=f"{rem.median():.2f}", sd=f"{rem.fillna(rem.median()).std():.2f}"),
            0.006,
        ),
        asked(
            "eager",
            "auctions.csv",
            "I sell video games. Of the auctions in auctions.csv that ran for just one day, what percentage got more "
            "than 15 bids? One decimal is plenty.",
            round(100 * (short["Bids"] > 15).mean(), 1),
            0.06,
        ),
        asked(
            "photos",
            "auctions.csv",
            "Run a chi-square test of independence between Condition and Stock photo in auctions.csv, WITHOUT Yates' "
            "continuity correction. What's the test statistic? Write your answer as @chi2[statistic], rounded to two "
            "decimals.",
            _tagged(chi2=f"{chi2.statistic:.2f}"),
            0.006,
        ),
        asked(
            "items",
            "auctions.csv",
            "auctions.csv has all prices as text with a dollar sign, and Shipping says 'free' where the postage was "
            "0. I want the price of the goods alone, i.e. Total price minus Shipping. Ignoring the auctions whose "
            "Total price is above $100 (those were bundles): how many dollars more did new ones fetch than used "
            "ones on average? Number only, two decimals.",
            round(net["new"] - net["used"], 2),
            0.006,
        ),
    ]


def _of_deliveries_and_heights(folder: Path) -> list[dict[str, Any]]:
    deliveries = pd.read_csv(folder / "deliveries.csv", sep=";", decimal=",")
    minutes = deliveries["Delivery time (min)"]
    by_slot = minutes.groupby(pd.cut(deliveries["Order hour"], [11, 14, 17, 20, 21], right=False), observed=True).mean()
    drivers = deliveries[["Order hour", "Miles"]].to_numpy()
    train, test, known, hidden = train_test_split(drivers, minutes.to_numpy(), test_size=0.2, random_state=7)
    error = LinearRegression().fit(train, known).predict(test) - hidden
    bag = deliveries.filter(like="item_").sum(axis=1)
    busy = deliveries["Day"].isin(["Fri", "Sat", "Sun"])
    heights = pd.read_csv(folder / "heights.csv", dtype=str, keep_default_na=False, parse_dates=["time_stamp"])
    parts = heights["height"].str.extract(r"^(\d)'\s*(\d+(?:\.\d+)?)\s*(?:\"|'')?$").dropna().astype(float)
    parts = parts[parts[1] < 12]
    inches = pd.to_numeric(heights["height"], errors="coerce")
    shapiro = stats.shapiro(inches[(heights["sex"] == "Female") & inches.between(54, 84)])
    day = heights["time_stamp"].dt.date
    busiest = heights[day == day.value_counts().idxmax()]
    hour = busiest["time_stamp"].dt.hour
    rush = busiest[hour == hour.value_counts().idxmax()]
    return [
        asked(
            "slots",
            "deliveries.csv",
            "Hey! Our orders are in deliveries.csv (semicolons, decimal commas, Order hour is a decimal hour, so 13,5 "
            "is half past one). Could you bin Order hour into 11-14, 14-17, 17-20 and 20-21, each including its "
            "start and excluding its end, and average Delivery time (min) per bin? I need the gap in minutes between "
            "the slowest and the fastest bin, rounded to two decimals.",
            round(by_slot.max() - by_slot.min(), 2),
            0.006,
        ),
        asked(
            "forecast",
            "deliveries.csv",
            "With scikit-learn, predict Delivery time (min) in deliveries.csv from Order hour and Miles with plain "
            "LinearRegression. Keep the row order of the file and split with train_test_split(test_size=0.2, "
            "random_state=7). What RMSE do you get on the test part? Answer as @rmse[value] with three decimals.",
            _tagged(rmse=f"{np.sqrt(np.mean(error**2)):.3f}"),
            0.0006,
        ),
        asked(
            "bags",
            "deliveries.csv",
            "My drivers claim big orders take forever at the weekend. Each item_ column of deliveries.csv is how "
            "many of that dish were in the order. Looking at Fri, Sat and Sun only: by how many minutes is the "
            "average delivery time of orders with five or more dishes in total longer than that of orders with "
            "exactly one dish? Give just the number with two decimals.",
            round(minutes[busy & (bag >= 5)].mean() - minutes[busy & (bag == 1)].mean(), 2),
            0.006,
        ),
        asked(
            "apostrophes",
            "heights.csv",
            "In heights.csv people typed their height as they liked. Take the entries written as feet and inches with "
            "an apostrophe: one digit, ', perhaps blanks, the inches (a number below 12, decimals allowed) and "
            "perhaps an inch mark (\" or ''), nothing else. E.g. 5'7, 5' 4\" or 5'7.5''. Turn them into "
            "inches (12 per foot). How many such entries are there and what's their mean height in inches? "
            "@count[n] @mean_height[two decimals]",
            _tagged(count=len(parts), mean_height=f"{(12 * parts[0] + parts[1]).mean():.2f}"),
            0.006,
        ),
        asked(
            "normal",
            "heights.csv",
            "Check normality for me: from heights.csv use only the women whose height is a plain number between 54 and "
            "84 (inclusive), so drop everything with quote marks, units, commas and the like. Do a Shapiro-Wilk test "
            "and decide at the 5% level. I need @W[statistic to three decimals] and @normal[yes or no], where no "
            "means that normality is rejected.",
            _tagged(W=f"{shapiro.statistic:.3f}", normal="no" if shapiro.pvalue < 0.05 else "yes"),
            0.0006,
        ),
        asked(
            "rush",
            "heights.csv",
            "The form behind heights.csv was filled in by several classes. Find the calendar date with the most "
            "entries, and on that date the clock hour (like 10:00:00 to 10:59:59) with the most entries. What "
            "percentage of the entries of that hour are from women? Answer with the percentage only, one decimal.",
            round(100 * (rush["sex"] == "Female").mean(), 1),
            0.06,
        ),
    ]


def _of_victims_and_weather(folder: Path) -> list[dict[str, Any]]:
    victims = pd.read_csv(folder / "london_homicides.csv")
    day = pd.to_datetime(victims["date"], format="%d/%m/%Y")
    by_weekday = day.dt.day_name().value_counts()
    worst = day[victims["borough"] == victims["borough"].value_counts().idxmax()].sort_values()
    weather = pd.read_csv(folder / "clemson_weather.csv", na_values=["M"])
    date = pd.to_datetime(weather["Date"], format="%m/%d/%Y")
    low, high = weather["Tmin (F)"], weather["Tmax (F)"]
    yearly = high.groupby(date.dt.year).agg(["size", "mean"])
    yearly = yearly[yearly["size"] >= 360]
    sticky = date[date.dt.month.isin([7, 8]) & (low >= 71)].dt.year
    before, after = sticky.between(1991, 2000).sum(), sticky.between(2011, 2020).sum()
    return [
        asked(
            "minors",
            "london_homicides.csv",
            "How many of the victims in london_homicides.csv were killed in Lambeth before they turned 18?",
            int(((victims["borough"] == "Lambeth") & (victims["age"] < 18)).sum()),
        ),
        asked(
            "weekday",
            "london_homicides.csv",
            "london_homicides.csv lists victims with the date as dd/mm/yyyy. On which day of the week did most of "
            "them die, and how many was that? Please answer in the form @day[English name] @victims[number].",
            _tagged(day=by_weekday.index[0], victims=by_weekday.iloc[0]),
        ),
        asked(
            "gap",
            "london_homicides.csv",
            "Take the borough that has the most victims in london_homicides.csv (dates are dd/mm/yyyy). What is the "
            "largest number of days between two consecutive killings there, i.e. between one date and the next in "
            "order of time (1 March to 4 March would be 3)? Only the number, please.",
            int(worst.diff().dt.days.max()),
        ),
        asked(
            "warming",
            "clemson_weather.csv",
            "clemson_weather.csv: daily readings, dates are month/day/year, M = missing. Average Tmax (F) per calendar "
            "year, drop the years with fewer than 360 rows, and fit a straight line (OLS) of the yearly average on "
            "the year. What's the slope in degrees F per DECADE? Two decimals, as @slope[..]",
            _tagged(slope=f"{10 * stats.linregress(yearly.index, yearly['mean']).slope:.2f}"),
            0.006,
        ),
        asked(
            "nights",
            "clemson_weather.csv",
            "People here say summer nights aren't what they used to be. Using clemson_weather.csv (Date is mm/dd/yyyy) "
            "count the days in July and August with a Tmin of at least 71 F, once for 1991-2000 and once for "
            "2011-2020. By what percentage did the count change from the first decade to the second? One decimal, "
            "with a minus sign if it fell; no percent sign needed.",
            round(100 * (after - before) / before, 1),
            0.06,
        ),
        asked(
            "heatwave",
            "clemson_weather.csv",
            "What was the longest heat wave in clemson_weather.csv? I mean the longest unbroken run of calendar days "
            "with Tmax of 95 F or more; a missing day or reading (M) breaks a run. Tell me the date of its first day "
            "as YYYY-MM-DD, nothing else. (The dates in the file are mm/dd/yyyy.)",
            str(_longest_run(date[high >= 95]).min().date()),
        ),
    ]


def _of_chips_and_journals(folder: Path) -> list[dict[str, Any]]:
    chips = pd.read_csv(folder / "processors.csv", na_values=["-"])
    year = pd.to_datetime(chips["Released"], format="%d %b %Y").dt.year
    amd = chips["Company"] == "AMD"
    watts = chips["TDP (W)"]
    journals = pd.read_csv(folder / "journals.csv", sep=";")
    price = journals["Price (USD)"]
    groups = [np.log(price[journals["Publisher"] == name]) for name in ["Elsevier", "Blackwell", "Kluwer"]]
    anova = stats.f_oneway(*groups)
    per_page = (price / journals["Pages per year"]).set_axis(journals["Title"])
    fields = per_page.groupby(journals["Field"].to_numpy()).agg(["size", "median"])
    dear = per_page[(journals["Field"] == fields.loc[fields["size"] >= 10, "median"].idxmax()).to_numpy()]
    return [
        asked(
            "octo",
            "processors.csv",
            "What percentage of the AMD processors released in 2019 has 8 cores or more (processors.csv)? One decimal.",
            round(100 * (chips.loc[amd & (year == 2019), "Cores"] >= 8).mean(), 1),
            0.06,
        ),
        asked(
            "socket",
            "processors.csv",
            "Which socket shows up most often among the AMD chips in processors.csv? Name only.",
            chips.loc[amd, "Socket"].value_counts().idxmax(),
        ),
        asked(
            "skewed",
            "processors.csv",
            "How lopsided is TDP (W) in processors.csv? Skewness and excess kurtosis over all rows, both in the bias-"
            "corrected sample version (as Excel's SKEW and KURT), two decimals: @skew[..] @kurtosis[..]",
            _tagged(skew=f"{stats.skew(watts, bias=False):.2f}", kurtosis=f"{stats.kurtosis(watts, bias=False):.2f}"),
            0.006,
        ),
        asked(
            "cited",
            "journals.csv",
            "Our library lists economics journals in journals.csv (semicolons). Leaving aside those published by a "
            "society (Society = yes), which title has the third most Citations? Give the title only.",
            journals[journals["Society"] == "no"].set_index("Title")["Citations"].nlargest(3).index[-1],
        ),
        asked(
            "anova",
            "journals.csv",
            "One-way ANOVA please: does the natural logarithm of Price (USD) differ between the publishers Elsevier, "
            "Blackwell and Kluwer in journals.csv? Use only those three publishers. Return @F[two decimals] and "
            "@significant[yes or no] at alpha = 0.01.",
            _tagged(F=f"{anova.statistic:.2f}", significant="yes" if anova.pvalue < 0.01 else "no"),
            0.006,
        ),
        asked(
            "dear",
            "journals.csv",
            "We have to cut subscriptions. In journals.csv, work out what a page costs in each journal (Price divided "
            "by Pages per year). Among the fields with at least 10 journals, find the one with the highest median cost "
            "per page, and tell me which journal of that field is the dearest per page.",
            dear.idxmax(),
        ),
    ]


def _of_inspections_and_fuels(folder: Path) -> list[dict[str, Any]]:
    inspections = pd.read_csv(folder / "inspections.csv")
    score = inspections["Inspection score"]
    weekend = score[inspections["Weekend"] == "yes"]
    in_2017 = score[inspections["Year"] == 2017]
    first, third = in_2017.quantile([0.25, 0.75])
    outside = (in_2017 < first - 1.5 * (third - first)) | (in_2017 > third + 1.5 * (third - first))
    unique = inspections.drop_duplicates()
    fuels = pd.read_csv(folder / "biomass.csv", sep=";", decimal=",")
    heat = fuels["HHV (MJ/kg)"]
    scaled = (heat - heat.min()) / (heat.max() - heat.min())
    p = stats.ttest_ind(*(heat[fuels["Set"] == name] for name in ["Training", "Testing"]), equal_var=False).pvalue
    return [
        asked(
            "weekend",
            "inspections.csv",
            "inspections.csv, restaurant inspections. How many of those done on a weekend got the full 100 points? "
            "Answer with a whole number.",
            int((weekend == 100).sum()),
        ),
        asked(
            "outliers",
            "inspections.csv",
            "Inspection score in inspections.csv, rows from 2017 only: how many outliers by the 1.5 x IQR rule "
            "(strictly outside the fences, quartiles with numpy's default linear interpolation)? Just the count.",
            int(outside.sum()),
        ),
        asked(
            "twins",
            "inspections.csv",
            "I suspect inspections.csv got exported twice in places. Drop every row that is identical in all columns "
            "to an earlier row. How many rows go away, and what is the mean Inspection score of what's left (two "
            "decimals)? @dropped[..] @mean_score[..]",
            _tagged(dropped=len(score) - len(unique), mean_score=f"{unique['Inspection score'].mean():.2f}"),
            0.006,
        ),
        asked(
            "wood",
            "biomass.csv",
            "How many samples in biomass.csv have the letters 'wood' somewhere in their name (column Sample), no "
            "matter whether upper or lower case?",
            int(fuels["Sample"].str.contains("wood", case=False).sum()),
        ),
        asked(
            "scaled",
            "biomass.csv",
            "biomass.csv is semicolon separated with decimal commas. Min-max normalise HHV (MJ/kg) over all rows to "
            "the range 0 to 1. What are mean and sample standard deviation (ddof = 1) of the normalised column? "
            "Three decimals, in this form: @mean[..] @sd[..]",
            _tagged(mean=f"{scaled.mean():.3f}", sd=f"{scaled.std():.3f}"),
            0.0006,
        ),
        asked(
            "split",
            "biomass.csv",
            "Somebody split biomass.csv into Training and Testing (column Set). Do the two parts differ in their mean "
            "HHV (MJ/kg)? Use a two-sided Welch t test and give me nothing but the p-value, to three decimals.",
            round(p, 3),
            0.0006,
        ),
    ]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), write_tables, questions)
