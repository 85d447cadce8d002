package woocommerce

import (
	"maps"
	"slices"
	"testing"

	"ritorno/connectors/connectorstest"
)

func TestDocsNameEveryTopic(t *testing.T) {
	connectorstest.DocsName(t, "WooCommerce", slices.Collect(maps.Keys(topics)))
}

func TestRecommendedTopicsAreRead(t *testing.T) {
	connectorstest.Recommended(t, &Source{}, func(topic string) bool { return topics[topic] != nil })
}
