package main

import (
	"cmp"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressEvery is how often a line is logged where there is no terminal.
const progressEvery = 5 * time.Second

// progress shows how much of a file was read: a bar on a terminal, else a line
// of the log now and then.
type progress struct {
	in     *os.File
	size   int64 // 0: not known, such as of a pipe
	passes int64 // how often the file is read
	read   atomic.Int64
	rows   atomic.Int64

	bar  *progressbar.ProgressBar
	end  chan struct{}
	done sync.WaitGroup
}

func newProgress(in *os.File) *progress {
	p := &progress{in: in, end: make(chan struct{})}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		p.size = info.Size()
	}
	return p
}

// rowsAbout is how many rows the file holds, roughly: 1 for a pipe, which can
// be read only once.
func (p *progress) rowsAbout() int64 {
	per := int64(90) // bytes
	if strings.HasSuffix(p.in.Name(), ".gz") {
		per /= 5
	}
	return max(p.size/per, 1)
}

// Read counts what is read of the file, packed or not.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.read.Add(int64(n))
	return n, err
}

// start shows progress on stderr until stop.
func (p *progress) start(stderr io.Writer) {
	every, show := progressEvery, p.log
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(cmp.Or(p.size*p.passes, -1), progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription("import"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		every, show = 200*time.Millisecond, func() { _ = p.bar.Set64(p.read.Load()) } // a terminal that is gone costs nothing
	}
	p.done.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-p.end:
				return
			case <-t.C:
				show()
			}
		}
	})
}

func (p *progress) log() {
	facts := []any{"rows", p.rows.Load()}
	if p.size > 0 {
		facts = append(facts, "percent", 100*p.read.Load()/(p.size*p.passes))
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("import", facts...)
}

func (p *progress) stop() {
	close(p.end)
	p.done.Wait()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
