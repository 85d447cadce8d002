package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/lifecycle"
)

// journey is one journey of a shop with what became of those who entered.
type journey struct {
	Name    string            `json:"name"`
	Trigger lifecycle.Trigger `json:"trigger"`
	Entered int64             `json:"entered"`
	Ended   map[string]int64  `json:"ended"` // by reason
	Steps   []step            `json:"steps"`
	Finish  finish            `json:"finish"`
}

type step struct {
	Step      int      `json:"step"`
	After     string   `json:"after"` // with + in front: after the step before
	Channels  []string `json:"channels"`
	Template  string   `json:"template"`
	Sent      int64    `json:"sent"`
	Delivered int64    `json:"delivered"`
	Opened    int64    `json:"opened"`
	Responded int64    `json:"responded"`
}

type finish struct {
	After     string `json:"after"`
	Otherwise string `json:"otherwise"`
}

type journeyList struct {
	Journeys []journey `json:"journeys"`
}

func (a *api) listJourneys(c echo.Context) error {
	counts, err := a.engine.Counts(c.Request().Context(), handlers.Shop(c))
	if err != nil {
		return err
	}
	shop, _ := a.engine.Shop(handlers.Shop(c))
	list := journeyList{Journeys: make([]journey, 0, len(shop.Rules.Journeys))}
	for i := range shop.Rules.Journeys {
		list.Journeys = append(list.Journeys, funnel(&shop.Rules.Journeys[i], counts))
	}
	return c.JSON(http.StatusOK, list)
}

// funnel reads a journey's part of the exact counters.
func funnel(j *lifecycle.Journey, counts map[string]int64) journey {
	out := journey{
		Name: j.Name, Trigger: j.Trigger, Entered: counts["entered:"+j.Name], Ended: map[string]int64{},
		Steps: make([]step, 0, len(j.Steps)), Finish: finish{lifecycle.Length(j.Finish.After), j.Finish.Otherwise.String()},
	}
	for field, n := range counts {
		if why, ok := strings.CutPrefix(field, "ended:"+j.Name+":"); ok {
			out.Ended[why] = n
		}
	}
	for i, s := range j.Steps {
		of := func(what string) int64 { return counts[fmt.Sprintf("%s:%s:%d", what, j.Name, i+1)] }
		st := step{
			Step: i + 1, After: lifecycle.Length(s.After), Channels: []string{}, Template: strings.Join(s.Templates(), " or "),
			Opened: of("opened"), Responded: of("responded"),
		}
		if s.Previous {
			st.After = "+" + st.After
		}
		for _, ch := range s.Channels {
			st.Channels = append(st.Channels, ch.String())
			st.Sent += counts[fmt.Sprintf("sent:%s:%d:%s", j.Name, i+1, ch)]
			st.Delivered += counts[fmt.Sprintf("delivered:%s:%d:%s", j.Name, i+1, ch)]
		}
		out.Steps = append(out.Steps, st)
	}
	return out
}

type countList struct {
	Counts map[string]int64 `json:"counts"`
}

// counts are the shop's exact counters by name.
func (a *api) counts(c echo.Context) error {
	counts, err := a.engine.Counts(c.Request().Context(), handlers.Shop(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, countList{counts})
}
