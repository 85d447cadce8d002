package engine

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"ritorno/internal/lifecycle"
)

// versionsEvery is how often the definitions that other processes keep are read.
const versionsEvery = time.Minute

// kept are the definitions of journeys that the store keeps, by shop and digest.
type kept struct {
	read atomic.Pointer[map[string]map[string]*lifecycle.Journey] // nil: not read yet
}

// of finds the definitions of a shop.
func (k *kept) of(shop string) lifecycle.Versions {
	return func(digest string) *lifecycle.Journey {
		if all := k.read.Load(); all != nil {
			return (*all)[shop][digest]
		}
		return nil
	}
}

// needVersions reads the definitions before the first decision: without them a
// contact under way would follow the journey of today.
func (e *Engine) needVersions(ctx context.Context) error {
	if e.kept.read.Load() != nil {
		return nil
	}
	return e.readVersions(ctx)
}

// readVersions keeps the definitions of today and reads all that are kept.
func (e *Engine) readVersions(ctx context.Context) error {
	all := map[string]map[string]*lifecycle.Journey{}
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		if len(s.Rules.Journeys) == 0 {
			continue
		}
		texts, err := e.st.KeptVersions(ctx, s.Name)
		if err != nil {
			return err
		}
		if err := e.keepToday(ctx, s, texts); err != nil {
			return err
		}
		all[s.Name] = e.parse(s.Name, texts)
	}
	e.kept.read.Store(&all)
	return nil
}

func (e *Engine) keepToday(ctx context.Context, s *Shop, texts map[string]string) error {
	for i := range s.Rules.Journeys {
		j := &s.Rules.Journeys[i]
		if _, ok := texts[j.Version]; ok || j.Version == "" {
			continue
		}
		text, _ := j.Definition()
		if err := e.st.KeepVersion(ctx, s.Name, j.Version, text); err != nil {
			return err
		}
		texts[j.Version] = string(text)
	}
	return nil
}

// dropVersions forgets the definitions that nobody follows. A process with
// another configuration keeps its own again with its next look.
func (e *Engine) dropVersions(ctx context.Context) error {
	for i := range e.o.Shops {
		if err := e.dropUnused(ctx, &e.o.Shops[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) dropUnused(ctx context.Context, s *Shop) error {
	texts, err := e.st.KeptVersions(ctx, s.Name)
	if err != nil || len(texts) == 0 {
		return err
	}
	counts, err := e.st.Counts(ctx, s.Name)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for field, n := range counts {
		if rest, ok := strings.CutPrefix(field, "running:"); ok && n > 0 {
			used[rest[strings.LastIndexByte(rest, ':')+1:]] = true
		}
	}
	for _, j := range s.Rules.Journeys {
		used[j.Version] = true
	}
	for digest := range texts {
		if used[digest] {
			continue
		}
		if err := e.st.DropVersion(ctx, s.Name, digest); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the kept definitions. One that cannot be read any more is told,
// and those who follow it follow the journey of today.
func (e *Engine) parse(shop string, texts map[string]string) map[string]*lifecycle.Journey {
	found := map[string]*lifecycle.Journey{}
	for digest, text := range texts {
		j, err := lifecycle.ParseDefinition([]byte(text))
		if err != nil {
			e.log.Warn("a kept version of a journey cannot be followed any more", "shop", shop, "version", digest, "error", err.Error())
			continue
		}
		j.Version = digest
		found[digest] = j
	}
	return found
}

// Following is how many contacts follow one version of a journey.
type Following struct {
	Journey    string             `json:"journey"`
	Version    string             `json:"version"`
	Contacts   int64              `json:"contacts"`
	Definition *lifecycle.Journey `json:"-"` // nil: not kept any more
}

// Followings are the versions of a shop's journeys that contacts follow, by
// journey and version. It changes nothing.
func (e *Engine) Followings(ctx context.Context, shop string) ([]Following, error) {
	counts, err := e.Counts(ctx, shop)
	if err != nil {
		return nil, err
	}
	texts, err := e.st.KeptVersions(ctx, shop)
	if err != nil {
		return nil, err
	}
	kept := e.parse(shop, texts)
	var list []Following
	for field, n := range counts {
		rest, ok := strings.CutPrefix(field, "running:")
		if i := strings.LastIndexByte(rest, ':'); ok && i > 0 && n > 0 {
			list = append(list, Following{rest[:i], rest[i+1:], n, kept[rest[i+1:]]})
		}
	}
	slices.SortFunc(list, func(a, b Following) int {
		return strings.Compare(a.Journey+" "+a.Version, b.Journey+" "+b.Version)
	})
	return list, nil
}
