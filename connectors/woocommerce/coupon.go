package woocommerce

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// MakerOptions say how to reach the REST API of one shop.
type MakerOptions struct {
	URL         string // of the WordPress site, without a slash at the end
	Key, Secret string // of WooCommerce > Settings > Advanced > REST API, with Read/Write
	Client      *outbound.Client
}

// Maker makes coupons in one shop.
type Maker struct{ o MakerOptions }

var _ connectors.CouponMaker = (*Maker)(nil)

// NewMaker makes a maker.
func NewMaker(o MakerOptions) (*Maker, error) {
	if o.URL == "" || o.Key == "" || o.Secret == "" || o.Client == nil {
		return nil, errors.New("access to WooCommerce's API needs api_url, api_key and api_secret")
	}
	return &Maker{o}, nil
}

// MakeCoupon makes a coupon on the whole cart for one use.
// https://woocommerce.github.io/woocommerce-rest-api-docs/#create-a-coupon
func (m *Maker) MakeCoupon(ctx context.Context, c connectors.Coupon) error {
	body, err := json.Marshal(inputOf(c))
	if err != nil {
		return &connectors.CouponFault{Refused: true, Text: "the coupon cannot be written as JSON"}
	}
	a, err := m.o.Client.Post(ctx, m.o.URL+"/wp-json/wc/v3/coupons", http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(m.o.Key+":"+m.o.Secret))},
	}, body)
	if err != nil {
		return &connectors.CouponFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "WooCommerce: no answer: " + err.Error()}
	}
	if fault := judge(a, c.Code); fault != nil {
		return fault
	}
	return nil
}

// newCoupon is what the API takes. The last moment is told with its zone in
// date_expires: shops read date_expires without one as their own local time, and
// some ignore date_expires_gmt.
type newCoupon struct {
	Code       string `json:"code"`
	Type       string `json:"discount_type"`
	Amount     string `json:"amount"`
	About      string `json:"description"`
	Expires    string `json:"date_expires"`
	ExpiresGMT string `json:"date_expires_gmt"`
	Limit      int    `json:"usage_limit"`
	LimitEach  int    `json:"usage_limit_per_user"`
}

func inputOf(c connectors.Coupon) newCoupon {
	n := newCoupon{
		Code: c.Code, Type: "percent", Amount: strconv.Itoa(c.Percent), About: c.Title, Limit: 1, LimitEach: 1,
		Expires: c.Expires.UTC().Format(time.RFC3339), ExpiresGMT: c.Expires.UTC().Format("2006-01-02T15:04:05"),
	}
	if c.Percent == 0 {
		n.Type, n.Amount = "fixed_cart", c.Amount.String()
	}
	if c.Reusable {
		n.Limit, n.LimitEach = 0, 0 // without end
	}
	return n
}

// taken is the error of a code that is there already.
const taken = "woocommerce_rest_coupon_code_already_exists"

// judge reads an answer; nil: the code is there.
func judge(a outbound.Answer, code string) *connectors.CouponFault {
	var got struct {
		ID   int64  `json:"id"`
		Code string `json:"code"` // of the coupon, or of the error
	}
	broken := json.Unmarshal(a.Body, &got) != nil
	switch s := a.Status; {
	case s == http.StatusCreated || s == http.StatusOK:
		if broken || got.ID <= 0 || !strings.EqualFold(got.Code, code) {
			return away("its answer is not that of WooCommerce's API: look at api_url, and whether the permalinks of WordPress are anything but Plain")
		}
		return nil
	case s == http.StatusBadRequest && got.Code == taken:
		return nil // made before: the code is drawn from the message's id
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return refused(fmt.Sprintf("it refuses our key (status %d, %s): make one with the permission Read/Write for a user who may manage the shop, and look whether the web server passes Authorization on", s, word(got.Code)))
	case s == http.StatusNotFound:
		return refused("there is no API at this address (status 404): api_url is the address of the WordPress site, whose permalinks must be anything but Plain")
	case s >= 300 && s < 400:
		return refused(fmt.Sprintf("it leads elsewhere (status %d): api_url must be the address where the shop ends up, with or without www", s))
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		return &connectors.CouponFault{Text: fmt.Sprintf("WooCommerce: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return refused(fmt.Sprintf("it does not take the coupon (status %d, %s): look at coupon.percent, amount and expires", s, word(got.Code)))
	}
}

func refused(text string) *connectors.CouponFault {
	return &connectors.CouponFault{Refused: true, Text: "WooCommerce: " + text}
}

func away(text string) *connectors.CouponFault {
	return &connectors.CouponFault{Text: "WooCommerce: " + text}
}

var wordForm = regexp.MustCompile(`^[A-Za-z_]{1,80}$`)

// word lets only a plain word of a stranger into our texts.
func word(text string) string {
	if wordForm.MatchString(text) {
		return text
	}
	return "no code"
}
