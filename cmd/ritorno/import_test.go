package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/embedded"
	"ritorno/internal/store"
)

// sharedFile is a file of the folder beside the repository that holds other
// people's data. Its absence is a failure in CI and skips the test elsewhere.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(moduleDir(t), "..", "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is needed in CI: %v", name, err)
		}
		t.Skipf("%s is not beside this repository", name)
	}
	return path
}

// historyShop is an installation whose shop counts in another currency.
func historyShop(t *testing.T, currency string) *instance {
	t.Helper()
	in := newInstance(t, "")
	text, err := os.ReadFile(in.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in.config(), bytes.Replace(text, []byte("currency: EUR"), []byte("currency: "+currency), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return in
}

// imported is what ritorno import --json says.
type imported struct {
	Rows, Orders, Free, Returns, Cancelled, Rejected int
	Money                                            map[string]struct {
		Bought, Net string
		GivenBack   string `json:"given_back"`
	}
	Done struct {
		Events, Changes int
		Orders          int `json:"new_orders"`
		Contacts        int `json:"new_contacts"`
	}
	Dormant struct{ Held, Released int }
}

func (in *instance) takeIn(args ...string) (got imported) {
	in.t.Helper()
	out, errs, code := in.run(append([]string{"import", "--json"}, args...)...)
	if code != 0 {
		in.t.Fatalf("import ends with %d: %s", code, errs)
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		in.t.Fatalf("%v in %s", err, out)
	}
	return got
}

// total is what ritorno export adds up to.
type total struct {
	Contacts, Orders, Buyers int
	Spent                    string
}

func (in *instance) total() (sum total) {
	in.t.Helper()
	out, errs, code := in.run("export", "--raw")
	if code != 0 {
		in.t.Fatalf("export ends with %d: %s", code, errs)
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		in.t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	cents := 0
	for _, row := range rows[1:] {
		orders, err := strconv.Atoi(row[at["orders"]])
		spent, err2 := strconv.Atoi(strings.ReplaceAll(row[at["spent"]], ".", ""))
		if err != nil || err2 != nil {
			in.t.Fatal(row)
		}
		sum.Contacts++
		sum.Orders += orders
		cents += spent
		if orders > 0 {
			sum.Buyers++
		}
	}
	sum.Spent = strconv.Itoa(cents/100) + "." + strconv.Itoa(cents%100)
	return sum
}

// TestRealHistoriesComeInAsPublished imports histories that others published.
// The larger one meets SIGKILL in its middle first. Their own READMEs say what
// must come out; that twice changes nothing.
func TestRealHistoriesComeInAsPublished(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		currency string
		kill     bool
		rows     imported
		total    total
	}{
		"online-retail": {"GBP", true, imported{Rows: 22190, Orders: 18536, Free: 4, Returns: 3654}, total{4372, 18536, 4339, "8300065.81"}},
		"cdnow":         {"USD", false, imported{Rows: 6919, Orders: 6919, Free: 8}, total{2357, 6919, 2357, "244091.94"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := sharedFile(t, "data/"+name+"/orders.csv.gz")
			in := historyShop(t, want.currency)
			if want.kill {
				killInTheMiddle(in, file, 20_000)
			}
			first := in.takeIn(file)
			rows := imported{Rows: first.Rows, Orders: first.Orders, Free: first.Free, Returns: first.Returns, Cancelled: first.Cancelled, Rejected: first.Rejected}
			if diff := cmp.Diff(want.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if m := first.Money[want.currency]; len(first.Money) != 1 || m.Net != want.total.Spent {
				t.Errorf("money %+v, want %s", first.Money, want.total.Spent)
			}
			if !want.kill && (first.Done.Contacts != want.total.Contacts || first.Done.Orders != want.total.Orders) {
				t.Errorf("new: %+v", first.Done)
			}
			if want.kill && (first.Done.Contacts == want.total.Contacts || first.Done.Contacts+first.Done.Orders == 0) {
				t.Errorf("the kill was not in the middle: the next run found %+v new", first.Done)
			}
			sum := in.total()
			if diff := cmp.Diff(want.total, sum); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			again := in.takeIn(file)
			if again.Done.Changes != 0 || again.Done.Orders != 0 || again.Done.Contacts != 0 || again.Done.Events != want.rows.Rows {
				t.Errorf("the second run: %+v", again.Done)
			}
			if diff := cmp.Diff(sum, in.total()); diff != "" {
				t.Errorf("records after the second run (-before +after):\n%s", diff)
			}
		})
	}
}

// TestALongFileInTimesOrderIsTakenInByCustomer: who comes back once in a long
// while has one change of the record all the same, and nothing is left behind.
func TestALongFileInTimesOrderIsTakenInByCustomer(t *testing.T) {
	t.Parallel()
	const rows, people = 49_500, 16_500
	in := historyShop(t, "EUR")
	var b strings.Builder
	b.WriteString("customer_id,order_id,ordered_at,total,email\n")
	begun := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		fmt.Fprintf(&b, "%d,%d,%s,10.00,kunde%d@example.com\n", i%people, i, begun.Add(time.Duration(i)*20*time.Minute).Format(time.RFC3339), i%people)
	}
	b.WriteString("7,none,yesterday,10.00,kunde7@example.com\n")
	file := filepath.Join(in.dir, "long.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := in.takeIn(file)
	if got.Rows != rows || got.Rejected != 1 || got.Done.Events != rows || got.Done.Orders != rows || got.Done.Contacts != people {
		t.Errorf("taken in: %+v", got)
	}
	if changes := got.Done.Changes; changes < people || changes > people*21/20 {
		t.Errorf("%d records were changed %d times: a customer's orders were not brought together", people, changes)
	}
	if sum, want := in.total(), (total{people, rows, people, "495000.0"}); sum != want {
		t.Errorf("records hold %+v, want %+v", sum, want)
	}
	if left, err := filepath.Glob(filepath.Join(in.dir, "data", "import-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// killInTheMiddle imports the first rows of a file, twice over, through a pipe
// that stays open, and kills the program with its store when it has stored some
// of them.
func killInTheMiddle(in *instance, file string, rows int) {
	in.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		in.t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		in.t.Fatal(err)
	}
	part := bytes.Join(bytes.SplitAfterN(text, []byte("\n"), rows+2)[:rows+1], nil)
	pipe := filepath.Join(in.dir, "part.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		in.t.Fatal(err)
	}
	in.cmd = in.command("import", pipe)
	in.cmd.Stdout, in.cmd.Stderr = in.log, in.log
	if err := in.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	_, rest, _ := bytes.Cut(part, []byte("\n"))
	if _, err := w.Write(append(part, rest...)); err != nil {
		in.t.Fatal(err, in.log)
	}
	in.waitForContacts()
	in.kill()
}

// waitForContacts asks the store of a running command until it holds some.
func (in *instance) waitForContacts() {
	in.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		if socket, ok := embedded.Running(filepath.Join(in.dir, "data")); ok {
			if st, err := store.Open(in.t.Context(), store.Options{Socket: socket, Shards: 8}); err == nil {
				n, err := st.Contacts(in.t.Context())
				_ = st.Close() // only read
				if err == nil && n > 100 {
					return
				}
			}
		}
		<-time.After(5 * time.Millisecond) // polling another process; nothing else tells
	}
	in.t.Fatalf("nothing was stored\n%s", in.log)
}
