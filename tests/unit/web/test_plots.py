"""What stands in a plot: every position is the number that the table under it tells."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from assistant.entrypoints.web.plots import Bin, Line, funnel, heatmap, intervals, reliability, trend

WEEKS = ["W45", "W46", "W47"]


def drawn(plot: Markup) -> ElementTree.Element:
    """The figure as a tree: it has to be well-formed for that."""
    return ElementTree.fromstring(str(plot))


def shapes(plot: Markup, tag: str, klass: str) -> list[dict[str, str]]:
    return [dict(one.attrib) for one in drawn(plot).iter(tag) if klass in one.get("class", "").split()]


def table(plot: Markup) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in drawn(plot).iter("tr")]


def test_a_value_of_50_percent_is_at_half_height_and_0_is_at_the_bottom() -> None:
    plot = trend("Resolved", "%", WEEKS, [Line("confirmed", [0.0, 0.5, 1.0])])
    assert [dot["cy"] for dot in shapes(plot, "circle", "dot-0")] == ["100.0%", "50.0%", "0.0%"]
    assert [line["points"] for line in shapes(plot, "polyline", "line-0")] == ["16.67,100.0 50.0,50.0 83.33,0.0"]
    assert ["".join(text.itertext()) for text in drawn(plot).iter("text") if text.get("class") == "plot-y"] == [
        "0 %",
        "25 %",
        "50 %",
        "75 %",
        "100 %",
    ]


@pytest.mark.parametrize(("values", "top"), [([3.0], 4), ([10.0], 12), ([97.0], 100), ([100.0], 100), ([101.0], 120), ([4_100.0], 6_000), ([0.0], 4)])
def test_an_axis_of_counts_begins_at_0_and_its_quarters_are_whole(values: list[float], top: int) -> None:
    plot = trend("Asked", "conversations", ["W47"], [Line("asked", values)])
    marks = [float("".join(text.itertext()).replace(",", "")) for text in drawn(plot).iter("text") if text.get("class") == "plot-y"]
    assert marks == [top * part / 4 for part in range(5)] and all(mark == int(mark) for mark in marks)
    assert float(shapes(plot, "circle", "dot-0")[0]["cy"].rstrip("%")) == pytest.approx(100 - 100 * values[0] / top, abs=0.01)


def test_an_interval_is_a_band_between_its_ends_and_is_told_in_the_table() -> None:
    plot = trend("Resolved", "%", WEEKS, [Line("confirmed", [0.5, 0.6, 0.7], low=[0.4, 0.5, 0.6], high=[0.6, 0.7, 0.8])])
    assert [band["points"] for band in shapes(plot, "polygon", "band-0")] == ["16.67,40.0 50.0,30.0 83.33,20.0 83.33,40.0 50.0,50.0 16.67,60.0"]
    assert table(plot) == [["", "confirmed"], ["W45", "50 % (40 % to 60 %)"], ["W46", "60 % (50 % to 70 %)"], ["W47", "70 % (60 % to 80 %)"]]


def test_a_week_without_a_value_is_a_gap_in_the_line_and_no_zero() -> None:
    plot = trend(
        "Resolved", "%", [*WEEKS, "W48", "W49"], [Line("confirmed", [0.5, 0.5, None, 0.5, 0.5], low=[0.4] * 5, high=[0.6, 0.6, None, 0.6, 0.6])]
    )
    assert len(shapes(plot, "polyline", "line-0")) == 2 and len(shapes(plot, "circle", "dot-0")) == 4 and len(shapes(plot, "polygon", "band-0")) == 2
    assert table(plot)[3] == ["W47", "none"]


def test_a_value_that_stands_alone_has_its_interval_as_a_whisker() -> None:
    plot = trend("Resolved", "%", ["W47"], [Line("confirmed", [0.5], low=[0.25], high=[0.75])])
    assert shapes(plot, "line", "line-0") == [{"x1": "50.0", "x2": "50.0", "y1": "75.0", "y2": "25.0", "class": "line-0"}]


def test_lines_that_do_not_fit_their_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="one value for each of its 3 labels"):
        trend("Resolved", "%", WEEKS, [Line("confirmed", [0.5])])
    with pytest.raises(ValueError, match="up to 6 lines"):
        trend("Resolved", "%", WEEKS, [Line(str(number), [0.5] * 3) for number in range(7)])


def test_labels_below_a_year_are_thinned_and_the_table_keeps_them_all() -> None:
    weeks = [f"W{number}" for number in range(1, 53)]
    plot = trend("Asked", "conversations", weeks, [Line("asked", [7.0] * 52)])
    below = [text.get("class", "") for text in drawn(plot).iter("text") if "plot-x" in text.get("class", "")]
    assert len(below) == 13 and sum("plot-wide" not in klass for klass in below) == 5
    assert [row[0] for row in table(plot)[1:]] == weeks


def test_bars_of_a_funnel_are_as_long_as_their_share_and_lead_to_their_rows() -> None:
    plot = funnel("From question to outcome", [("Asked", 400, "/all?a=1&b=2"), ("Answered", 300, "/some"), ("Confirmed", 0, "")])
    assert [bar["width"] for bar in shapes(plot, "rect", "plot-bar")] == ["100.0%", "75.0%", "0.0%"]
    assert [one.get("href") for one in drawn(plot).iter("a")] == ["/all?a=1&b=2", "/some", "/all?a=1&b=2", "/some"]
    assert table(plot)[1:] == [["Asked", "400", "100 %"], ["Answered", "300", "75 %"], ["Confirmed", "0", "0 %"]]


def test_a_funnel_of_nothing_is_drawn_without_a_division() -> None:
    plot = funnel("From question to outcome", [("Asked", 0, ""), ("Answered", 0, "")])
    assert {bar["width"] for bar in shapes(plot, "rect", "plot-bar")} == {"0%"} and table(plot)[2] == ["Answered", "0", "none"]


def test_a_confidence_that_tells_the_truth_stands_on_the_diagonal() -> None:
    plot = reliability("Is the confidence right?", [Bin(0.8, 0.8, 0.7, 0.9, 120)])
    (dot,), (whisker,), (diagonal, _) = shapes(plot, "circle", "dot-0"), shapes(plot, "line", "line-0"), shapes(plot, "line", "plot-diagonal")
    assert (dot["cx"], dot["cy"]) == ("80.0%", "20.0%") and (whisker["y1"], whisker["y2"]) == ("30.0%", "10.0%")
    assert (diagonal["x1"], diagonal["y1"], diagonal["x2"], diagonal["y2"]) == ("0", "100", "100", "0")
    assert table(plot)[1] == ["80 %", "80 %", "70 % to 90 %", "120"]


def test_a_cell_of_a_heat_map_is_the_darker_the_more_and_an_empty_one_is_clear() -> None:
    plot = heatmap("When people ask", ["vpn", "email"], ["08", "09"], [[0, 5], [10, 1]], "conversations")
    cells = shapes(plot, "rect", "heat")[:4]
    assert [(cell["x"], cell["y"]) for cell in cells] == [("0.0%", "0.0%"), ("50.0%", "0.0%"), ("0.0%", "50.0%"), ("50.0%", "50.0%")]
    depth = [float(cell["fill-opacity"]) for cell in cells]
    assert depth[0] == 0 < depth[3] < depth[1] < depth[2] == 1
    assert table(plot) == [["", "08", "09"], ["vpn", "0", "5"], ["email", "10", "1"]]
    with pytest.raises(ValueError, match="one count"):
        heatmap("When people ask", ["vpn"], ["08", "09"], [[1]], "conversations")


def test_an_effect_is_drawn_on_an_axis_that_shows_0() -> None:
    plot = intervals("Effect of articles", "points", [("VPN keeps asking", 8.0, 4.0, 12.0), ("No effect", 1.0, -3.0, 5.0)])
    zero, _ = shapes(plot, "line", "plot-zero")
    place = {dot["cx"] for dot in shapes(plot, "circle", "dot-0")}
    marks = ["".join(text.itertext()) for text in drawn(plot).iter("text") if text.get("class") == "plot-x"]
    least, most = float(marks[0]), float(marks[-1])
    assert least <= -3 and most >= 12 and "0" in marks
    assert float(zero["x1"].rstrip("%")) == pytest.approx(100 * (0 - least) / (most - least), abs=0.01)
    assert place == {f"{round(100 * (value - least) / (most - least), 2)}%" for value in (8.0, 1.0)}
    assert table(plot)[2] == ["No effect", "1", "-3 to 5"]


HOSTILE = '<script>alert("x")</script>&'


@pytest.mark.parametrize(
    "plot",
    [
        trend(HOSTILE, HOSTILE, [HOSTILE], [Line(HOSTILE, [1.0])], across=HOSTILE, links=[HOSTILE]),
        funnel(HOSTILE, [(HOSTILE, 1, HOSTILE)]),
        heatmap(HOSTILE, [HOSTILE], [HOSTILE], [[1]], HOSTILE),
        intervals(HOSTILE, HOSTILE, [(HOSTILE, 1.0, 0.0, 2.0)]),
        reliability(HOSTILE, []),
    ],
)
def test_words_from_outside_stay_words(plot: Markup) -> None:
    assert "<script" not in plot and HOSTILE in "".join(drawn(plot).itertext()) and " style=" not in plot
