package shopify_test

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
	"ritorno/connectors/shopify"
	"ritorno/internal/lifecycle"
)

var (
	local = connectorstest.Local()
	noon  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	gift  = connectors.Coupon{Code: "BCDF2345", Title: "Ritorno reactivation 3", Percent: 15, Starts: noon, Expires: noon.Add(14 * 24 * time.Hour)}
)

const (
	apiToken  = "shpat_secretOfTheTests"
	appID     = "app-id"
	appSecret = "shpss_secretOfTheTests"
)

// maker stands in front of a server.
func maker(t *testing.T, h http.Handler, change func(*shopify.MakerOptions)) *shopify.Maker {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o := shopify.MakerOptions{URL: s.URL, Token: apiToken, Client: local}
	if change != nil {
		change(&o)
	}
	m, err := shopify.NewMaker(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func viaApp(o *shopify.MakerOptions) { o.Token, o.ClientID, o.ClientSecret = "", appID, appSecret }

func TestACouponIsMadeOnce(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Token: apiToken})
	m := maker(t, shop.Handler(), nil)
	for range 2 {
		if err := m.MakeCoupon(t.Context(), gift); err != nil {
			t.Fatal(err)
		}
	}
	five := gift
	five.Code, five.Percent, five.Amount = "FIVE", 0, lifecycle.Money{Minor: 500, Currency: "EUR"}
	if err := m.MakeCoupon(t.Context(), five); err != nil {
		t.Fatal(err)
	}
	got := shop.Discounts()
	if len(got) != 2 || got[0].Code != "BCDF2345" || got[0].Percent != 15 || got[0].Limit != 1 ||
		!got[0].Starts.Equal(noon) || !got[0].End.Equal(gift.Expires) || got[1].Amount != "5.00" {
		t.Fatalf("%+v", got)
	}
}

// A line that breaks after the shop made the coupon: the next try finds it.
func TestACouponWhoseAnswerWasLostIsNotMadeAgain(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Token: apiToken, Cut: func(n int) bool { return n == 1 }})
	m := maker(t, shop.Handler(), nil)
	var fault *connectors.CouponFault
	if err := m.MakeCoupon(t.Context(), gift); !errors.As(err, &fault) || fault.Refused {
		t.Fatalf("%v", err)
	}
	if err := m.MakeCoupon(t.Context(), gift); err != nil || len(shop.Discounts()) != 1 {
		t.Fatalf("%v, %+v", err, shop.Discounts())
	}
}

func TestAnAppGetsItsTokenAndRenewsOneThatIsRefused(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{ClientID: appID, ClientSecret: appSecret})
	m := maker(t, shop.Handler(), viaApp)
	two, three := gift, gift
	two.Code, three.Code = "TWO", "THREE"
	for i, c := range []connectors.Coupon{gift, two, three} {
		if i == 2 {
			shop.Revoke()
		}
		if err := m.MakeCoupon(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	// one grant, two coupons; the third is refused, granted anew and made
	if n := shop.Requests(); n != 6 || len(shop.Discounts()) != 3 {
		t.Fatalf("%d requests, %+v", n, shop.Discounts())
	}
	wrong := maker(t, shop.Handler(), func(o *shopify.MakerOptions) { viaApp(o); o.ClientSecret = "another" })
	refusedWith(t, wrong.MakeCoupon(t.Context(), gift), true, "api_secret")
}

// refusedWith checks an error: its kind, what it names, and that it holds no
// secret.
func refusedWith(t *testing.T, err error, refused bool, names string) {
	t.Helper()
	var fault *connectors.CouponFault
	if !errors.As(err, &fault) || fault.Refused != refused || !strings.Contains(fault.Text, names) {
		t.Errorf("%v (%+v), want refused %v and %q", err, fault, refused, names)
	}
	if err != nil && (strings.Contains(err.Error(), "secretOfTheTests") || strings.Contains(err.Error(), "another")) {
		t.Errorf("a secret in %q", err)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	made := `{"data":{"discountCodeBasicCreate":{"codeDiscountNode":{"id":"gid://shopify/DiscountCodeNode/1"},"userErrors":[]}}}`
	user := func(code, field string) string {
		return `{"data":{"discountCodeBasicCreate":{"codeDiscountNode":null,"userErrors":[{"field":["basicCodeDiscount","` + field + `"],"code":"` + code + `","message":"m"}]}}}`
	}
	top := func(code string) string {
		return `{"errors":[{"message":"m","extensions":{"code":"` + code + `"}}]}`
	}
	for name, c := range map[string]struct {
		status  int
		body    string
		ok      bool
		refused bool
		names   string
	}{
		"made":                        {200, made, true, false, ""},
		"made before":                 {200, user("TAKEN", "code"), true, false, ""},
		"another field is taken":      {200, user("TAKEN", "title"), false, true, "TAKEN"},
		"a discount it does not like": {200, user("VALUE_OUTSIDE_RANGE", "customerGets"), false, true, "VALUE_OUTSIDE_RANGE"},
		"an error of strange words":   {200, user("<b>x</b>", "code"), false, true, "no code"},
		"no right":                    {200, top("ACCESS_DENIED"), false, true, "write_discounts"},
		"throttled":                   {200, top("THROTTLED"), false, false, "THROTTLED"},
		"its own fault":               {200, top("INTERNAL_SERVER_ERROR"), false, false, "just now"},
		"an old version":              {200, top("undefinedField"), false, true, "api_version"},
		"errors as text":              {200, `{"errors":"no"}`, false, true, "api_token"},
		"no JSON":                     {200, "<html>", false, false, "api_url"},
		"nothing":                     {200, "{}", false, false, "whether"},
		"no node":                     {200, `{"data":{"discountCodeBasicCreate":{"codeDiscountNode":null,"userErrors":[]}}}`, false, false, "whether"},
		"token refused":               {401, `{"errors":"x"}`, false, true, "api_token"},
		"forbidden":                   {403, "", false, true, "403"},
		"frozen":                      {402, "", false, true, "frozen"},
		"locked":                      {423, "", false, true, "locked"},
		"not a shop":                  {404, "", false, true, "api_url"},
		"moved":                       {301, "", false, true, "myshopify.com"},
		"not understood":              {422, "", false, true, "api_version"},
		"too many":                    {429, "", false, false, "429"},
		"down":                        {503, "", false, false, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			m := maker(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}), nil)
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
	m := maker(t, http.NotFoundHandler(), func(o *shopify.MakerOptions) { o.Client = outbound.New(outbound.Options{}) })
	refusedWith(t, m.MakeCoupon(t.Context(), gift), true, "outbound.allow")
}

func TestAccessMustBeWhole(t *testing.T) {
	for _, o := range []shopify.MakerOptions{
		{Token: "t", Client: local},
		{URL: "https://x.myshopify.com", Client: local},
		{URL: "https://x.myshopify.com", ClientID: "i", Client: local},
		{URL: "https://x.myshopify.com", Token: "t"},
	} {
		if _, err := shopify.NewMaker(o); err == nil || !strings.Contains(err.Error(), "api_url") {
			t.Errorf("%v", err)
		}
	}
}
