package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// ErrToken is returned for a token that was not signed with the key, was
// changed, or is of an unknown version. Answer it like an unknown contact.
var ErrToken = errors.New("token is not valid")

// Token names the contact whose preferences a URL opens. Both are ids of the
// program, never a name or an address: the token can be read by anyone.
type Token struct{ Shop, Contact string }

const (
	tokenVersion = 1
	macLength    = 16 // 128 bits
	maxToken     = 512
)

// purpose keeps a signature made here from being valid anywhere else.
const purpose = "ritorno preferences token\x00"

// strict refuses a second spelling of the same bytes.
var strict = base64.RawURLEncoding.Strict()

// Sign makes the token for /u/{token}. It holds for ever: the way out of a
// message must work however old the message is, so the key must be kept too.
// Sign panics on an empty key, with which anybody could sign.
func Sign(key []byte, t Token) string {
	if len(key) == 0 {
		panic("link: empty signing key")
	}
	payload := append([]byte{tokenVersion}, binary.AppendUvarint(nil, uint64(len(t.Shop)))...)
	payload = append(append(payload, t.Shop...), t.Contact...)
	return strict.EncodeToString(append(payload, mac(key, payload)...))
}

// Verify reads a token that Sign made with the same key, comparing in constant
// time. Any other text gives ErrToken.
func Verify(key []byte, s string) (Token, error) {
	if len(key) == 0 || len(s) > maxToken {
		return Token{}, ErrToken
	}
	// The decoder skips line breaks, which would be another spelling.
	raw, err := strict.DecodeString(s)
	if err != nil || len(raw) < 1+macLength || strict.EncodeToString(raw) != s {
		return Token{}, ErrToken
	}
	payload, sum := raw[:len(raw)-macLength], raw[len(raw)-macLength:]
	if !hmac.Equal(sum, mac(key, payload)) || payload[0] != tokenVersion {
		return Token{}, ErrToken
	}
	return parse(payload[1:])
}

func parse(payload []byte) (Token, error) {
	n, width := binary.Uvarint(payload)
	if width <= 0 || n > uint64(len(payload)-width) {
		return Token{}, ErrToken
	}
	rest := string(payload[width:])
	t := Token{Shop: rest[:n], Contact: rest[n:]}
	if t.Shop == "" || t.Contact == "" || !utf8.ValidString(t.Shop) || !utf8.ValidString(t.Contact) {
		return Token{}, ErrToken
	}
	return t, nil
}

func mac(key, payload []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose))
	h.Write(payload)
	return h.Sum(nil)[:macLength]
}
