package trial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Machine is where it was measured.
type Machine struct {
	Cores      int
	Go         string
	Disk       time.Duration // median of writing 4 KB and waiting for the disk
	LoadBefore string        // load averages of 1, 5 and 15 minutes
	LoadAfter  string
}

func machine(dir string) (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: loadAverage()}
	var err error
	m.Disk, err = disk(dir)
	return m, err
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// disk is how long the disk of dir takes to confirm a write. Redis waits for
// that before it answers.
func disk(dir string) (time.Duration, error) {
	const writes = 100
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return 0, fmt.Errorf("try the disk: %w", err)
	}
	block := make([]byte, 4096)
	took := make([]float64, writes)
	for i := range took {
		began := time.Now()
		_, err := f.Write(block)
		if err := errors.Join(err, f.Sync()); err != nil {
			return 0, errors.Join(fmt.Errorf("try the disk: %w", err), f.Close())
		}
		took[i] = float64(time.Since(began))
	}
	return time.Duration(median(took)), errors.Join(f.Close(), os.Remove(f.Name()))
}
