package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// grant is the client credentials grant.
func (s *Shop) grant(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != "client_credentials" || s.o.ClientID == "" ||
		!same(r.PostFormValue("client_id"), s.o.ClientID) || !same(r.PostFormValue("client_secret"), s.o.ClientSecret) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed"})
		return
	}
	s.mu.Lock()
	s.grants++
	s.granted = "shpat_granted_" + strconv.Itoa(s.grants)
	token := s.granted
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "scope": "write_discounts", "expires_in": 86399})
}

var apiVersion = regexp.MustCompile(`^20[0-9]{2}-(01|04|07|10)$`)

// discountInput is a DiscountCodeBasicInput, as far as a coupon on the whole
// order needs it.
type discountInput struct {
	Title, Code      string
	StartsAt, EndsAt *time.Time
	Context          *struct {
		All string `json:"all"`
	}
	CustomerGets *struct {
		Value struct {
			Percentage     *float64 `json:"percentage"`
			DiscountAmount *struct {
				Amount            string `json:"amount"`
				AppliesOnEachItem bool   `json:"appliesOnEachItem"`
			} `json:"discountAmount"`
		} `json:"value"`
		Items struct {
			All bool `json:"all"`
		} `json:"items"`
	}
	UsageLimit             int
	AppliesOncePerCustomer bool
}

func (s *Shop) shopifyKnows(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return token != "" && (token == s.o.Token || token == s.granted)
}

// graphQL answers the operations that making a coupon, reading orders and telling
// back take.
func (s *Shop) graphQL(w http.ResponseWriter, r *http.Request) {
	if !s.shopifyKnows(r.Header.Get("X-Shopify-Access-Token")) {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
		return
	}
	if !apiVersion.MatchString(r.PathValue("version")) {
		writeJSON(w, http.StatusNotFound, map[string]any{"errors": "Not Found"})
		return
	}
	asked, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	if strings.Contains(string(asked), orderQuery) {
		s.shopifyOrders(w, asked)
		return
	}
	var body struct {
		Query     string          `json:"query"`
		Variables json.RawMessage `json:"variables"`
	}
	var data map[string]any
	err = strict(bytes.NewReader(asked), &body)
	if err == nil {
		data, err = s.operation(body.Query, body.Variables)
	}
	if err != nil {
		writeJSON(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": fmt.Sprint("not understood: ", err), "extensions": map[string]any{"code": "INVALID_VARIABLE"}}}})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}

// strict refuses unknown fields, as a schema does.
func strict(r io.Reader, into any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func (s *Shop) operation(query string, variables json.RawMessage) (map[string]any, error) {
	for call, do := range map[string]func(json.RawMessage) (map[string]any, error){
		"discountCodeBasicCreate(basicCodeDiscount: $basicCodeDiscount)": s.createDiscount,
		"customers(first: 5, query: $query)":                             s.findCustomers,
		"customer(id: $id)":                                              s.showCustomer,
		"tagsAdd(id: $id, tags: $tags)":                                  s.addTags,
		"tagsRemove(id: $id, tags: $tags)":                               s.removeTags,
		"customerEmailMarketingConsentUpdate(input: $input)":             s.emailConsent,
		"customerSmsMarketingConsentUpdate(input: $input)":               s.smsConsent,
	} {
		if strings.Contains(query, call) {
			return do(variables)
		}
	}
	return nil, errors.New("no such operation")
}

func (s *Shop) createDiscount(variables json.RawMessage) (map[string]any, error) {
	var in struct {
		Input discountInput `json:"basicCodeDiscount"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	code, field := "", ""
	id := 0
	d, bad := in.Input.discount()
	if bad != "" {
		code, field = "INVALID", bad
	} else {
		var fresh bool
		if id, fresh = s.add(d); !fresh {
			code, field = "TAKEN", "code"
		}
	}
	payload := map[string]any{"codeDiscountNode": nil, "userErrors": []any{}}
	if code != "" {
		payload["userErrors"] = []any{map[string]any{"field": []string{"basicCodeDiscount", field}, "code": code, "message": "must be otherwise"}}
	} else {
		payload["codeDiscountNode"] = map[string]any{"id": fmt.Sprintf("gid://shopify/DiscountCodeNode/%d", id)}
	}
	return map[string]any{"discountCodeBasicCreate": payload}, nil
}

// discount checks the input and names the field that is wrong.
func (in *discountInput) discount() (d Discount, bad string) {
	switch {
	case in.Title == "":
		return d, "title"
	case in.Code == "":
		return d, "code"
	case in.StartsAt == nil:
		return d, "startsAt"
	case in.EndsAt != nil && !in.EndsAt.After(*in.StartsAt):
		return d, "endsAt"
	case in.Context == nil || in.Context.All != "ALL":
		return d, "context"
	case in.CustomerGets == nil || !in.CustomerGets.Items.All:
		return d, "customerGets"
	}
	d = Discount{Code: in.Code, Title: in.Title, Limit: in.UsageLimit, Starts: *in.StartsAt}
	if in.EndsAt != nil {
		d.End = *in.EndsAt
	}
	switch v := in.CustomerGets.Value; {
	case v.Percentage != nil && *v.Percentage > 0 && *v.Percentage <= 1:
		d.Percent = *v.Percentage * 100
	case v.DiscountAmount != nil && v.DiscountAmount.Amount != "" && !v.DiscountAmount.AppliesOnEachItem:
		d.Amount = v.DiscountAmount.Amount
	default:
		return d, "customerGets"
	}
	return d, ""
}
