package webp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	xwebp "golang.org/x/image/webp"

	"github.com/banyan-go/banyan/platform/images/driver"
	"github.com/banyan-go/banyan/platform/images/webp"
)

func codec(t *testing.T) driver.Codec {
	t.Helper()
	c, err := webp.Driver{}.Open()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// quarters is an image with a colour in each quarter: red, green / blue, white.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range []color.Color{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.White} {
		x, y := i%2*w/2, i/2*h/2
		draw.Draw(img, image.Rect(x, y, x+w/2, y+h/2), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// seen names the colours in the quarters of an image, row by row.
func seen(img image.Image) string {
	var b strings.Builder
	r := img.Bounds()
	for i := range 4 {
		x, y := r.Dx()/4+i%2*r.Dx()/2, r.Dy()/4+i/2*r.Dy()/2
		c := color.NRGBAModel.Convert(img.At(r.Min.X+x, r.Min.Y+y)).(color.NRGBA) //nolint:forcetypeassert // the model makes nothing else
		switch {
		case c.A < 40:
			b.WriteByte('.')
		case c.R > 200 && c.G > 200 && c.B > 200:
			b.WriteByte('W')
		case c.R > 200 && c.G < 80:
			b.WriteByte('R')
		case c.G > 200 && c.R < 80:
			b.WriteByte('G')
		case c.B > 200 && c.R < 80:
			b.WriteByte('B')
		default:
			fmt.Fprint(&b, c)
		}
	}
	return b.String()
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 95}) })
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

func decodeWebP(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := xwebp.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEachFormatBecomesWebPAndJPEG(t *testing.T) {
	t.Parallel()
	c := codec(t)
	img := quarters(400, 200)
	first, err := c.Convert(t.Context(), asPNG(t, img), []int{400}, 90)
	if err != nil {
		t.Fatal(err)
	}
	for format, data := range map[string][]byte{
		"jpeg": asJPEG(t, img), "png": asPNG(t, img), "webp": first[0].WebP,
		"gif": encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }),
	} {
		h, err := c.Inspect(data)
		if err != nil || h != (driver.Header{Format: format, Width: 400, Height: 200, Frames: 1}) {
			t.Errorf("%s: %+v, %v", format, h, err)
		}
		all, err := c.Convert(t.Context(), data, []int{400, 100, 33}, 80)
		if err != nil || len(all) != 3 {
			t.Fatalf("%s: %d, %v", format, len(all), err)
		}
		for i, want := range []image.Point{{400, 200}, {100, 50}, {33, 17}} {
			j, err := jpeg.Decode(bytes.NewReader(all[i].JPEG))
			if err != nil {
				t.Fatal(err)
			}
			w := decodeWebP(t, all[i].WebP)
			if w.Bounds().Size() != want || j.Bounds().Size() != want || all[i].Width != want.X || all[i].Height != want.Y {
				t.Errorf("%s: %v, %v, want %v", format, w.Bounds(), j.Bounds(), want)
			}
			if seen(w) != "RGBW" || seen(j) != "RGBW" {
				t.Errorf("%s at %v: %s, as JPEG %s", format, want, seen(w), seen(j))
			}
		}
	}
	// Up to here package images lets them come.
	longest, err := c.Convert(t.Context(), asPNG(t, quarters(16, 16383)), []int{16}, 80)
	if err != nil || decodeWebP(t, longest[0].WebP).Bounds().Dy() != 16383 {
		t.Errorf("the longest side: %v", err)
	}
	if _, err := c.Convert(t.Context(), asPNG(t, quarters(16, 16384)), []int{16}, 80); err == nil {
		t.Error("a longer one is made")
	}
}

// withEXIF puts an orientation, and the place where it was taken, into a JPEG.
func withEXIF(data []byte, o uint16, order binary.ByteOrder) []byte {
	var tiff bytes.Buffer
	tiff.WriteString(map[bool]string{true: "II", false: "MM"}[order == binary.ByteOrder(binary.LittleEndian)])
	_ = binary.Write(&tiff, order, uint16(42)) // a buffer takes everything
	_ = binary.Write(&tiff, order, uint32(8))
	_ = binary.Write(&tiff, order, uint16(2))
	_ = binary.Write(&tiff, order, []uint16{0x010f, 2, 0, 4, 0, 0}) // the maker
	_ = binary.Write(&tiff, order, []uint16{0x0112, 3})
	_ = binary.Write(&tiff, order, uint32(1))
	_ = binary.Write(&tiff, order, []uint16{o, 0})
	tiff.WriteString("GPS 48.8584 N 2.2945 E")
	segment := append([]byte("Exif\x00\x00"), tiff.Bytes()...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return append(append(out, segment...), data[2:]...)
}

// A phone writes what it sees and says how it was held; what is made of it stands upright, and says nothing of where that was.
func TestImagesStandUprightWithoutMetadata(t *testing.T) {
	t.Parallel()
	c := codec(t)
	upright := asJPEG(t, quarters(400, 200))
	for o, want := range []string{1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB", 9: "RGBW"} {
		if o == 0 {
			continue
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			data := withEXIF(upright, uint16(o), order)
			size := image.Pt(200, 100)
			if o >= 5 && o <= 8 {
				size = image.Pt(100, 200)
			}
			h, err := c.Inspect(data)
			if err != nil || h.Width != 2*size.X || h.Height != 2*size.Y {
				t.Errorf("%d: %+v, %v", o, h, err)
			}
			all, err := c.Convert(t.Context(), data, []int{size.X}, 90)
			if err != nil {
				t.Fatal(err)
			}
			if img := decodeWebP(t, all[0].WebP); seen(img) != want || img.Bounds().Size() != size {
				t.Errorf("%d: %s at %v, want %s at %v", o, seen(img), img.Bounds(), want, size)
			}
			for _, out := range [][]byte{all[0].WebP, all[0].JPEG} {
				if bytes.Contains(out, []byte("GPS")) || bytes.Contains(out, []byte("Exif")) {
					t.Errorf("%d: the metadata is still there", o)
				}
			}
		}
	}
}

func TestWhatIsTransparentStays(t *testing.T) {
	t.Parallel()
	img := quarters(100, 100)
	draw.Draw(img, image.Rect(50, 50, 100, 100), image.Transparent, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, 50, 50), image.NewUniform(color.NRGBA{255, 0, 0, 128}), image.Point{}, draw.Src)
	all, err := codec(t).Convert(t.Context(), asPNG(t, img), []int{50}, 90)
	if err != nil {
		t.Fatal(err)
	}
	w := decodeWebP(t, all[0].WebP)
	if got := seen(w); got != "RGB." {
		t.Errorf("%s", got)
	}
	if c := color.NRGBAModel.Convert(w.At(12, 12)).(color.NRGBA); c.A < 120 || c.A > 136 { //nolint:forcetypeassert // the model makes nothing else
		t.Errorf("half of red is %v", c)
	}
	j, err := jpeg.Decode(bytes.NewReader(all[0].JPEG))
	if err != nil || !strings.HasSuffix(seen(j), "GBW") {
		t.Errorf("on white: %s, %v", seen(j), err)
	}
}

// bomb is a PNG that says of itself what nothing in it bears out.
func bomb(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	return append(out, make([]byte, 10<<10)...)
}

// jpegBomb says so in a JPEG.
func jpegBomb(w, h uint16) []byte {
	out := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
	out = append(out, []byte{0xff, 0xc0, 0, 17, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1}...)
	return append(out, make([]byte, 10<<10)...)
}

// What an image says of itself is read without the memory that it asks for.
func TestInspectDecodesNothing(t *testing.T) {
	c := codec(t)
	gifBomb := append([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), bytes.Repeat([]byte("\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x00\x00"), 1000)...)
	for name, row := range map[string]struct {
		data []byte
		want driver.Header
	}{
		"png":  {bomb(65535, 65535), driver.Header{Format: "png", Width: 65535, Height: 65535, Frames: 1}},
		"jpeg": {jpegBomb(65535, 65535), driver.Header{Format: "jpeg", Width: 65535, Height: 65535, Frames: 1}},
		"gif":  {gifBomb, driver.Header{Format: "gif", Width: 65535, Height: 65535, Frames: 1000}},
		"webp": {[]byte("RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\xff\xff\xff\x0f" + strings.Repeat("\x00", 32)), driver.Header{Format: "webp", Width: 16384, Height: 16384, Frames: 1}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h, err := c.Inspect(row.data)
		runtime.ReadMemStats(&after)
		if err != nil || h != row.want {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s: %d bytes were allocated for %d", name, took, len(row.data))
		}
	}
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	t.Parallel()
	c := codec(t)
	whole := asJPEG(t, quarters(64, 64))
	small, err := c.Convert(t.Context(), whole, []int{64}, 80)
	if err != nil {
		t.Fatal(err)
	}
	// A canvas of one pixel around a frame that is larger.
	canvas := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), small[0].WebP[12:]...)
	binary.LittleEndian.PutUint32(canvas[4:], uint32(len(canvas)-8))
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "a page": []byte("<html>"), "a drawing": []byte("<svg/>"),
		"a magic alone": []byte("\xff\xd8\xff"), "a PNG of no pixels": bomb(0, 10), "half of one": whole[:len(whole)/2],
		"a page behind a magic": []byte("GIF89a<script>alert(1)</script>"), "a frame beyond its canvas": canvas,
		"a bomb that is decoded": bomb(100, 100), "a broken EXIF": withEXIF([]byte{0xff, 0xd8, 0xff}, 6, binary.LittleEndian),
	} {
		if _, err := c.Convert(t.Context(), data, []int{16}, 80); !errors.Is(err, driver.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnImageHasItsTime(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := codec(t).Convert(ended, asPNG(t, quarters(64, 64)), []int{64}, 80); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
