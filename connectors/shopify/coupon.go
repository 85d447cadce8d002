package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// DefaultAPIVersion is the version of the Admin API that is asked for. Shopify
// answers an older one that it does not know any more with its oldest.
const DefaultAPIVersion = "2026-01"

// MakerOptions say how to reach the Admin API of one shop.
type MakerOptions struct {
	URL     string // https://NAME.myshopify.com, without a slash at the end
	Version string // empty: DefaultAPIVersion
	// Token is the Admin API token of a custom app. Without one, ClientID and
	// ClientSecret of an app of the Dev Dashboard get one, which lasts a day.
	Token, ClientID, ClientSecret string
	Client                        *outbound.Client
}

// Maker makes discount codes in one shop.
type Maker struct {
	o     MakerOptions
	token tokens
}

var _ connectors.CouponMaker = (*Maker)(nil)

// NewMaker makes a maker.
func NewMaker(o MakerOptions) (*Maker, error) {
	if o.URL == "" || o.Token == "" && (o.ClientID == "" || o.ClientSecret == "") || o.Client == nil {
		return nil, errors.New("access to Shopify's API needs api_url, and api_token or api_key with api_secret")
	}
	if o.Version == "" {
		o.Version = DefaultAPIVersion
	}
	return &Maker{o: o, token: tokens{fixed: o.Token}}, nil
}

// mutation asks for nothing but what decides whether the code is there.
const mutation = `mutation discountCodeBasicCreate($basicCodeDiscount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $basicCodeDiscount) {
    codeDiscountNode { id }
    userErrors { field code message }
  }
}`

// MakeCoupon makes a discount code on the whole order for one use.
// https://shopify.dev/docs/api/admin-graphql/2026-01/mutations/discountCodeBasicCreate
func (m *Maker) MakeCoupon(ctx context.Context, c connectors.Coupon) error {
	body, err := json.Marshal(map[string]any{"query": mutation, "variables": map[string]any{"basicCodeDiscount": discount(c)}})
	if err != nil {
		return &connectors.CouponFault{Refused: true, Text: "the coupon cannot be written as JSON"}
	}
	a, fault := m.post(ctx, body)
	if fault == nil {
		fault = judge(a)
	}
	if fault != nil {
		return fault
	}
	return nil
}

// discount is a DiscountCodeBasicInput. Who may use it stands in context, which
// took the place of customerSelection.
func discount(c connectors.Coupon) map[string]any {
	value := map[string]any{"percentage": float64(c.Percent) / 100}
	if c.Percent == 0 {
		value = map[string]any{"discountAmount": map[string]any{"amount": c.Amount.String(), "appliesOnEachItem": false}}
	}
	var limit any = 1
	if c.Reusable {
		limit = nil // without end
	}
	return map[string]any{
		"title": c.Title, "code": c.Code,
		"startsAt": c.Starts.UTC().Format(time.RFC3339), "endsAt": c.Expires.UTC().Format(time.RFC3339),
		"context":      map[string]any{"all": "ALL"},
		"customerGets": map[string]any{"value": value, "items": map[string]any{"all": true}},
		"usageLimit":   limit, "appliesOncePerCustomer": !c.Reusable,
	}
}

// answer is what the Admin API says. Errors is text where the token is refused,
// else a list.
type answer struct {
	Errors json.RawMessage `json:"errors"`
	Data   *struct {
		Made *struct {
			Node *struct {
				ID string `json:"id"`
			} `json:"codeDiscountNode"`
			UserErrors []struct {
				Field []string `json:"field"`
				Code  string   `json:"code"`
			} `json:"userErrors"`
		} `json:"discountCodeBasicCreate"`
	} `json:"data"`
}

// judge reads an answer; nil: the code is there.
func judge(a outbound.Answer) *connectors.CouponFault {
	if fault := status(a); fault != nil {
		return fault
	}
	var got answer
	if json.Unmarshal(a.Body, &got) != nil {
		return away("its answer is not understood; is api_url the address of a Shopify shop?")
	}
	if fault := topErrors(got.Errors, a.RetryAfter); fault != nil {
		return fault
	}
	if got.Data == nil || got.Data.Made == nil {
		return away("its answer does not say whether the coupon was made")
	}
	made := got.Data.Made
	for _, e := range made.UserErrors {
		if e.Code == "TAKEN" && slices.Contains(e.Field, "code") {
			return nil // made before: the code is drawn from the message's id
		}
	}
	switch {
	case len(made.UserErrors) > 0:
		return refused("it does not take the coupon (" + word(made.UserErrors[0].Code) + "): look at coupon.percent, amount and expires")
	case made.Node == nil || made.Node.ID == "":
		return away("its answer does not say whether the coupon was made")
	}
	return nil
}

// status judges what the HTTP status alone says.
// https://shopify.dev/docs/api/usage/response-codes
func status(a outbound.Answer) *connectors.CouponFault {
	s := a.Status
	switch {
	case s == http.StatusOK:
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return refused(fmt.Sprintf("it refuses our access (status %d): look at api_token, or at api_key and api_secret, and whether the app is installed", s))
	case s == http.StatusPaymentRequired, s == http.StatusLocked:
		return refused(fmt.Sprintf("the shop is frozen or locked (status %d): look into its admin", s))
	case s == http.StatusNotFound:
		return refused("there is no such shop or API version (status 404): look at api_url, which is https://NAME.myshopify.com, and api_version")
	case s >= 300 && s < 400:
		return refused(fmt.Sprintf("it leads elsewhere (status %d): api_url must be https://NAME.myshopify.com", s))
	case connectors.Busy(s):
		return &connectors.CouponFault{Text: fmt.Sprintf("Shopify: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	}
	return refused(fmt.Sprintf("it does not understand us (status %d): look at api_url and api_version", s))
}

// topErrors judges the errors beside the data.
func topErrors(raw json.RawMessage, pause time.Duration) *connectors.CouponFault {
	var list []struct {
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	}
	switch text := strings.TrimSpace(string(raw)); {
	case text == "" || text == "null" || text == "[]":
		return nil
	case json.Unmarshal(raw, &list) != nil || len(list) == 0:
		return refused("it refuses our access: look at api_token, or at api_key and api_secret")
	}
	switch code := list[0].Extensions.Code; code {
	case "THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT":
		return &connectors.CouponFault{Text: "Shopify: it cannot just now (" + code + ")", RetryAfter: pause}
	case "ACCESS_DENIED":
		return refused("the app may not make discounts: give it the scope write_discounts and install it again")
	default:
		return refused("it does not understand us (" + word(code) + "): look at api_version")
	}
}

func refused(text string) *connectors.CouponFault {
	return &connectors.CouponFault{Refused: true, Text: "Shopify: " + text}
}

func away(text string) *connectors.CouponFault {
	return &connectors.CouponFault{Text: "Shopify: " + text}
}

// unreached is a call without an answer. An address that the guard refuses
// stays refused.
func unreached(err error) *connectors.CouponFault {
	return &connectors.CouponFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "Shopify: no answer: " + err.Error()}
}

var wordForm = regexp.MustCompile(`^[A-Za-z_]{1,60}$`)

// word lets only a plain word of a stranger into our texts.
func word(text string) string {
	if wordForm.MatchString(text) {
		return text
	}
	return "no code"
}
