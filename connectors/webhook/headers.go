package webhook

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSignatures bounds the work that one request can ask for.
const maxSignatures = 16

// headers are the three headers of the scheme.
type headers struct {
	id         string
	timestamp  string // as received: it is part of what is signed
	at         time.Time
	signatures []signature
}

// signature is one entry of webhook-signature. Versions that we do not know
// stay in and never match.
type signature struct {
	version string
	bytes   []byte
}

// readHeaders takes one complete set of headers, under the new names or the old
// ones.
func readHeaders(from http.Header) (headers, error) {
	family := "Webhook-"
	if from.Get("Webhook-Signature") == "" && from.Get("Svix-Signature") != "" {
		family = "Svix-"
	}
	h := headers{id: from.Get(family + "Id"), timestamp: from.Get(family + "Timestamp")}
	list := from.Get(family + "Signature")
	if h.id == "" || h.timestamp == "" || list == "" {
		return h, bad("webhook-id, webhook-timestamp and webhook-signature are needed")
	}
	if len(h.id) > 256 || strings.ContainsRune(h.id, '.') {
		return h, bad("webhook-id holds a dot or is over 256 bytes")
	}
	seconds, err := strconv.ParseInt(h.timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != h.timestamp {
		return h, bad("webhook-timestamp is not a plain number of seconds")
	}
	h.at = time.Unix(seconds, 0).UTC()
	for i, entry := range strings.Fields(list) {
		if i == maxSignatures {
			return h, bad("webhook-signature has more than 16 entries")
		}
		version, text, _ := strings.Cut(entry, ",")
		sum, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			continue // not ours to judge: another entry may match
		}
		h.signatures = append(h.signatures, signature{version, sum})
	}
	return h, nil
}
