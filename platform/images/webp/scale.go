package webp

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// resized returns an image in another size, with its colours multiplied by alpha. One that is much larger is first averaged by whole pixels: the
// better filter looks at every pixel many times.
func resized(img image.Image, width, height int) *image.RGBA {
	b := img.Bounds()
	if f := min(b.Dx()/(2*width), b.Dy()/(2*height)); f >= 2 {
		img = averaged(img, f)
		b = img.Bounds()
	}
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	if b.Dx() == width && b.Dy() == height {
		draw.Draw(to, to.Rect, img, b.Min, draw.Src)
		return to
	}
	draw.CatmullRom.Scale(to, to.Rect, img, b, draw.Src, nil)
	return to
}

// averaged returns an image whose pixels are the mean of f times f. It converts a band of rows at a time.
func averaged(img image.Image, f int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx()/f, b.Dy()/f
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	band := image.NewRGBA(image.Rect(0, 0, w*f, f))
	sums := make([]int, 4*w)
	for y := range h {
		draw.Draw(band, band.Rect, img, image.Pt(b.Min.X, b.Min.Y+y*f), draw.Src)
		clear(sums)
		for row := range f {
			pix := band.Pix[row*band.Stride:][:4*w*f]
			for x := range w {
				s, p := sums[4*x:][:4], pix[4*x*f:][:4*f]
				for i := 0; i < len(p); i += 4 {
					s[0], s[1], s[2], s[3] = s[0]+int(p[i]), s[1]+int(p[i+1]), s[2]+int(p[i+2]), s[3]+int(p[i+3])
				}
			}
		}
		out := to.Pix[y*to.Stride:][:4*w]
		for i, sum := range sums {
			out[i] = uint8((sum + f*f/2) / (f * f))
		}
	}
	return to
}

// straight returns the pixels as WebP has them, with colours that are not multiplied by alpha.
func straight(img *image.RGBA) *image.NRGBA {
	to := image.NewNRGBA(img.Rect)
	draw.Draw(to, to.Rect, img, img.Rect.Min, draw.Src)
	return to
}

// encodeJPEG writes an image on white: JPEG knows nothing transparent.
func encodeJPEG(img *image.RGBA, quality int) ([]byte, error) {
	to := image.NewRGBA(img.Rect)
	draw.Draw(to, to.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(to, to.Rect, img, img.Rect.Min, draw.Over)
	var b bytes.Buffer
	err := jpeg.Encode(&b, to, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}
