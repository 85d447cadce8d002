package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "***"

// Secret is text that must not be seen. However it is printed, logged or
// encoded it reads ***; only Reveal gives it away. The text hangs on a pointer
// so that not even a struct with an unexported Secret prints it.
type Secret struct{ text *string }

// NewSecret makes a secret of a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal compares the texts.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String is ***.
func (s Secret) String() string { return hidden }

// Format writes *** for every verb and flag.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText is *** in JSON and wherever else text is encoded.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalYAML is ***.
func (s Secret) MarshalYAML() (any, error) { return hidden, nil }

// LogValue is ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
