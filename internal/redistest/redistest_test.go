package redistest_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"ritorno/internal/redistest"

	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }

func open(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestStartIsSharedAndDurable(t *testing.T) {
	url := redistest.Start(t)
	if again := redistest.Start(t); again != url {
		t.Errorf("Start gave %s, then %s", url, again)
	}
	got, err := open(t, url).ConfigGet(t.Context(), "append*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if got["appendonly"] != "yes" || got["appendfsync"] != "always" {
		t.Errorf("append settings: %v", got)
	}
}

func TestFreshIsEmptyAndAlone(t *testing.T) {
	shared, one, two := open(t, redistest.Start(t)), open(t, redistest.Fresh(t)), open(t, redistest.Fresh(t))
	for _, c := range []*redis.Client{shared, one} {
		if err := c.Set(t.Context(), "fresh", "no", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := two.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("a fresh server holds %d keys, %v", n, err)
	}
}

func TestNodeGoesAwayAndComesBack(t *testing.T) {
	node := redistest.NewNode(t)
	c := open(t, node.URL)
	if err := c.Set(t.Context(), "anna", "active", 0).Err(); err != nil {
		t.Fatal(err)
	}
	node.Stop(t)
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a stopped node answers")
	}
	node.Start(t)
	if got, err := c.Get(t.Context(), "anna").Result(); err != nil || got != "active" {
		t.Errorf("anna = %q, %v", got, err)
	}
}

func TestClusterTakesEverySlot(t *testing.T) {
	addrs := redistest.Cluster(t)
	if len(addrs) != 3 || !slices.Equal(addrs, redistest.Cluster(t)) {
		t.Fatalf("cluster addresses: %v", addrs)
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { _ = c.Close() })
	used := map[string]bool{}
	for i := range 64 {
		key := fmt.Sprintf("{s%02d}", i)
		if err := c.Set(t.Context(), key, strconv.Itoa(i), 0).Err(); err != nil {
			t.Fatalf("SET %s: %v", key, err)
		}
		node, err := c.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		used[node.Options().Addr] = true
	}
	if len(used) != 3 {
		t.Errorf("64 keys lie on %d masters, want all 3", len(used))
	}
}
