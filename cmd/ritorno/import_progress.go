package main

import (
	"cmp"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressEvery is how often a line is logged where there is no terminal.
const progressEvery = 5 * time.Second

// progress shows how much of a file was read, or how many of its rows were taken
// in: a bar on a terminal, else a line of the log now and then.
type progress struct {
	title string
	in    *os.File
	size  int64 // of the file; 0: not known, such as of a pipe
	count int64 // of the rows, where there is no file
	read  atomic.Int64
	rows  atomic.Int64

	bar  *progressbar.ProgressBar
	end  chan struct{}
	done sync.WaitGroup
}

func newProgress(in *os.File) *progress {
	p := &progress{title: "import", in: in, end: make(chan struct{})}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		p.size = info.Size()
	}
	return p
}

// newCounter shows how many of count rows were taken in.
func newCounter(count int64) *progress {
	return &progress{title: "import", count: count, end: make(chan struct{})}
}

// Read counts what is read of the file, packed or not.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.read.Add(int64(n))
	return n, err
}

// at is how far it is, of how much; 0 where that is not known.
func (p *progress) at() (done, of int64) {
	if p.in == nil {
		return p.rows.Load(), p.count
	}
	return p.read.Load(), p.size
}

// start shows progress on stderr until stop.
func (p *progress) start(stderr io.Writer) {
	every, show := progressEvery, p.log
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, of := p.at()
		p.bar = progressbar.NewOptions64(cmp.Or(of, -1), progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(p.in != nil),
			progressbar.OptionSetDescription(p.title), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		every, show = 200*time.Millisecond, func() { // a terminal that is gone costs nothing
			done, _ := p.at()
			_ = p.bar.Set64(done)
		}
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
	if done, of := p.at(); of > 0 {
		facts = append(facts, "percent", 100*done/of)
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info(p.title, facts...)
}

func (p *progress) stop() {
	close(p.end)
	p.done.Wait()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
