package activecampaign

import (
	"maps"
	"slices"
	"strings"

	"ritorno/connectors"
)

var (
	_ connectors.Recommender = (*Source)(nil)
	_ connectors.Namer       = (*Source)(nil)
)

// Topics are the events that every account should tick, in the words of its
// posts. Those of tags are among them where the owner gave a tag a meaning.
func (s *Source) Topics() []connectors.Topic {
	list := []connectors.Topic{
		{Name: "subscribe", Lost: "who agrees to e-mail is not known here, and is not written to"},
		{Name: "unsubscribe", Lost: "who leaves a list is written to all the same"},
		{Name: "update", Lost: "changed addresses and names are not known here"},
		{Name: "bounce", Lost: "addresses that cannot be reached are written to all the same"},
	}
	if len(s.tags) == 0 {
		return list
	}
	undone := slices.ContainsFunc(slices.Collect(maps.Values(s.tags)), func(m Meaning) bool { return meanings[m].undone != "" })
	list = append(list, connectors.Topic{Name: "contact_tag_added", Lost: "the tags to which you gave a meaning do nothing"})
	if undone {
		list = append(list, connectors.Topic{Name: "contact_tag_removed", Lost: "a tag that is taken away, such as that of a cancellation by mistake, goes on counting"})
	}
	return list
}

// Topic is the post's type; of an automation what its URL says that it means.
func (s *Source) Topic(r connectors.Request) string {
	f, err := parse(r.Body)
	if err != nil {
		return ""
	}
	kind, err := f.get("type", maxWord)
	if err != nil {
		return ""
	}
	kind = strings.ToLower(kind)
	if _, used := types[kind]; !used {
		return ""
	}
	if kind == "" {
		if m, err := asked(r.Query.Get("event")); err == nil {
			return "automation " + string(m)
		}
		return "automation"
	}
	return kind
}
