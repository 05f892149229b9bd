"""A brief becomes artwork: choose a layout, typefaces and inks; set the words; draw the shapes; count the contrast.

What belongs here: typography, ornament, composition, colour, and the recipe that remembers them.
What does not: where typefaces are stored (`resources.typefaces`), pictures of products (`pipeline.mockups`).
"""
