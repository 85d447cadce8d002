package fake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// CRM is a pretend ActiveCampaign account: as much of API v3 as telling back
// takes, by its description. Ids are text in its answers.
type CRM struct {
	key   string
	fault func(n int) int

	mu     sync.Mutex
	n      int
	writes int
	last   int
	people []*CRMContact
	tags   map[string]string // name by id
	links  map[string][2]string
}

// CRMContact is a contact of a pretend ActiveCampaign account.
type CRMContact struct {
	ID, Email string
	Lists     map[string]CRMListed // by the list's id
	Fields    map[string]string    // by the field's id
}

// CRMListed is a contact on a list.
type CRMListed struct {
	Status  string // 1 active, 2 unsubscribed
	Updated time.Time
}

// NewCRM makes an account without contacts. fault is asked for each request, n
// counting from 1: the status to answer with; 0, or nil: none.
func NewCRM(key string, fault func(n int) int) *CRM {
	return &CRM{key: key, fault: fault, last: 100, tags: map[string]string{}, links: map[string][2]string{}}
}

// Add makes a contact.
func (c *CRM) Add(p CRMContact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.Lists == nil {
		p.Lists = map[string]CRMListed{}
	}
	if p.Fields == nil {
		p.Fields = map[string]string{}
	}
	c.people = append(c.people, &p)
}

// Contact is a contact as the account has it now.
func (c *CRM) Contact(id string) (p CRMContact, tags []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.person(id); have != nil {
		p = *have
		p.Lists, p.Fields = maps.Clone(have.Lists), maps.Clone(have.Fields)
	}
	for _, link := range c.links {
		if link[0] == id {
			tags = append(tags, c.tags[link[1]])
		}
	}
	slices.Sort(tags)
	return p, tags
}

// Requests is how many requests came, Writes how many of them were to change
// something.
func (c *CRM) Requests() int { c.mu.Lock(); defer c.mu.Unlock(); return c.n }

// Writes is how many requests were to change something.
func (c *CRM) Writes() int { c.mu.Lock(); defer c.mu.Unlock(); return c.writes }

func (c *CRM) person(id string) *CRMContact {
	i := slices.IndexFunc(c.people, func(p *CRMContact) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return c.people[i]
}

func (c *CRM) next() string {
	c.last++
	return strconv.Itoa(c.last)
}

// Handler answers the API.
func (c *CRM) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*http.Request) (int, any){
		"GET /api/3/contacts":                   c.find,
		"GET /api/3/contacts/{id}/contactTags":  c.showTags,
		"GET /api/3/contacts/{id}/contactLists": c.showLists,
		"GET /api/3/tags":                       c.findTags,
		"POST /api/3/tags":                      c.addTag,
		"POST /api/3/contactTags":               c.link,
		"DELETE /api/3/contactTags/{id}":        c.unlink,
		"POST /api/3/contactLists":              c.setList,
		"POST /api/3/fieldValues":               c.setField,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if r.Method != http.MethodGet {
				c.writes++
			}
			status, body := do(r)
			writeJSON(w, status, body)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.n++
		n := c.n
		c.mu.Unlock()
		if c.fault != nil {
			if status := c.fault(n); status != 0 {
				writeJSON(w, status, map[string]any{"message": "Sorry."})
				return
			}
		}
		if !same(r.Header.Get("Api-Token"), c.key) {
			writeJSON(w, http.StatusForbidden, map[string]any{"message": "You do not have permission to access this resource"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var (
	crmNone = map[string]any{"message": "No Result found for Subscriber with id"}
	crmBad  = map[string]any{"errors": []any{map[string]any{"title": "The related object does not exist."}}}
)

func (c *CRM) find(r *http.Request) (int, any) {
	list := []any{}
	for _, p := range c.people {
		if strings.EqualFold(p.Email, r.URL.Query().Get("email")) {
			list = append(list, map[string]any{"id": p.ID, "email": p.Email})
		}
	}
	return http.StatusOK, map[string]any{"contacts": list, "meta": map[string]any{"total": strconv.Itoa(len(list))}}
}

func (c *CRM) showTags(r *http.Request) (int, any) {
	p := c.person(r.PathValue("id"))
	if p == nil {
		return http.StatusNotFound, crmNone
	}
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(c.links)) {
		if link := c.links[id]; link[0] == p.ID {
			list = append(list, map[string]any{"id": id, "contact": link[0], "tag": link[1]})
		}
	}
	return http.StatusOK, map[string]any{"contactTags": list}
}

func (c *CRM) showLists(r *http.Request) (int, any) {
	p := c.person(r.PathValue("id"))
	if p == nil {
		return http.StatusNotFound, crmNone
	}
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(p.Lists)) {
		on := p.Lists[id]
		zone := time.FixedZone("", -5*3600)
		list = append(list, map[string]any{
			"id": "9" + id, "contact": p.ID, "list": id, "status": on.Status,
			"sdate": on.Updated.In(zone).Format(time.RFC3339), "udate": on.Updated.In(zone).Format(time.RFC3339),
		})
	}
	return http.StatusOK, map[string]any{"contactLists": list}
}

func (c *CRM) findTags(r *http.Request) (int, any) {
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(c.tags)) {
		if strings.Contains(strings.ToLower(c.tags[id]), strings.ToLower(r.URL.Query().Get("search"))) {
			list = append(list, map[string]any{"id": id, "tag": c.tags[id], "tagType": "contact"})
		}
	}
	return http.StatusOK, map[string]any{"tags": list}
}

func (c *CRM) addTag(r *http.Request) (int, any) {
	var in struct {
		Tag struct {
			Tag         string `json:"tag"`
			Kind        string `json:"tagType"`
			Description string `json:"description"`
		} `json:"tag"`
	}
	if strict(r.Body, &in) != nil || in.Tag.Tag == "" || in.Tag.Kind != "contact" {
		return http.StatusUnprocessableEntity, crmBad
	}
	id := c.next()
	c.tags[id] = in.Tag.Tag
	return http.StatusCreated, map[string]any{"tag": map[string]any{"id": id, "tag": in.Tag.Tag, "tagType": "contact"}}
}

func (c *CRM) link(r *http.Request) (int, any) {
	var in struct {
		Link struct {
			Contact string `json:"contact"`
			Tag     string `json:"tag"`
		} `json:"contactTag"`
	}
	if strict(r.Body, &in) != nil || c.tags[in.Link.Tag] == "" || c.person(in.Link.Contact) == nil {
		return http.StatusUnprocessableEntity, crmBad
	}
	id := c.next()
	c.links[id] = [2]string{in.Link.Contact, in.Link.Tag}
	return http.StatusCreated, map[string]any{"contactTag": map[string]any{"id": id, "contact": in.Link.Contact, "tag": in.Link.Tag}}
}

func (c *CRM) unlink(r *http.Request) (int, any) {
	id := r.PathValue("id")
	if _, ok := c.links[id]; !ok {
		return http.StatusNotFound, crmNone
	}
	delete(c.links, id)
	return http.StatusOK, map[string]any{}
}

func (c *CRM) setList(r *http.Request) (int, any) {
	var in struct {
		Entry struct {
			List    string `json:"list"`
			Contact string `json:"contact"`
			Status  string `json:"status"`
			Source  int    `json:"sourceid"`
		} `json:"contactList"`
	}
	if strict(r.Body, &in) != nil {
		return http.StatusUnprocessableEntity, crmBad
	}
	e, p := in.Entry, c.person(in.Entry.Contact)
	if p == nil || e.Status != "1" && e.Status != "2" || e.Status == "1" && p.Lists[e.List].Status == "2" && e.Source != 4 {
		return http.StatusUnprocessableEntity, crmBad
	}
	p.Lists[e.List] = CRMListed{Status: e.Status, Updated: time.Now()}
	return http.StatusOK, map[string]any{"contactList": map[string]any{"list": e.List, "contact": e.Contact, "status": e.Status}}
}

func (c *CRM) setField(r *http.Request) (int, any) {
	var in struct {
		Value struct {
			Contact string `json:"contact"`
			Field   string `json:"field"`
			Value   string `json:"value"`
		} `json:"fieldValue"`
	}
	p := (*CRMContact)(nil)
	if strict(r.Body, &in) == nil {
		p = c.person(in.Value.Contact)
	}
	if p == nil {
		return http.StatusNotFound, crmNone
	}
	p.Fields[in.Value.Field] = in.Value.Value
	return http.StatusOK, map[string]any{"fieldValue": map[string]any{"contact": p.ID, "field": in.Value.Field, "value": in.Value.Value}}
}
