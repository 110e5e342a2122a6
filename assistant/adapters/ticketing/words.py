"""Words out of what mail programs and rich text editors leave in tickets."""

from __future__ import annotations


def plain_words(markup: str) -> str:
    """Return the text of HTML, one line for each line that it shows, without scripts, styles and quoted markup."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup, "html.parser")
    for element in soup(["script", "style", "head", "template"]):
        element.decompose()
    for element in soup(["br", "p", "div", "li", "tr", "blockquote"]):
        element.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().split("\n"))
    return "\n".join(line for line in lines if line)
