package config_test

import (
	"testing"

	"ritorno/internal/lifecycle"
)

func TestABrandIsCompletedSoThatItsTextCanBeRead(t *testing.T) {
	for color, want := range map[string]string{"#FFEE00": "#000000", "#b3261e": "#ffffff", "#000000": "#ffffff", "#ffffff": "#000000"} {
		r := minimal(t, "    brand: {color: \""+color+"\", logo: https://shop.example/logo.png}\n").Rules("bottega")
		if r.Brand.TextColor != want || r.Brand.Font != "Arial,Helvetica,sans-serif" || r.Brand.Logo != "https://shop.example/logo.png" {
			t.Errorf("text on %s: %+v", color, r.Brand)
		}
	}
	r := minimal(t, "    brand: {address: \" Bottega Rossi, Via Roma 1, Milano \"}\n").Rules("bottega")
	if want := (lifecycle.Brand{Color: "#8a3b12", TextColor: "#ffffff", Address: "Bottega Rossi, Via Roma 1, Milano", Font: "Arial,Helvetica,sans-serif"}); r.Brand != want {
		t.Errorf("a brand with an address alone: %+v", r.Brand)
	}
	none := minimal(t, "").Rules("bottega")
	if none.Brand != (lifecycle.Brand{}) || none.Business != lifecycle.Ecommerce {
		t.Errorf("a shop without a brand: %+v, business %q", none.Brand, none.Business)
	}
}
