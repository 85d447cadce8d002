package api

import (
	"container/heap"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// contactLine is a contact in a list: enough to tell people apart. Addresses
// are masked; the record shows them in full.
type contactLine struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Phone      string           `json:"phone"`
	State      string           `json:"state"`
	Reason     lifecycle.Reason `json:"state_reason"`
	StateSince *time.Time       `json:"state_since"`
	Orders     int              `json:"orders"`
}

type contactList struct {
	Contacts []contactLine `json:"contacts"`
	After    string        `json:"after,omitempty"` // for the next page; absent on the last
}

// listContacts looks one person up with ?q=, or pages through all by id.
func (a *api) listContacts(c echo.Context) error {
	n, err := limit(c)
	if err != nil {
		return err
	}
	var list contactList
	if q := c.QueryParam("q"); q != "" {
		list, err = a.found(c, q)
	} else {
		list, err = a.page(c, n)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list)
}

func (a *api) found(c echo.Context, q string) (contactList, error) {
	list := contactList{Contacts: []contactLine{}}
	contact, err := a.engine.Find(c.Request().Context(), handlers.Shop(c), q)
	if errors.Is(err, store.ErrNotFound) {
		return list, nil
	}
	if err == nil {
		list.Contacts = append(list.Contacts, a.line(contact))
	}
	return list, err
}

// scanning lets one caller at a time read the whole store.
var scanning sync.Mutex

var errBusy = &handlers.Fault{Status: 429, Code: "list_busy", Detail: "Another list of contacts is being made: wait a second.", Retry: time.Second}

// page reads every contact for one page: the store knows no order. It is meant
// for small shops and for programs in no hurry.
func (a *api) page(c echo.Context, n int) (contactList, error) {
	if !scanning.TryLock() {
		return contactList{}, errBusy
	}
	defer scanning.Unlock()
	shop, after := handlers.Shop(c), c.QueryParam("after")
	kept, seen := &byID{}, map[string]bool{}
	err := a.store.Scan(c.Request().Context(), func(contact lifecycle.Contact) error {
		if contact.Shop != shop || contact.Forward != "" || contact.ID <= after || seen[contact.ID] {
			return nil
		}
		seen[contact.ID] = true
		heap.Push(kept, contact)
		if kept.Len() > n+1 {
			gone, _ := heap.Pop(kept).(lifecycle.Contact)
			delete(seen, gone.ID)
		}
		return nil
	})
	list := contactList{Contacts: make([]contactLine, min(n, kept.Len()))}
	if kept.Len() > n {
		heap.Pop(kept)
		list.After = (*kept)[0].ID
	}
	for i := kept.Len() - 1; i >= 0; i-- {
		contact, _ := heap.Pop(kept).(lifecycle.Contact)
		list.Contacts[i] = a.line(contact)
	}
	return list, err
}

// byID is a heap with the greatest id on top.
type byID []lifecycle.Contact

func (h byID) Len() int           { return len(h) }
func (h byID) Less(i, j int) bool { return h[i].ID > h[j].ID }
func (h byID) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push and Pop are for package heap.
func (h *byID) Push(x any) {
	if c, ok := x.(lifecycle.Contact); ok {
		*h = append(*h, c)
	}
}

// Pop takes the last one off.
func (h *byID) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (a *api) line(contact lifecycle.Contact) contactLine {
	st := a.engine.StatusOf(contact, time.Time{})
	return contactLine{
		ID: st.ID, Name: st.Name, Email: handlers.MaskEmail(st.Email), Phone: handlers.MaskPhone(st.Phone),
		State: st.State, Reason: st.StateReason, StateSince: st.StateSince, Orders: st.Orders,
	}
}

// showContact answers like GET /status/{contact}.
func (a *api) showContact(c echo.Context) error { return a.srv.Record(c, handlers.Param(c, "contact")) }

// exportContact answers with everything that is kept of one person, to be
// handed to them, and logs who asked.
func (a *api) exportContact(c echo.Context) error {
	x, err := a.engine.Export(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "contact"))
	if err != nil {
		return err
	}
	a.audit(c, "contact exported", "contact", x.Record.ID)
	return c.JSON(http.StatusOK, x)
}

// erased is the answer to an erasure.
type erased struct {
	Erased engine.Erasure `json:"erased"`
}

// eraseContact forgets a person for good.
func (a *api) eraseContact(c echo.Context) error {
	if err := a.srv.BeforeErasing(c.Request().Context()); err != nil {
		return err
	}
	out, err := a.engine.Erase(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "contact"))
	if err != nil {
		return err
	}
	a.audit(c, "contact erased")
	return c.JSON(http.StatusOK, erased{out})
}

// audit logs what somebody did, without personal data.
func (a *api) audit(c echo.Context, what string, more ...any) {
	if a.o.Log != nil {
		a.o.Log.Info(what, append([]any{"request", c.Response().Header().Get("X-Request-Id"), "token", handlers.Token(c).ID, "shop", handlers.Shop(c)}, more...)...)
	}
}
