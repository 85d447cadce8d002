package spool_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/spool"
)

// TestMain lets a test start this binary as a writer that can be killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("SPOOL_TEST_WRITER"); path != "" {
		write(path)
		return
	}
	os.Exit(m.Run())
}

// write appends numbered entries for ever and tells each one that it may count
// on.
func write(path string) {
	s, err := spool.Open(spool.Options{Path: path})
	for n := s.Len(); err == nil; n++ {
		if err = s.Append(fmt.Appendf(nil, "%d %s", n, strings.Repeat("x", n%3000))); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func open(t *testing.T, path string, max int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(spool.Options{Path: path, Max: max})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func add(t *testing.T, s *spool.Spool, entries ...string) {
	t.Helper()
	for _, e := range entries {
		if err := s.Append([]byte(e)); err != nil {
			t.Fatalf("append %q: %v", e, err)
		}
	}
}

// drained is everything that waits.
func drained(t *testing.T, s *spool.Spool) (all []string) {
	t.Helper()
	n, err := s.Drain(t.Context(), func(_ context.Context, e []byte) error {
		all = append(all, string(e))
		return nil
	})
	if err != nil || n != len(all) || s.Len() != 0 || s.Bytes() != 0 {
		t.Fatalf("drained %d of %d, %d left, %d bytes, %v", n, len(all), s.Len(), s.Bytes(), err)
	}
	return all
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestEntriesComeOutInTheirOrderAndLeaveNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "spool")
	s := open(t, path, 0)
	add(t, s, "a", "b", "c")
	if s.Len() != 3 {
		t.Fatalf("%d entries", s.Len())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: others can read it", info.Mode(), err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, drained(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := size(t, path); got != 0 {
		t.Errorf("%d bytes are left on disk", got)
	}
	add(t, s, "d")
	if diff := cmp.Diff([]string{"d"}, drained(t, s)); diff != "" {
		t.Errorf("after it was empty (-want +got):\n%s", diff)
	}
}

func TestAnOldFileIsClosedToOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path, 0)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWhatIsNotTakenStaysFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s := open(t, path, 0)
	add(t, s, "a", "b", "c")
	away := errors.New("away")
	n, err := s.Drain(t.Context(), func(_ context.Context, e []byte) error {
		if string(e) == "b" {
			return away
		}
		return nil
	})
	if n != 1 || !errors.Is(err, away) || s.Len() != 2 {
		t.Fatalf("%d out, %d left, %v", n, s.Len(), err)
	}
	add(t, s, "d")
	if got, err := spool.Count(path); err != nil || got < 3 {
		t.Errorf("count %d, %v: what waits is not told", got, err)
	}
	if diff := cmp.Diff([]string{"b", "c", "d"}, drained(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := spool.Count(path); err != nil || got != 0 {
		t.Errorf("count %d, %v", got, err)
	}
}

func TestEntriesThatComeWhileItIsWorkedOff(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "spool"), 0)
	add(t, s, "0")
	var got []string
	_, err := s.Drain(t.Context(), func(_ context.Context, e []byte) error {
		if got = append(got, string(e)); len(got) < 50 {
			add(t, s, strconv.Itoa(len(got)))
		}
		return nil
	})
	if err != nil || len(got) != 50 || s.Len() != 0 {
		t.Fatalf("%d entries, %d left, %v", len(got), s.Len(), err)
	}
	for i, e := range got {
		if e != strconv.Itoa(i) {
			t.Fatalf("entry %d is %q", i, e)
		}
	}
}

func TestManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s := open(t, path, 0)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := range 25 {
				if err := s.Append(fmt.Appendf(nil, "%d.%d", w, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all := drained(t, open(t, path, 0))
	next := map[string]int{}
	for _, e := range all {
		w, n, _ := strings.Cut(e, ".")
		if n != strconv.Itoa(next[w]) {
			t.Fatalf("%s came out of order", e)
		}
		next[w]++
	}
	if len(all) != 100 {
		t.Errorf("%d entries", len(all))
	}
}

func TestFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "spool"), 100)
	add(t, s, strings.Repeat("a", 60))
	if err := s.Append(make([]byte, 60)); !errors.Is(err, spool.ErrFull) {
		t.Errorf("a second one: %v, want ErrFull", err)
	}
	add(t, s, "small") // there is still room for this
	if got := drained(t, s); len(got) != 2 {
		t.Errorf("%d entries", len(got))
	}
	for name, e := range map[string][]byte{"nothing": nil, "too much": make([]byte, 5<<20)} {
		if err := s.Append(e); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOneProcessOwnsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s := open(t, path, 0)
	add(t, s, "a")
	if _, err := spool.Open(spool.Options{Path: path}); !errors.Is(err, spool.ErrBusy) {
		t.Errorf("a second owner: %v, want ErrBusy", err)
	}
	if n, err := spool.Count(path); n != 1 || err != nil {
		t.Errorf("count beside the owner: %d, %v", n, err)
	}
	if n, err := spool.Count(path + "-none"); n != 0 || err != nil {
		t.Errorf("count of no file: %d, %v", n, err)
	}
}

// whole is the file with three entries, and where the last one begins.
func whole(t *testing.T) (content []byte, last int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole")
	s := open(t, path, 0)
	add(t, s, "first", "second")
	last = int(size(t, path))
	add(t, s, "third and longest")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, last
}

// A power cut may leave any beginning of the last record, or zeros in place of
// its end.
func TestATornTailIsCutOff(t *testing.T) {
	content, last := whole(t)
	for cut := last; cut < len(content); cut++ {
		for name, file := range map[string][]byte{
			"cut":      content[:cut],
			"zeros":    append(bytes.Clone(content[:cut]), make([]byte, len(content)-cut)...),
			"all zero": append(bytes.Clone(content[:last]), make([]byte, 5000)...),
		} {
			path := filepath.Join(t.TempDir(), "spool")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, path, 0)
			add(t, s, "new")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			want := []string{"first", "second", "new"}
			if diff := cmp.Diff(want, drained(t, open(t, path, 0))); diff != "" {
				t.Fatalf("%s at %d of %d (-want +got):\n%s", name, cut, len(content), diff)
			}
			if kept, _ := filepath.Glob(path + ".damaged*"); len(kept) > 0 {
				t.Fatalf("%s at %d: a torn record passes for damage", name, cut)
			}
		}
	}
}

// What was acknowledged and then damaged by the disk is not thrown away.
func TestDamageIsKept(t *testing.T) {
	content, last := whole(t)
	for name, at := range map[string]int{"in the first entry": 10, "in the second's length": last - len("second") - 5} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spool")
			file := bytes.Clone(content)
			file[at] ^= 0xff
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, path, 0)
			got := drained(t, s)
			kept, err := os.ReadFile(path + ".damaged-1")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(file, kept) || len(kept) < len(content)-last {
				t.Errorf("kept %q of %q", kept, file)
			}
			if len(got) > 1 || len(got) == 1 && got[0] != "first" {
				t.Errorf("came out: %q", got)
			}
			if info, err := os.Stat(path + ".damaged-1"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// A writer is killed again and again: what it was told to count on is there.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	promised := -1
	for round := range 10 {
		cmd := exec.CommandContext(t.Context(), exe)
		cmd.Env = append(os.Environ(), "SPOOL_TEST_WRITER="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 5 + 7*round {
			if !lines.Scan() {
				t.Fatal("the writer ended by itself")
			}
			if promised, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Process.Kill()
		for lines.Scan() { // promised before the kill arrived
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				promised = n
			}
		}
		_ = cmd.Wait()
	}
	all := drained(t, open(t, path, 0))
	if len(all) < promised+1 {
		t.Fatalf("%d entries, promised were %d", len(all), promised+1)
	}
	for i, e := range all {
		n, rest, _ := strings.Cut(e, " ")
		if n != strconv.Itoa(i) || len(rest) != i%3000 {
			t.Fatalf("entry %d begins with %q", i, n)
		}
	}
}

// Whatever stands in the file, opening it works, and what comes out was good.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	seed, err := spool.Open(spool.Options{Path: filepath.Join(dir, "seed")})
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range []string{"a", strings.Repeat("b", 300)} {
		if err := seed.Append([]byte(e)); err != nil {
			f.Fatal(err)
		}
	}
	good, err := os.ReadFile(filepath.Join(dir, "seed"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "spool")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := spool.Open(spool.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		before := s.Len()
		if err := s.Append([]byte("new")); err != nil {
			t.Fatal(err)
		}
		last, n := "", 0
		if _, err := s.Drain(t.Context(), func(_ context.Context, e []byte) error {
			last = string(e)
			n++
			return nil
		}); err != nil || n != before+1 || last != "new" {
			t.Fatalf("%d entries of %d, the last %q, %v", n, before+1, last, err)
		}
	})
}
