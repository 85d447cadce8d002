package fake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Know puts a contact into the account, or changes the one with its id.
func (s *Shop) Know(c ACContact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers = slices.DeleteFunc(s.subscribers, func(o ACContact) bool { return o.ID == c.ID })
	s.subscribers = append(s.subscribers, c)
	slices.SortFunc(s.subscribers, func(a, b ACContact) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *Shop) acKnows(w http.ResponseWriter, r *http.Request) bool {
	if s.o.ACKey != "" && same(r.Header.Get("Api-Token"), s.o.ACKey) {
		return true
	}
	writeJSON(w, http.StatusForbidden, map[string]any{"message": "You do not have permission to access this resource."})
	return false
}

// acContacts lists contacts by rising id. Ids are text, as in the real API.
func (s *Shop) acContacts(w http.ResponseWriter, r *http.Request) {
	if !s.acKnows(w, r) {
		return
	}
	q := r.URL.Query()
	since, err := time.Parse(time.RFC3339, q.Get("filters[updated_after]"))
	limit, _ := strconv.Atoi(cmp.Or(q.Get("limit"), "20"))
	behind, _ := strconv.Atoi(q.Get("id_greater"))
	if err != nil || limit < 1 || limit > 100 || q.Get("orders[id]") != "ASC" {
		writeJSON(w, http.StatusBadRequest, map[string]any{"message": "not understood"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	contacts, lists := []any{}, []any{}
	for _, c := range s.subscribers {
		if c.ID <= behind || c.Updated.Before(since) || len(contacts) == limit {
			continue
		}
		id := strconv.Itoa(c.ID)
		contacts = append(contacts, map[string]any{
			"id": id, "email": c.Email, "phone": "", "firstName": c.Name, "lastName": "", "udate": c.Updated.Format(time.RFC3339), "links": map[string]any{},
		})
		for list, p := range c.Lists {
			place := map[string]any{"contact": id, "list": strconv.Itoa(list), "status": "1", "sdate": p.At.Format(time.RFC3339), "udate": nil, "unsubreason": ""}
			if p.Left {
				place["status"], place["udate"] = "2", p.At.Format(time.RFC3339)
			}
			lists = append(lists, place)
		}
	}
	if !strings.Contains(q.Get("include"), "contactLists") {
		lists = nil
	}
	writeJSON(w, http.StatusOK, map[string]any{"contacts": contacts, "contactLists": lists, "meta": map[string]any{"total": strconv.Itoa(len(contacts))}})
}

// acOrders lists the orders that a shop synced, newest first.
func (s *Shop) acOrders(w http.ResponseWriter, r *http.Request) {
	if !s.acKnows(w, r) {
		return
	}
	q := r.URL.Query()
	limit, _ := strconv.Atoi(cmp.Or(q.Get("limit"), "20"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	if q.Get("orders[external_created_date]") != "DESC" || limit < 1 || limit > 100 || offset < 0 {
		writeJSON(w, http.StatusBadRequest, map[string]any{"message": "not understood"})
		return
	}
	list := s.orders(func(p Purchase) bool {
		return !q.Has("filters[email]") || strings.EqualFold(p.Email, q.Get("filters[email]"))
	})
	slices.SortStableFunc(list, func(a, b Purchase) int { return b.Created.Compare(a.Created) })
	out := []any{}
	for i := offset; i < min(offset+limit, len(list)); i++ {
		out = append(out, list[i].activeCampaign())
	}
	writeJSON(w, http.StatusOK, map[string]any{"ecomOrders": out, "meta": map[string]any{"total": strconv.Itoa(len(list))}})
}

func (p Purchase) activeCampaign() map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(p.ID+1000, 10), "externalid": strconv.FormatInt(p.ID, 10), "externalcheckoutid": nil, "orderNumber": strconv.FormatInt(p.ID, 10),
		"email": p.Email, "state": "1", "source": "1", "totalPrice": strings.ReplaceAll(p.Total, ".", ""), "currency": strings.ToLower(p.Currency),
		"connectionid": "1", "customerid": strconv.FormatInt(p.Customer, 10), "externalCreatedDate": p.Created.Format(time.RFC3339),
		"createdDate": p.Modified.Format(time.RFC3339), "updatedDate": p.Modified.Format(time.RFC3339),
	}
}
