package store

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
)

// yards is the number of slots that parked events are spread over. It is fixed
// for the life of an installation.
const yards = 64

// lookup is the bucket that holds d, and d's field in it. 65,536 small hashes
// take a fraction of the memory of a key for each digest.
func (k keys) lookup(d Digest) (key, field string) {
	return k.prefix + ":lk:{" + hex.EncodeToString(d[:2]) + "}", string(d[2:])
}

// order is like lookup, in one generation of order look-ups.
func (k keys) order(d Digest, generation int64) (key, field string) {
	return k.prefix + ":lo:{" + hex.EncodeToString(d[:2]) + "}:" + strconv.FormatInt(generation, 10), string(d[2:])
}

// suppress is the bucket that holds d, and d's field in it: 4,096 buckets,
// because few addresses are suppressed.
func (k keys) suppress(d Digest) (key, field string) {
	return k.prefix + ":sp:{" + hex.EncodeToString(d[:2])[:3] + "}", string(d[1:])
}

func (k keys) yard(n int) string { return k.prefix + ":{pk" + strconv.Itoa(n) + "}:" }

// parked is the list of d, and the index of its yard.
func (k keys) parked(d Digest) (list, index string) {
	n := int(d[0]) % yards
	return k.yard(n) + hex.EncodeToString(d[:]), k.parkedIndex(n)
}

func (k keys) parkedIndex(yard int) string { return k.yard(yard) + "index" }

// dead begins every key of a shop's dead letters. A name is escaped, so that
// no name can leave its tag.
func (k keys) dead(shop string) string { return k.prefix + ":{dl:" + url.QueryEscape(shop) + "}:" }

func (k keys) deadLetter(shop, id string) string { return k.dead(shop) + "d:" + id }
func (k keys) deadIndex(shop string) string      { return k.dead(shop) + "index" }
func (k keys) deadSource(shop, source string) string {
	return k.dead(shop) + "s:" + url.QueryEscape(source)
}

func (k keys) deadBytes(shop, source string) string {
	return k.dead(shop) + "b:" + url.QueryEscape(source)
}

func (k keys) link(code string) string { return k.prefix + ":ln:{" + code + "}" }

// tokens holds the tokens, used the time of their last use.
func (k keys) tokens() (tokens, used string) { return k.prefix + ":{tk}", k.prefix + ":{tk}:used" }

// source holds the counts of a source, topics the last time of each topic.
func (k keys) source(shop, source string) (counts, topics string) {
	key := k.prefix + ":{src:" + url.QueryEscape(shop) + ":" + url.QueryEscape(source) + "}"
	return key, key + ":topics"
}

// feed holds when new orders came from a source.
func (k keys) feed(shop, source string) string {
	key, _ := k.source(shop, source)
	return key + ":feed"
}

// reading holds how far a source was read through its shop's API.
func (k keys) reading(shop, source string) string {
	key, _ := k.source(shop, source)
	return key + ":read"
}

// brakes holds the brakes that are on, and when each was last released.
func (k keys) brakes() string { return k.prefix + ":{brake}" }

// entries holds the places that a journey has for entries, by day.
func (k keys) entries(shop, journey string) string {
	return k.prefix + ":{je:" + url.QueryEscape(shop) + ":" + url.QueryEscape(journey) + "}"
}

// versions holds the definitions that contacts under way may follow.
func (k keys) versions(shop string) string { return k.prefix + ":{jv:" + url.QueryEscape(shop) + "}" }

func (k keys) flag(name string) string { return k.prefix + ":fl:{" + url.QueryEscape(name) + "}" }

// coupon is what a message's coupon is remembered under. The digest of the id
// stands there, not the id: what outlives an erased contact names nobody.
func (k keys) coupon(message string) string {
	return k.prefix + ":cm:{" + hex.EncodeToString([]byte(couponField(message))) + "}"
}

// pool holds a shop's own codes: those left, those given to messages, and all
// that it ever had.
func (k keys) pool(shop string) (free, taken, known string) {
	key := k.prefix + ":{cp:" + url.QueryEscape(shop) + "}"
	return key, key + ":taken", key + ":known"
}

// offer holds what one offer of a shop has spent: when each message took it, and
// what it cost.
func (k keys) offer(shop, offer string) (taken, costs string) {
	key := k.prefix + ":{of:" + url.QueryEscape(shop) + ":" + url.QueryEscape(offer) + "}"
	return key, key + ":costs"
}

// couponField is 16 bytes that stand for a message.
func couponField(message string) string {
	sum := sha256.Sum256([]byte(message))
	return string(sum[:16])
}
