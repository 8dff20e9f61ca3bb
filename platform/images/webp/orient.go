package webp

import (
	"encoding/binary"
	"image"
)

// orient is how an image has to be turned to stand upright, 1 to 8 as EXIF counts (tag 0x0112; CIPA DC-008, section 4.6.5); 1 is not at all.
type orient uint16

// swaps reports whether width and height change places.
func (o orient) swaps() bool { return o >= 5 && o <= 8 }

// turn returns the image upright. It holds in the pixels from then on, since no metadata goes with them.
func (o orient) turn(img *image.RGBA) *image.RGBA {
	if o < 2 || o > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if o.swaps() {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			var tx, ty int
			switch o {
			case 2:
				tx, ty = w-1-x, y
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				tx, ty = x, h-1-y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			default:
				tx, ty = y, w-1-x
			}
			copy(to.Pix[to.PixOffset(tx, ty):][:4], img.Pix[img.PixOffset(x, y):][:4])
		}
	}
	return to
}

// orientation reads the one of a JPEG's EXIF, 1 where it says nothing that can be read.
func orientation(data []byte) orient {
	const app1, scan = 0xe1, 0xda
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == scan || length < 2 || at+2+length > len(data) {
			return 1
		}
		segment := data[at+4 : at+2+length]
		if marker == app1 && len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return exif(segment[6:])
		}
		at += 2 + length
	}
	return 1
}

// exif looks the orientation up in the first directory of a TIFF.
func exif(tiff []byte) orient {
	var order binary.ByteOrder
	switch string(tiff[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	const size, tag, short = 12, 0x0112, 3
	for range order.Uint16(tiff[at:]) {
		if len(entries) < size {
			return 1
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if o := orient(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[size:]
	}
	return 1
}
