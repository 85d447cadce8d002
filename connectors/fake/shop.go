package fake

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ShopOptions configure a pretend shop.
type ShopOptions struct {
	Token                  string // Shopify's Admin API token; empty: only granted ones
	ClientID, ClientSecret string // of a Shopify app that gets its token by the client credentials grant
	Key, Secret            string // of WooCommerce's REST API
	StripeKey, ACKey       string // of Stripe's and of ActiveCampaign's API
	// Fault is asked for each request, n counting from 1: the HTTP status to
	// answer with; 0 answers it. Nil: all are answered.
	Fault func(n int) int
	// Cut, where it says so, breaks the line after the request was worked off.
	Cut func(n int) bool
}

// Discount is a coupon that a pretend shop made.
type Discount struct {
	Code, Title string
	Percent     float64 // 0: Amount counts
	Amount      string
	Limit       int // how often it can be used
	Starts, End time.Time
}

// Shop is a pretend shop: as much of Shopify's Admin API and of WooCommerce's
// REST API as making a coupon, reading orders and telling back take, by their
// descriptions, with Stripe's and ActiveCampaign's for reading. All speak about
// the same coupons, orders and customers.
type Shop struct {
	o ShopOptions

	mu          sync.Mutex
	n           int
	made        []Discount
	bought      []Purchase
	told        []any       // events of Stripe, newest first
	subscribers []ACContact // of ActiveCampaign, by id
	granted     string
	grants      int
	people      []*Customer
	writes      int
}

// NewShop makes a shop without coupons.
func NewShop(o ShopOptions) *Shop { return &Shop{o: o} }

// Discounts are the coupons that were made, oldest first.
func (s *Shop) Discounts() []Discount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.made)
}

// Requests is how many requests came, refused ones included.
func (s *Shop) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// Revoke ends the token that was granted last.
func (s *Shop) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted = ""
}

// Handler answers the shop's APIs.
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /admin/oauth/access_token", s.grant)
	mux.HandleFunc("POST /admin/api/{version}/graphql.json", s.graphQL)
	mux.HandleFunc("POST /wp-json/wc/v3/coupons", s.wooCoupon)
	mux.HandleFunc("GET /wp-json/wc/v3/orders", s.wooOrders)
	mux.HandleFunc("GET /v1/{list}", s.stripeList)
	mux.HandleFunc("GET /api/3/contacts", s.acContacts)
	mux.HandleFunc("GET /api/3/ecomOrders", s.acOrders)
	mux.HandleFunc("GET /wp-json/wc/v3/customers", s.wooCustomers)
	mux.HandleFunc("PUT /wp-json/wc/v3/customers/{id}", s.wooCustomer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.n++
		n := s.n
		s.mu.Unlock()
		if s.o.Fault != nil {
			if status := s.o.Fault(n); status != 0 {
				http.Error(w, http.StatusText(status), status)
				return
			}
		}
		if s.o.Cut != nil && s.o.Cut(n) {
			mux.ServeHTTP(&deaf{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		mux.ServeHTTP(w, r)
	})
}

// deaf is an answer that nobody gets.
type deaf struct{ header http.Header }

func (d *deaf) Header() http.Header         { return d.header }
func (d *deaf) Write(b []byte) (int, error) { return len(b), nil }
func (d *deaf) WriteHeader(int)             {}

// add keeps a coupon unless its code is there; letter case does not count.
func (s *Shop) add(d Discount) (id int, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.made, func(o Discount) bool { return strings.EqualFold(o.Code, d.Code) }) {
		return 0, false
	}
	s.made = append(s.made, d)
	return len(s.made), true
}
