package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// deadHead is a letter without id and shop, which its key has, and without the
// body, which follows the head after one line break: so a list reads heads
// alone, and the body needs no escaping.
type deadHead struct {
	V      int               `json:"v"`
	Source string            `json:"source"`
	Reason string            `json:"reason"`
	Method string            `json:"method,omitempty"`
	Query  string            `json:"query,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	At     time.Time         `json:"at,omitzero"`
	Tries  int               `json:"tries,omitempty"`
}

const deadVersion = 1

func encodeDead(l DeadLetter) ([]byte, error) {
	if err := checkLength("shop", l.Shop, 1, maxName); err != nil {
		return nil, err
	}
	if err := checkLength("source", l.Source, 1, maxName); err != nil {
		return nil, err
	}
	if len(l.Body) > maxDeadBody {
		return nil, fmt.Errorf("body of %d bytes: at most %d are kept", len(l.Body), maxDeadBody)
	}
	head, err := json.Marshal(deadHead{
		V: deadVersion, Source: l.Source, Reason: l.Reason, Method: l.Method,
		Query: l.Query, Header: l.Header, At: l.At.UTC(), Tries: l.Tries,
	})
	if err != nil {
		return nil, err
	}
	if len(head) > maxDeadHead {
		return nil, fmt.Errorf("head of %d bytes: at most %d are kept; keep fewer headers", len(head), maxDeadHead)
	}
	return append(append(head, '\n'), l.Body...), nil
}

func decodeDead(blob []byte) (DeadLetter, error) {
	head, body, found := bytes.Cut(blob, []byte{'\n'})
	var h deadHead
	if !found || json.Unmarshal(head, &h) != nil || h.V < 1 {
		return DeadLetter{}, errDeadFormat
	}
	return DeadLetter{
		Source: h.Source, Reason: h.Reason, Method: h.Method, Query: h.Query,
		Header: h.Header, Body: body, At: h.At, Tries: h.Tries,
	}, nil
}
