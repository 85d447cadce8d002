package activecampaign

import (
	"maps"
	"slices"
	"testing"

	"ritorno/connectors/connectorstest"
)

func TestDocsNameEveryTypeMeaningAndList(t *testing.T) {
	words := slices.Collect(maps.Keys(types))
	for m := range meanings {
		if m != ContactChanged {
			words = append(words, string(m))
		}
	}
	for _, l := range []List{ListEmail, ListSMS, ListSubscription, ListIgnore} {
		words = append(words, string(l))
	}
	connectorstest.DocsName(t, "ActiveCampaign", words)
}

func TestRecommendedTopicsAreRead(t *testing.T) {
	for name, tags := range map[string]map[string]Meaning{"no tags": nil, "a tag": {"VIP": Renewed}, "a tag that can be taken away": {"gone": Cancelled}} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Options{Token: "x", Tags: tags})
			if err != nil {
				t.Fatal(err)
			}
			connectorstest.Recommended(t, s, func(topic string) bool { return topic != "" && types[topic] != nil })
			if n, want := len(s.Topics()), map[string]int{"no tags": 4, "a tag": 5, "a tag that can be taken away": 6}[name]; n != want {
				t.Errorf("%d topics, want %d", n, want)
			}
		})
	}
}
