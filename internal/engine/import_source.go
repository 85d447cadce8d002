package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ritorno/internal/store"
)

// sourcesFlag names the flag that lists the sources that imports of a shop named
// beside those of the configuration.
func sourcesFlag(shop string) string { return "import-sources:" + shop }

// NoteImportSource keeps the name of a source, without blanks, so that support
// finds people by its customer ids.
func (e *Engine) NoteImportSource(ctx context.Context, shop, source string) error {
	s, ok := e.shops[shop]
	if !ok {
		return fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	text, err := e.st.Flag(ctx, sourcesFlag(shop))
	have := strings.Fields(text)
	if err != nil || source == "import" || slices.Contains(s.Sources, source) || slices.Contains(have, source) {
		return err
	}
	return e.st.SetFlag(ctx, sourcesFlag(shop), strings.Join(append(have, source), " "), 0)
}

// importWays are the look-ups by customer ids of such sources.
func (e *Engine) importWays(ctx context.Context, s *Shop, who string) ([]store.Digest, error) {
	text, err := e.st.Flag(ctx, sourcesFlag(s.Name))
	var ds []store.Digest
	for source := range strings.FieldsSeq(text) {
		ds = append(ds, store.Digest(e.keys.Ref(s.Name, source, who)))
	}
	return ds, err
}
