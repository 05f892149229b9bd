"""Print files: pictures made ready for print, files written, and what is wrong with a file measured in the file itself.

What belongs here: everything between an artist's pixels and what a printer takes. What does not: composing
(`pipeline.designs.compose`), and the product's picture (`pipeline.mockups`).
"""
