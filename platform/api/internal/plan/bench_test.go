package plan_test

import (
	stdjson "encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/id"
)

// createProduct is the body of a usual POST.
type createProduct struct {
	SKU         string   `json:"sku" minLength:"1" maxLength:"64"`
	Name        string   `json:"name" minLength:"1" maxLength:"255"`
	Description *string  `json:"description" maxLength:"1000"`
	Price       price    `json:"price"`
	Active      bool     `json:"active" default:"true"`
	Stock       int      `json:"stock" minimum:"0"`
	Weight      float64  `json:"weight" minimum:"0"`
	Released    string   `json:"released" format:"date"`
	Tags        []string `json:"tags" maxItems:"10" maxLength:"30"`
}

const postBody = `{"sku":"SKU-000123","name":"A product with a name of usual length","description":"It is described in a sentence or two, ` +
	`as products are.","price":{"amount":1999,"currency":"EUR"},"active":true,"stock":42,"weight":1.25,"released":"2026-02-03","tags":["new","blue","summer"]}`

func BenchmarkDecodePost(b *testing.B) {
	b.Run("plan", func(b *testing.B) {
		p := compile[createProduct](b, plan.Input)
		b.SetBytes(int64(len(postBody)))
		b.ReportAllocs()
		for b.Loop() {
			var v createProduct
			if err := p.Decode([]byte(postBody), reflect.ValueOf(&v).Elem(), plan.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(postBody)))
		b.ReportAllocs()
		for b.Loop() {
			var v createProduct
			if err := stdjson.Unmarshal([]byte(postBody), &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type benchList struct {
	Data []benchProduct `json:"data"`
	Page page           `json:"page"`
}

type benchProduct struct {
	ID       id.ID      `json:"id"`
	SKU      string     `json:"sku"`
	Name     string     `json:"name"`
	Price    price      `json:"price"`
	Active   bool       `json:"active"`
	Rating   float64    `json:"rating"`
	Released *time.Time `json:"released"`
	Created  time.Time  `json:"created_at"`
	Version  int64      `json:"version"`
}

func BenchmarkEncodeList(b *testing.B) {
	v := &benchList{}
	for _, p := range someProducts(50).Data {
		v.Data = append(v.Data, benchProduct{
			SKU: p.SKU, Name: p.Name, Price: p.Price, Active: true, Rating: p.Rating, Released: p.Released, Created: p.Created, Version: p.Version,
		})
	}
	b.Run("plan", func(b *testing.B) {
		p := compile[benchList](b, plan.Output)
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = p.Append(buf[:0], reflect.ValueOf(v).Elem(), nil); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			buf, err := stdjson.Marshal(v)
			if err != nil {
				b.Fatal(err)
			}
			n = len(buf)
		}
		b.SetBytes(int64(n))
	})
}
