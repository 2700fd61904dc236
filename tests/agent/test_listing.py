from __future__ import annotations

from ml_intern_jlab.agent.listing import folded_names, shown_listing

COLUMNS = "id,colour,size,weight,height,depth,maker,year"
LISTING = (
    f"notes.txt (9 bytes)\n    Hello.\ntest.csv (90 bytes)\n    {COLUMNS}\n"
    "    1,red,2,3,4,5,a,1999\n    2,red,2,3,4,5,a,1999\n"
    f"train.csv (99 bytes)\n    {COLUMNS},price\n    3,red,2,3,4,5,a,1999,7\n    4,red,2,3,4,5,a,1999,8"
)


def test_columns_that_were_just_listed_are_not_listed_again() -> None:
    text = shown_listing(LISTING)
    assert text.count(COLUMNS) == 1
    assert "(the columns of test.csv and price)" in text
    assert "3,red,2,3,4,5,a,1999,7" in text
    assert "4,red" not in text
    assert "Hello." in text


def test_rows_can_be_left_out() -> None:
    text = shown_listing(LISTING, rows=False)
    assert COLUMNS in text
    assert "red" not in text
    assert "Hello." in text


def test_numbered_columns_are_told_by_their_first_and_last() -> None:
    names = ["id", *(f"p{number}" for number in range(64)), "digit", "p7"]
    assert folded_names(names) == ["id", "p0", "p1", "...", "p63", "digit", "p7"]
    assert folded_names(["q1", "q2", "q4"]) == ["q1", "q2", "q4"]
    text = shown_listing(f"a.csv (5 bytes)\n    {','.join(names)}\n    {'1,' * 300}1")
    assert "id,p0,p1,...,p63,digit,p7  (67 columns)" in text
    assert len(text) < 300
