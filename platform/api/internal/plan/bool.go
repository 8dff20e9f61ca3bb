package plan

import (
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

type boolCodec struct{}

func (*boolCodec) decode(d *decoder, v reflect.Value) bool {
	k := d.json.PeekKind()
	if k != jsontext.KindTrue && k != jsontext.KindFalse {
		return d.refuse(k, "true or false")
	}
	v.SetBool(k == jsontext.KindTrue)
	return d.token()
}

func (*boolCodec) parse(s string, v reflect.Value) problem {
	if s != "true" && s != "false" {
		return wrongType("true or false")
	}
	v.SetBool(s == "true")
	return problem{}
}

func (*boolCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return strconv.AppendBool(dst, v.Bool()), nil
}

func (*boolCodec) describe(*Components) (*Schema, error) {
	return &Schema{Type: "boolean"}, nil
}
