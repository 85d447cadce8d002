package identity

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// Digest is a keyed fingerprint of something personal. Without the
// installation's secret nobody can tell whose it is.
type Digest [16]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Keys makes the digests under which the store looks people up. The same
// address has another digest in each shop, and another for each purpose, so
// that nobody can follow a person from shop to shop through the indexes.
type Keys struct{ macs *sync.Pool } // of HMAC-SHA-256 with the key: half of the work is to take the key in

// NewKeys takes the installation's secret, at least 16 random bytes that never
// change: with another secret nobody is found any more and the suppression
// list is void.
func NewKeys(secret []byte) Keys {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("ritorno identity 1"))
	key := mac.Sum(nil)
	return Keys{macs(key)}
}

func macs(key []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
}

// keyless serves the zero Keys, which keep nothing secret: rehearsals have no
// installation.
var keyless = macs(nil)

// Email is the look-up digest of an address in the normal form of [Email].
func (k Keys) Email(shop, key string) Digest { return k.digest("email", shop, key) }

// Phone is the look-up digest of a number in E.164.
func (k Keys) Phone(shop, e164 string) Digest { return k.digest("phone", shop, e164) }

// Ref is the look-up digest of a source's own customer id.
func (k Keys) Ref(shop, source, id string) Digest { return k.digest("ref", shop, source, id) }

// Order is the look-up digest of an order's id at its source, for news that
// name nothing but an order.
func (k Keys) Order(shop, source, id string) Digest { return k.digest("order", shop, source, id) }

// Suppression is what stays of an erased person: channel is the contract's
// word ("email", "sms"), key the address in its normal form.
func (k Keys) Suppression(shop, channel, key string) Digest {
	return k.digest("suppression", shop, channel, key)
}

// Draw is a digest that decides what would else be left to chance: the same
// words give the same one, and nobody without the secret can tell it.
func (k Keys) Draw(purpose string, words ...string) Digest {
	return k.digest("draw "+purpose, words...)
}

// digest keeps purposes and parts apart by writing their lengths, so that
// ("ab", "c") and ("a", "bc") differ.
func (k Keys) digest(purpose string, parts ...string) Digest {
	free := cmp.Or(k.macs, keyless)
	mac := free.Get().(hash.Hash)
	defer free.Put(mac)
	mac.Reset()
	buf := part(make([]byte, 0, 128), purpose)
	for _, p := range parts {
		buf = part(buf, p)
	}
	mac.Write(buf)
	var d Digest
	copy(d[:], mac.Sum(buf[:0]))
	return d
}

func part(buf []byte, s string) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(s)))
	return append(buf, s...)
}

// OrderKey is the short digest by which an order is counted once: 63 bits, so
// that it fits Redis' sets of signed integers; never 0. One purchase has one
// id, whichever source tells it, so the source is not part of it.
func OrderKey(id string) uint64 { return short("order", id) }

// DeliveryKey is the short digest by which a delivery is known to have been
// here before: 63 bits, never 0.
func DeliveryKey(source, key string) uint64 { return short("delivery", source, key) }

func short(purpose string, parts ...string) uint64 {
	buf := part(make([]byte, 0, 128), purpose)
	for _, p := range parts {
		buf = part(buf, p)
	}
	sum := sha256.Sum256(buf)
	n := binary.BigEndian.Uint64(sum[:8]) >> 1
	if n == 0 {
		return 1 // zero means "no key" to callers
	}
	return n
}
