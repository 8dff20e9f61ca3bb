package cache

import (
	"math"
	"reflect"
)

// overhead is about what an entry takes beside its value, in bytes.
const overhead = 160

// deepest is how far a value is followed to weigh it.
const deepest = 8

// weight returns about how much memory a value takes, in bytes. What several values share is counted for each of them.
func weight(v any) uint32 {
	value := reflect.ValueOf(v)
	if !value.IsValid() {
		return overhead
	}
	n := overhead + uint64(value.Type().Size()) + behind(value, deepest)
	return uint32(min(n, math.MaxUint32))
}

// behind returns the bytes that a value leads to.
func behind(v reflect.Value, depth int) (n uint64) {
	if depth == 0 {
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		return uint64(v.Len())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return uint64(v.Elem().Type().Size()) + behind(v.Elem(), depth-1)
	case reflect.Slice:
		n = uint64(v.Cap()) * uint64(v.Type().Elem().Size())
		return n + elements(v, depth)
	case reflect.Array:
		return elements(v, depth)
	case reflect.Map:
		for key, value := range v.Seq2() {
			n += uint64(key.Type().Size()+value.Type().Size()) + behind(key, depth-1) + behind(value, depth-1)
		}
		return n
	case reflect.Struct:
		for _, field := range v.Fields() {
			n += behind(field, depth-1)
		}
		return n
	default:
		return 0
	}
}

func elements(v reflect.Value, depth int) (n uint64) {
	switch v.Type().Elem().Kind() {
	case reflect.String, reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		for i := range v.Len() {
			n += behind(v.Index(i), depth-1)
		}
	}
	return n
}
