"""Small pictures of kinds that `image` does not write itself, for the tests over bytes.

Written with Pillow 13.0.0: python tests/data/make_pictures.py
"""

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"


def pattern(mode, size=(19, 13)):
    image = Image.new("RGB", size)
    for y in range(size[1]):
        for x in range(size[0]):
            image.putpixel((x, y), (x * 13 % 256, y * 17 % 256, x * y % 256))
    return image.convert(mode)


def main():
    FOLDER.mkdir(exist_ok=True)
    colour, grey = pattern("RGB"), pattern("L")
    frames = [pattern("RGB").rotate(90 * turn) for turn in range(3)]
    save = lambda image, name, **options: image.save(FOLDER / name, **options)
    save(colour, "progressive.jpg", progressive=True, quality=40)
    save(colour, "restarts.jpg", quality=40, restart_marker_blocks=1)
    save(pattern("CMYK"), "cmyk.jpg", quality=40)
    save(grey, "grey.jpg", quality=40)
    save(colour, "lossy.webp", quality=40)
    save(pattern("RGBA"), "lossless.webp", lossless=True)
    save(frames[0], "film.webp", save_all=True, append_images=frames[1:], quality=40)
    save(frames[0], "film.gif", save_all=True, append_images=frames[1:])
    save(pattern("P"), "palette.png", transparency=3)
    save(pattern("1"), "bits.png")
    save(pattern("I;16"), "deep.png")
    save(frames[0], "film.png", save_all=True, append_images=frames[1:])
    save(pattern("1"), "bits.bmp")
    save(pattern("P"), "palette.bmp")
    save(pattern("RGBA"), "alpha.bmp")
    for compression in ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]:
        save(colour, f"{compression}.tif", compression=compression)
    save(pattern("1"), "group4.tif", compression="group4")
    save(pattern("CMYK"), "cmyk.tif")
    save(grey.convert("F"), "float.tif")
    save(pattern("I;16"), "deep.tif")


if __name__ == "__main__":
    main()
