package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)

// maxCorpus is how much room all corpora together may take in the repository,
// in bytes, and maxSeed one file of theirs.
const (
	maxCorpus = 1 << 20
	maxSeed   = 32 << 10
)

// TestEveryFuzzTargetHasACorpus: what fuzzing found stays, and is run by every
// go test. A corpus without its target would never be run again.
func TestEveryFuzzTargetHasACorpus(t *testing.T) {
	root, targets, corpora, size := moduleRoot(t), map[string]bool{}, map[string]int{}, int64(0)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && d.Name() != "testdata" && foreign(name, d.Name()) {
			return filepath.SkipDir
		}
		if dir, target := filepath.Split(filepath.Dir(name)); !d.IsDir() && strings.HasSuffix(dir, filepath.FromSlash("testdata/fuzz/")) {
			pkg := strings.TrimSuffix(dir, filepath.FromSlash("testdata/fuzz/"))
			corpora[pkg+target]++
			info, err := d.Info()
			if err == nil && info.Size() > maxSeed {
				t.Errorf("%s has %d bytes: keep smaller ones", name, info.Size())
			}
			if err == nil {
				size += info.Size()
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(name)
		for _, m := range fuzzTarget.FindAllStringSubmatch(string(src), -1) {
			targets[filepath.Dir(name)+string(filepath.Separator)+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(targets) < 30 {
		t.Fatalf("only %d fuzz targets found", len(targets))
	}
	for target := range targets {
		if corpora[target] == 0 {
			t.Errorf("%s has no corpus: run make fuzz, and keep what it found under testdata/fuzz/%s", target, filepath.Base(target))
		}
	}
	for corpus := range corpora {
		if !targets[corpus] {
			t.Errorf("the corpus of %s has no target", corpus)
		}
	}
	if size > maxCorpus {
		t.Errorf("the corpora take %d bytes, at most %d", size, maxCorpus)
	}
}
