package cache

import (
	"encoding/json"

	jsonnext "github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// jsonCodec is the one that groups have unless told otherwise. What it reads is what encoding/json would read, in a third of the time: to read the JSON was most of what a
// value of all processes cost beside the trip. The coming encoding/json looks at a text once, and this one twice; so does the coming one when it is to find the errors that this one
// does. Of a text with an error there is no value either way.
type jsonCodec[T any] struct{ options jsonnext.Options }

func newJSONCodec[T any]() jsonCodec[T] {
	return jsonCodec[T]{jsonnext.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false))}
}

// Encode is part of Codec.
func (jsonCodec[T]) Encode(value T) ([]byte, error) { return json.Marshal(value) }

// Decode is part of Codec.
func (c jsonCodec[T]) Decode(payload []byte) (T, error) {
	var value T
	if err := jsonnext.Unmarshal(payload, &value, c.options); err == nil {
		return value, nil
	}
	var again T // json.Number, for one, the other one does not know
	err := json.Unmarshal(payload, &again)
	return again, err
}
