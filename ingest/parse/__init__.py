"""From the bytes of a file to titles and Markdown, one module for each format."""
