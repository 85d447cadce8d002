package handlers

import (
	"net/url"
	"slices"
	"time"

	"ritorno/connectors"
	"ritorno/internal/store"
)

// SourceStatus is how an integration is doing, for the API and the command
// line alike.
type SourceStatus struct {
	Shop      string                  `json:"shop"`
	Name      string                  `json:"name"`
	Kind      string                  `json:"kind"`
	URL       string                  `json:"url"` // to paste into the shop or CRM
	First     *time.Time              `json:"first_delivery_at"`
	Last      *time.Time              `json:"last_delivery_at"`
	LastTopic string                  `json:"last_topic"`
	Counts    map[store.Outcome]int64 `json:"deliveries"`
	Topics    []SeenTopic             `json:"topics"`
	Missing   []MissingTopic          `json:"topics_missing"`
	Error     string                  `json:"last_error"`
	ErrorAt   *time.Time              `json:"last_error_at"`
	Domain    string                  `json:"domain"`
	Gone      *time.Time              `json:"disconnected_at"` // the shop said so; the owner must confirm
	Orders    Feed                    `json:"orders"`
	CatchUp   Read                    `json:"catch_up"`
}

// SeenTopic is a topic and its last delivery.
type SeenTopic struct {
	Name string    `json:"topic"`
	Last time.Time `json:"last_at"`
}

// MissingTopic is one that should be switched on at the source and never came.
type MissingTopic struct {
	Name string `json:"topic"`
	Lost string `json:"lost"` // what does not work without it
}

// DescribeSource puts together what is known of a source. showToken puts the
// secret part into the URL, where the source has one.
func DescribeSource(publicURL, shop, name string, src Source, st store.SourceStatus, showToken bool) SourceStatus {
	s := SourceStatus{
		Shop: shop, Name: name, Kind: src.Kind, URL: hookURL(publicURL, shop, name, src.Token, showToken),
		First: ever(st.First), Last: ever(st.Last), LastTopic: st.LastTopic, Counts: st.Counts,
		Topics: []SeenTopic{}, Missing: missing(src.Source, st.Topics),
		Error: st.Error, ErrorAt: ever(st.ErrorAt), Domain: st.Domain, Gone: ever(st.Gone),
	}
	if s.Counts == nil {
		s.Counts = map[store.Outcome]int64{}
	}
	for _, t := range st.Topics {
		s.Topics = append(s.Topics, SeenTopic{t.Topic, t.Last.UTC()})
	}
	return s
}

// hookURL is what the owner pastes.
func hookURL(publicURL, shop, name, token string, show bool) string {
	u := publicURL + "/hooks/" + url.PathEscape(shop) + "/" + url.PathEscape(name)
	switch {
	case token == "":
		return u
	case show:
		return u + "?token=" + url.QueryEscape(token)
	}
	return u + "?token=***"
}

// missing lists the topics that the source recommends and that never came.
func missing(src connectors.Source, seen []store.TopicSeen) []MissingTopic {
	out := []MissingTopic{}
	r, ok := src.(connectors.Recommender)
	if !ok {
		return out
	}
	for _, t := range r.Topics() {
		names := t.Seen
		if names == nil {
			names = []string{t.Name}
		}
		if !slices.ContainsFunc(seen, func(s store.TopicSeen) bool { return slices.Contains(names, s.Topic) }) {
			out = append(out, MissingTopic{t.Name, t.Lost})
		}
	}
	return out
}

// ever is nil for the time that never was.
func ever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
