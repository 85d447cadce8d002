package stripe

import (
	"maps"
	"slices"
	"testing"

	"ritorno/connectors/connectorstest"
)

func TestDocsNameEveryType(t *testing.T) {
	connectorstest.DocsName(t, "Stripe", slices.Collect(maps.Keys(types)))
}

func TestRecommendedTopicsAreRead(t *testing.T) {
	connectorstest.Recommended(t, &Source{}, func(topic string) bool { return types[topic] != nil })
}
