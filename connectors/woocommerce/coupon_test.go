package woocommerce_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/lifecycle"
)

var (
	local = connectorstest.Local()
	noon  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	gift  = connectors.Coupon{Code: "BCDF2345", Title: "Ritorno reactivation 3", Percent: 15, Starts: noon, Expires: noon.Add(14 * 24 * time.Hour)}
)

func maker(t *testing.T, h http.Handler, key string) *woocommerce.Maker {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	m, err := woocommerce.NewMaker(woocommerce.MakerOptions{URL: s.URL, Key: key, Secret: "cs_secretOfTheTests", Client: local})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestACouponIsMadeOnce(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Key: "ck_1", Secret: "cs_secretOfTheTests", Cut: func(n int) bool { return n == 1 }})
	m := maker(t, shop.Handler(), "ck_1")
	var fault *connectors.CouponFault
	if err := m.MakeCoupon(t.Context(), gift); !errors.As(err, &fault) || fault.Refused {
		t.Fatalf("a broken line: %v", err)
	}
	five := gift
	five.Code, five.Percent, five.Amount = "FIVE", 0, lifecycle.Money{Minor: 500, Currency: "EUR"}
	for _, c := range []connectors.Coupon{gift, gift, five} {
		if err := m.MakeCoupon(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got := shop.Discounts()
	if len(got) != 2 || got[0].Code != "bcdf2345" || got[0].Percent != 15 || got[0].Limit != 1 || !got[0].End.Equal(gift.Expires) || got[1].Amount != "5.00" {
		t.Fatalf("%+v", got)
	}
	refusedWith(t, maker(t, shop.Handler(), "ck_2").MakeCoupon(t.Context(), gift), true, "Read/Write")
}

func refusedWith(t *testing.T, err error, refused bool, names string) {
	t.Helper()
	var fault *connectors.CouponFault
	if !errors.As(err, &fault) || fault.Refused != refused || !strings.Contains(fault.Text, names) {
		t.Errorf("%v (%+v), want refused %v and %q", err, fault, refused, names)
	}
	if err != nil && strings.Contains(err.Error(), "secretOfTheTests") {
		t.Errorf("a secret in %q", err)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	fault := func(code string) string { return `{"code":"` + code + `","message":"m","data":{"status":400}}` }
	for name, c := range map[string]struct {
		status  int
		body    string
		ok      bool
		refused bool
		names   string
	}{
		"made":                   {201, `{"id":7,"code":"bcdf2345"}`, true, false, ""},
		"made before":            {400, fault("woocommerce_rest_coupon_code_already_exists"), true, false, ""},
		"the front page instead": {200, "<!doctype html>", false, false, "permalinks"},
		"another coupon":         {201, `{"id":7,"code":"other"}`, false, false, "api_url"},
		"no coupon":              {201, `{}`, false, false, "api_url"},
		"not taken":              {400, fault("rest_invalid_param"), false, true, "rest_invalid_param"},
		"strange words":          {400, fault("<b>"), false, true, "no code"},
		"a key that may read":    {401, fault("woocommerce_rest_cannot_create"), false, true, "woocommerce_rest_cannot_create"},
		"forbidden":              {403, "", false, true, "403"},
		"no API":                 {404, fault("rest_no_route"), false, true, "permalinks"},
		"moved":                  {308, "", false, true, "www"},
		"unprocessable":          {422, "", false, true, "422"},
		"too many":               {429, "", false, false, "429"},
		"down":                   {502, "", false, false, "502"},
	} {
		t.Run(name, func(t *testing.T) {
			m := maker(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}), "ck_1")
			err := m.MakeCoupon(t.Context(), gift)
			if c.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refusedWith(t, err, c.refused, c.names)
		})
	}
}

func TestAnInternalShopIsRefused(t *testing.T) {
	m, err := woocommerce.NewMaker(woocommerce.MakerOptions{URL: "https://10.0.0.1", Key: "k", Secret: "s", Client: outbound.New(outbound.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	refusedWith(t, m.MakeCoupon(t.Context(), gift), true, "outbound.allow")
	if _, err := woocommerce.NewMaker(woocommerce.MakerOptions{URL: "https://x.example", Key: "k", Client: local}); err == nil {
		t.Error("half an access was taken")
	}
}
