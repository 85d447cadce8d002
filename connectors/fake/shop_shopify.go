package fake

import (
	"bytes"
	"encoding/json"
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

// graphQL answers the one mutation and the one query.
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
		Query     string `json:"query"`
		Variables struct {
			Input discountInput `json:"basicCodeDiscount"`
		} `json:"variables"`
	}
	dec := json.NewDecoder(bytes.NewReader(asked))
	dec.DisallowUnknownFields() // as a schema does
	if err := dec.Decode(&body); err != nil || !strings.Contains(body.Query, "discountCodeBasicCreate(basicCodeDiscount: $basicCodeDiscount)") {
		writeJSON(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": fmt.Sprint("not understood: ", err), "extensions": map[string]any{"code": "INVALID_VARIABLE"}}}})
		return
	}
	code, field := "", ""
	id := 0
	d, bad := body.Variables.Input.discount()
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
	writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"discountCodeBasicCreate": payload}})
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
