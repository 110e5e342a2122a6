"""Plots as inline SVG without a script: axes from 0, units, intervals, and under each the numbers as a table.

Positions are percentages of the plot's area, so that words keep their size at every width; the style sheet keeps the room around it for labels.
In a nested drawing of 100 x 100 units a share of 50 % stands at half height. Colours are classes; the tokens give them their values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

PERCENT = "%"
TICKS = 4
FEW, MANY = 5, 13
"""How many labels of the axis below fit on a narrow and on a wide screen."""
LINES = 6
"""More lines than the tokens have colours for cannot be told apart."""
ROUND = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12)
SHORT = 36
"""Longer labels of intervals are cut in the drawing; the table has them whole."""
ROW = 44
"""Height of a row of bars or intervals, in pixels."""


@dataclass(frozen=True, slots=True)
class Line:
    """A named series; None where there is no value. ``low`` and ``high`` are the ends of the interval of each value.

    In the unit ``%`` values are shares from 0 to 1.
    """

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about one confidence, the share of them that was right with its interval, all from 0 to 1, and how many there were."""

    confidence: float
    share: float
    low: float
    high: float
    count: int


def trend(title: str, unit: str, labels: Sequence[str], lines: Sequence[Line], *, across: str = "", links: Sequence[str] = ()) -> Markup:
    """Return lines over ``labels``, from 0 to 100 % or to a round number; ``across`` names what the labels are, ``links`` lead to their rows.

    Raises:
        ValueError: a line has not one value for each label, or there are more lines than can be told apart.
    """
    if len(lines) > LINES or any(len(one) != len(labels) for line in lines for one in (line.values, line.low, line.high) if one is not None):
        raise ValueError(f"a trend has up to {LINES} lines with one value for each of its {len(labels)} labels")
    top = _top(unit, [value for line in lines for value in (*line.values, *(line.high or ())) if value is not None])
    places = [_round(100 * (number + 0.5) / len(labels)) for number in range(len(labels))]
    drawn = Markup("").join(_line(line, number, places, labels, top, unit) for number, line in enumerate(lines))
    body = _rules(top, unit) + _below(labels, places) + drawn
    told = [[label, *(_interval_said(line, number, unit) for line in lines)] for number, label in enumerate(labels)]
    keys = Markup("").join(_key(line.name, f"line-{number}") for number, line in enumerate(lines))
    legend = _made("ul", keys, klass="plot-key") if len(lines) > 1 else Markup("")
    return _figure("trend", title, unit, across, body, _table(title, [across or "", *(line.name for line in lines)], told, links), legend)


def funnel(title: str, stages: Sequence[tuple[str, int, str]]) -> Markup:
    """Return bars for the counts of stages, each as long as its share of the largest; the third of each leads to its rows, "" to none."""
    largest, first = max((count for _, count, _ in stages), default=0), stages[0][1] if stages else 0
    rows = Markup("").join(_bar(number, label, count, href, largest, first) for number, (label, count, href) in enumerate(stages))
    told = [[label, f"{count:,}", _share(count, first)] for label, count, _ in stages]
    table = _table(title, ["Stage", "Count", f"Share of {stages[0][0]}" if stages else "Share"], told, [href for _, _, href in stages])
    return _figure("bars", title, "", "", rows, table, height=ROW * len(stages))


def reliability(title: str, bins: Sequence[Bin]) -> Markup:
    """Return how often answers of each confidence were right, with intervals, against the diagonal on which confidence tells the truth."""
    diagonal = _canvas(_made("line", "", x1=0, y1=100, x2=100, y2=0, klass="plot-diagonal"))
    dots = Markup("").join(_dot(one) for one in bins)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    below = Markup("").join(_text(f"{_value(tick, PERCENT)}", f"{100 * tick:g}%", "100%", "plot-x", dy=18) for tick in ticks)
    told = [[_value(one.confidence, PERCENT), _value(one.share, PERCENT), _range(one.low, one.high, PERCENT), f"{one.count:,}"] for one in bins]
    table = _table(title, ["Confidence", "Were right", "95 % interval", "Answers"], told)
    legend = _made("ul", _key("confidence tells the truth", "diagonal"), klass="plot-key")
    return _figure("square", title, "share that was right, %", "confidence, %", _rules(1.0, PERCENT) + below + diagonal + dots, table, legend)


def heatmap(title: str, rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], unit: str) -> Markup:
    """Return a grid of counts, the darker the more; row by row as in ``counts``.

    Raises:
        ValueError: there is not one count for each row and column.
    """
    if len(counts) != len(rows) or any(len(row) != len(columns) for row in counts):
        raise ValueError("a heat map has one count for each of its rows and columns")
    largest = max((count for row in counts for count in row), default=0)
    tall, wide = 100 / max(1, len(rows)), 100 / max(1, len(columns))
    cells = Markup("").join(
        _cell(label, column, count, largest, (x * wide, y * tall, wide, tall), unit)
        for y, (label, row) in enumerate(zip(rows, counts, strict=True))
        for x, (column, count) in enumerate(zip(columns, row, strict=True))
    )
    names = Markup("").join(_text(label, "0", f"{_round((y + 0.5) * tall)}%", "plot-y", dx=-8, dy=4) for y, label in enumerate(rows))
    frame = _made("rect", "", width="100%", height="100%", klass="heat-frame")
    below = _below(columns, [_round((x + 0.5) * wide) for x in range(len(columns))])
    table = _table(title, ["", *columns], [[label, *(f"{count:,}" for count in row)] for label, row in zip(rows, counts, strict=True)])
    scale = Markup('<p class="plot-scale"><span>0</span>{}<span>{}</span></p>').format(_shades(), f"{largest:,} {unit}")
    return _figure("heat", title, unit, "", frame + cells + names + below, table, scale, height=max(1, len(rows)) * 26)


def intervals(title: str, unit: str, rows: Sequence[tuple[str, float, float, float]]) -> Markup:
    """Return one estimate with its interval for each row (label, value, low, high), over an axis that always shows 0."""
    ends = [0.0, *(end for _, value, low, high in rows for end in (value, low, high))]
    step = _step(max(ends) - min(ends))
    ticks = [step * number for number in range(math.floor(min(ends) / step), math.ceil(max(ends) / step) + 1)]
    least, most = ticks[0], ticks[-1]

    def at(value: float) -> float:
        return _round(100 * (value - least) / (most - least))

    marks = Markup("").join(_text(_value(tick, unit), f"{at(tick)}%", "100%", "plot-x", dy=18) for tick in ticks)
    beside = ((ROW * number + 22, ROW * (number + 1) - 6) for number in range(len(rows)))
    zero = Markup("").join(_made("line", "", x1=f"{at(0)}%", x2=f"{at(0)}%", y1=y1, y2=y2, klass="plot-zero") for y1, y2 in beside)
    drawn = Markup("").join(_whisker(number, row, at, unit) for number, row in enumerate(rows))
    told = [[label, _value(value, unit), _range(low, high, unit)] for label, value, low, high in rows]
    return _figure("intervals", title, "", unit, zero + marks + drawn, _table(title, ["", "Estimate", "95 % interval"], told), height=ROW * len(rows))


# -- parts --------------------------------------------------------------------------------------------------------------


def _figure(kind: str, title: str, unit: str, across: str, body: Markup, table: Markup, legend: Markup = Markup(""), height: int = 0) -> Markup:
    room = Markup(' height="{}"').format(height) if height else Markup("")
    drawing = Markup('<svg class="plot-area" role="group" aria-label="{}"{}><title>{}</title>{}</svg>').format(title, room, title, body)
    head = Markup("<figcaption>{}{}</figcaption>").format(title, Markup(' <span class="meta">{}</span>').format(unit) if unit else "")
    foot = Markup('<p class="plot-across">{}</p>').format(across) if across else Markup("")
    numbers = Markup('<details class="plot-numbers"><summary>The numbers of “{}”</summary>{}</details>').format(title, table)
    return Markup('<figure class="plot plot-{}">{}{}{}{}{}</figure>').format(kind, head, drawing, foot, legend, numbers)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], links: Sequence[str] = ()) -> Markup:
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(head) if head else Markup("<td></td>") for head in heads)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            _linked(row[0], links[number] if number < len(links) else ""), Markup("").join(Markup("<td>{}</td>").format(value) for value in row[1:])
        )
        for number, row in enumerate(rows)
    )
    table = Markup('<table class="rows"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(top, body)
    return Markup('<div class="table-scroll" role="region" tabindex="0" aria-label="{}">{}</div>').format(f"Numbers: {title}", table)


def _linked(label: str, href: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(href, label) if href else escape(label)


def _made(tag: str, inside: str, **attributes: object) -> Markup:
    named = ((("class" if name == "klass" else name.replace("_", "-")), value) for name, value in attributes.items())
    return Markup("<{}{}>{}</{}>").format(tag, Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in named), inside, tag)


def _text(words: str, x: str, y: str, klass: str, **attributes: object) -> Markup:
    return _made("text", words, x=x, y=y, klass=klass, **attributes)


def _canvas(inside: Markup) -> Markup:
    """Return a drawing of 100 x 100 units that fills the plot's area, up and down as far as it goes."""
    return Markup('<svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(inside)


def _rules(top: float, unit: str) -> Markup:
    heights = [(top * number / TICKS, 100 - 100 * number / TICKS) for number in range(TICKS + 1)]
    return Markup("").join(
        _made("line", "", x1=0, x2="100%", y1=f"{y:g}%", y2=f"{y:g}%", klass="plot-rule" if value else "plot-axis")
        + _text(_value(value, unit), "0", f"{y:g}%", "plot-y", dx=-8, dy=4)
        for value, y in heights
    )


def _below(labels: Sequence[str], places: Sequence[float]) -> Markup:
    wide = max(1, math.ceil(len(labels) / MANY))
    narrow = wide * max(1, math.ceil(len(labels) / wide / FEW))
    shown = ((number, label) for number, label in enumerate(labels) if number % wide == 0)
    return Markup("").join(
        _text(label, f"{places[number]}%", "100%", "plot-x" if number % narrow == 0 else "plot-x plot-wide", dy=18) for number, label in shown
    )


def _line(line: Line, number: int, places: Sequence[float], labels: Sequence[str], top: float, unit: str) -> Markup:
    heights = [None if value is None else _round(100 - 100 * value / top) for value in line.values]
    runs: list[list[str]] = [[]]
    for x, y in zip(places, heights, strict=True):
        if y is None:
            runs.append([])
        else:
            runs[-1].append(f"{x},{y}")
    drawn = Markup("").join(_made("polyline", "", points=" ".join(run), klass=f"line-{number}") for run in runs if len(run) > 1)
    dots = Markup("").join(
        _made(
            "circle", _made("title", f"{line.name}, {label}: {_interval_said(line, place, unit)}"), cx=f"{x}%", cy=f"{y}%", r=4, klass=f"dot-{number}"
        )
        for place, (x, y, label) in enumerate(zip(places, heights, labels, strict=True))
        if y is not None
    )
    return _canvas(_band(line, number, places, top) + drawn) + dots


def _band(line: Line, number: int, places: Sequence[float], top: float) -> Markup:
    """Return the area between the ends of the intervals, and a whisker for a value that stands alone."""
    known: list[list[tuple[float, float, float]]] = [[]]
    for x, low, high in zip(places, line.low or (), line.high or (), strict=False):
        if low is None or high is None:
            known.append([])
        else:
            known[-1].append((x, _round(100 - 100 * low / top), _round(100 - 100 * high / top)))
    return Markup("").join(_stretch(run, number) for run in known if run)


def _stretch(run: list[tuple[float, float, float]], number: int) -> Markup:
    if len(run) == 1:
        x, low, high = run[0]
        return _made("line", "", x1=x, x2=x, y1=low, y2=high, klass=f"line-{number}")
    around = [*(f"{x},{high}" for x, _, high in run), *(f"{x},{low}" for x, low, _ in reversed(run))]
    return _made("polygon", "", points=" ".join(around), klass=f"band-{number}")


def _bar(number: int, label: str, count: int, href: str, largest: int, first: int) -> Markup:
    said = f"{count:,}" + (f" · {_share(count, first)}" if number else "")
    words = _made("text", Markup("{} {}").format(_made("tspan", label, klass="plot-label"), said), x=0, y=ROW * number + 16)
    bar = _made("rect", "", x=0, y=ROW * number + 23, height=12, width=f"{_round(100 * count / largest) if largest else 0}%", klass="plot-bar")
    return _made("a", words + bar, href=href) if href else words + bar


def _dot(one: Bin) -> Markup:
    x, told = f"{_round(100 * one.confidence)}%", f"Confidence {_value(one.confidence, PERCENT)}: {_value(one.share, PERCENT)} of {one.count:,} right"
    ends = {"y1": f"{_round(100 - 100 * one.low)}%", "y2": f"{_round(100 - 100 * one.high)}%"}
    dot = _made("circle", _made("title", told), cx=x, cy=f"{_round(100 - 100 * one.share)}%", r=5, klass="dot-0")
    return _made("line", "", x1=x, x2=x, **ends, klass="line-0") + dot


def _shades() -> Markup:
    steps = (_made("rect", "", x=f"{one * 20}%", width="20%", height="100%", klass="heat", fill_opacity=(one + 1) / 5) for one in range(5))
    return Markup('<svg aria-hidden="true" width="100" height="10">{}</svg>').format(Markup("").join(steps))


def _cell(row: str, column: str, count: int, largest: int, place: tuple[float, float, float, float], unit: str) -> Markup:
    x, y, width, height = (f"{_round(one)}%" for one in place)
    depth = round(0.12 + 0.88 * count / largest, 3) if count else 0
    words = _made("title", f"{row}, {column}: {count:,} {unit}")
    return _made("rect", words, x=x, y=y, width=width, height=height, fill_opacity=depth, klass="heat")


def _whisker(number: int, row: tuple[str, float, float, float], at: Callable[[float], float], unit: str) -> Markup:
    label, value, low, high = row
    middle = ROW * number + 30
    words = _text(label if len(label) <= SHORT else f"{label[: SHORT - 1]}…", "0", str(ROW * number + 16), "plot-label")
    reach = _made("line", "", x1=f"{at(low)}%", x2=f"{at(high)}%", y1=middle, y2=middle, klass="line-0")
    ends = Markup("").join(_made("line", "", x1=f"{at(end)}%", x2=f"{at(end)}%", y1=middle - 4, y2=middle + 4, klass="line-0") for end in (low, high))
    told = f"{label}: {_value(value, unit)}, {_range(low, high, unit)}"
    return words + reach + ends + _made("circle", _made("title", told), cx=f"{at(value)}%", cy=middle, r=5, klass="dot-0")


def _key(name: str, klass: str) -> Markup:
    mark = Markup('<svg aria-hidden="true" width="18" height="10"><line x1="0" x2="18" y1="5" y2="5" class="{}"/></svg>')
    return Markup("<li>{} {}</li>").format(mark.format("plot-diagonal" if klass == "diagonal" else klass), name)


# -- numbers ------------------------------------------------------------------------------------------------------------


def _top(unit: str, values: Sequence[float]) -> float:
    """Return where an axis from 0 ends: 1 for shares, else the next round number whose quarters are whole; 4 at least."""
    if unit == PERCENT:
        return 1.0
    largest = max((*values, float(TICKS)))
    power = 10.0 ** math.floor(math.log10(largest))
    return next(top for one in ROUND if (top := round(power * one)) >= largest and top % TICKS == 0)


def _step(span: float) -> float:
    """Return the smallest of 1, 2 or 5 times a power of ten of which five steps reach over a span."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(power * one for one in (1, 2, 5, 10) if power * one * (TICKS + 1) >= span)


def _round(value: float) -> float:
    return round(value, 2)


def _value(value: float, unit: str) -> str:
    if unit == PERCENT:
        return f"{100 * value:.0f} %"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def _range(low: float, high: float, unit: str) -> str:
    return f"{_value(low, unit)} to {_value(high, unit)}"


def _share(count: int, first: int) -> str:
    return f"{100 * count / first:.0f} %" if first else "none"


def _interval_said(line: Line, number: int, unit: str) -> str:
    value = line.values[number]
    if value is None:
        return "none"
    low, high = (one[number] if one is not None else None for one in (line.low, line.high))
    return f"{_value(value, unit)} ({_range(low, high, unit)})" if low is not None and high is not None else _value(value, unit)
