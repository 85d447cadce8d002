package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"ritorno/internal/engine"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
	"ritorno/internal/parts"
)

// parted is the events of the file, read straight or first kept apart in parts;
// done gives the room of these free.
func (im *fileImport) parted(ctx context.Context, stderr io.Writer) (next engine.Next, done func(), err error) {
	n, err := im.partsWanted()
	if err != nil {
		return nil, nil, err
	}
	if n == 1 {
		return eventsOf(im.entry, &im.bar.rows), func() {}, nil
	}
	if err := os.MkdirAll(im.room, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the data directory: %w", err)
	}
	kept, err := parts.New(im.room, n, im.file, im.options)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = kept.Close() } // they were read to their end, or nobody will
	im.bar.title = "read"
	im.bar.start(stderr)
	rows, err := kept.Fill(ctx, im.file, im.counted, func(who lifecycle.Person) int { return engine.PartOf(who, n) })
	im.bar.stop()
	if err != nil {
		done()
		return nil, nil, err
	}
	im.bar = newCounter(rows)
	return engine.InParts(n, func(part int) (engine.Next, error) {
		file, err := kept.Open(part)
		if err != nil {
			return nil, err
		}
		return eventsOf(file.Next, &im.bar.rows), nil
	}), done, nil
}

// partsWanted looks at the beginning of the file. A pipe cannot be read twice.
func (im *fileImport) partsWanted() (int, error) {
	if im.bar.size == 0 {
		return 1, nil
	}
	in, err := os.Open(im.name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }() // only read
	sample := newProgress(in)
	file, err := history.Open(sample, im.options)
	if err != nil {
		return 0, err
	}
	good := func() (history.Entry, error) {
		for {
			e, err := file.Next()
			var bad *history.BadLine
			if !errors.As(err, &bad) {
				return e, err
			}
		}
	}
	return engine.ImportParts(eventsOf(good, &sample.rows), func() float64 { return float64(sample.read.Load()) / float64(sample.size) })
}

// counted is entry, where nobody else counts the rows.
func (im *fileImport) counted() (history.Entry, error) {
	e, err := im.entry()
	if err == nil {
		im.bar.rows.Add(1)
	}
	return e, err
}
