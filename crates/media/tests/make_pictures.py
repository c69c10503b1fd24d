#!/usr/bin/env python3
"""Draws the pictures that the tests read: pip install pillow; crates/media/tests/make_pictures.py"""
import pathlib
from PIL import Image, ImageDraw, ImageFont

FOLDER = pathlib.Path(__file__).parent / "pictures"
DIALOG = ["Connection failed", "Could not reach server api.example.com:8443",
          "Error code: ERR_CONNECTION_TIMED_OUT", "Invoice 2024-0917 charged twice: $1,249.50"]


def draw(name, size, font, places, turn=0):
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for x, y, text in places:
        pen.text((x, y), text, fill=20, font=ImageFont.load_default(font))
    if turn:
        image = image.rotate(turn, Image.BICUBIC, expand=True, fillcolor=255)
    image.quantize(16).save(FOLDER / name, optimize=True)


draw("dialog.png", (560, 170), 18, [(24, 20 + 36 * i, line) for i, line in enumerate(DIALOG)])
draw("small.png", (300, 90), 10, [(12, 8 + 18 * i, line) for i, line in enumerate(DIALOG)])
draw("slanted.png", (560, 170), 18, [(24, 20 + 36 * i, line) for i, line in enumerate(DIALOG)], turn=4)
draw("table.png", (520, 140), 16, [(x, 14 + 30 * row, cell) for row, cells in enumerate(
    [("Order", "Customer", "Total"), ("10031", "Acme Ltd", "4,310.00"),
     ("10032", "Globex Corp", "918.25"), ("10033", "Initech", "604.90")])
    for x, cell in zip((20, 190, 400), cells)])
