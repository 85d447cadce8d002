package history_test

import (
	"os"
	"path/filepath"
	"testing"

	"ritorno/internal/history"
)

// shared opens a file of the folder beside the repository that holds other
// people's data. Its absence is a failure in CI and skips the test elsewhere.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", filepath.FromSlash(name)))
	switch {
	case err == nil:
		t.Cleanup(func() { _ = f.Close() })
		return f
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is needed in CI: %v", name, err)
	}
	t.Skipf("%s is not beside this repository", name)
	return nil
}

func TestRealHistoriesCountAsPublished(t *testing.T) {
	type figures struct {
		Rows, Customers, Buyers, Purchases, Cancellations, Free int
		Sum                                                     int64 // minor units, all rows
		Currency                                                string
	}
	for name, want := range map[string]figures{
		"data/cdnow/orders.csv.gz":         {6919, 2357, 2349, 6911, 0, 8, 24409194, "USD"},
		"data/online-retail/orders.csv.gz": {22190, 4372, 4338, 18532, 3654, 4, 830006581, "GBP"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := history.NewReader(shared(t, name))
			if err != nil {
				t.Fatal(err)
			}
			rows, bad := all(t, r)
			if len(bad) > 0 {
				t.Fatalf("%d bad lines, the first: %v", len(bad), bad[0])
			}
			got := figures{Rows: len(rows)}
			customers, buyers, orders := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, row := range rows {
				customers[row.CustomerID], orders[row.OrderID] = true, true
				got.Sum += row.Total.Minor
				got.Currency = row.Total.Currency
				switch {
				case row.Cancellation:
					got.Cancellations++
				case row.Total.Minor == 0:
					got.Free++
				default:
					got.Purchases++
					buyers[row.CustomerID] = true
				}
			}
			got.Customers, got.Buyers = len(customers), len(buyers)
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if len(orders) != len(rows) {
				t.Errorf("%d different order ids in %d rows", len(orders), len(rows))
			}
		})
	}
}
