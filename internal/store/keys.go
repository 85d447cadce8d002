package store

import (
	"net/url"
	"strconv"
	"time"
)

// Buckets of the integer sets: small sets of integers take 8 bytes an entry up
// to the server's set-max-intset-entries (512), and ten times that beyond.
const (
	seenBuckets  = 1024 // delivery keys of one generation
	orderBuckets = 1024 // orders ever counted
)

// generation is how long one generation of delivery keys lasts. A key is known
// for one to two generations, longer than any source redelivers.
const generation = 30 * 24 * time.Hour

// keys makes every key of the contact shards; keys_side.go makes those of the
// look-ups and lists. No other file spells a key. All keys of one contact and
// its indexes carry the tag of its shard, so that one script touches one slot.
type keys struct{ prefix string }

func (k keys) shard(n int) string { return k.prefix + ":{s" + strconv.Itoa(n) + "}" }

// contact holds the record.
func (k keys) contact(shard int, id string) string { return k.shard(shard) + ":c:" + id }

// contacts matches the records of all shards, for SCAN.
func (k keys) contacts() string { return escape(k.prefix) + ":{s*}:c:*" }

// meta holds the numbers of a shard: see the meta… fields.
func (k keys) meta(shard int) string { return k.shard(shard) + ":m" }

// due holds the contacts whose timer fires in one hour of program time: id and
// milliseconds since the hour began.
func (k keys) due(shard int, hour int64) string {
	return k.shard(shard) + ":due:" + strconv.FormatInt(hour, 10)
}

// hours is the index of the due keys that are not empty.
func (k keys) hours(shard int) string { return k.shard(shard) + ":hours" }

// lease holds the contacts that somebody works on: id and "fence:process:realms".
func (k keys) lease(shard int) string { return k.shard(shard) + ":lease" }

// looks holds when the providers' records are to be asked next about a
// contact's messages: id and real time in ms.
func (k keys) looks(shard int) string { return k.shard(shard) + ":look" }

// uncertain holds the contacts with a message of unknown outcome: id and the
// real time, in ms, at which the oldest such attempt began.
func (k keys) uncertain(shard int) string { return k.shard(shard) + ":unc" }

// log is the bounded stream of what happened in a shard.
func (k keys) log(shard int) string { return k.shard(shard) + ":log" }

// counts holds the exact counters of one shop in one shard. A name is escaped,
// so that no name can leave its tag.
func (k keys) counts(shard int, shop string) string {
	return k.shard(shard) + ":n:" + url.QueryEscape(shop)
}

// tally holds the counters of one hour of program time, of all shops.
func (k keys) tally(shard int, hour int64) string {
	return k.shard(shard) + ":t:" + strconv.FormatInt(hour, 10)
}

// seen is the set that holds a delivery digest in one generation.
func (k keys) seen(shard int, generation int64, digest uint64) string {
	return k.shard(shard) + ":d:" + strconv.FormatInt(generation, 10) + ":" + strconv.FormatUint(digest%seenBuckets, 10)
}

// orders is the set that holds an order digest, for good.
func (k keys) orders(shard int, digest uint64) string {
	return k.shard(shard) + ":o:" + strconv.FormatUint(digest%orderBuckets, 10)
}

// outgoing are queue, state, lease and news of what one destination is told of
// one contact. The first three hold all contacts of the shard.
func (k keys) outgoing(shard int, to, id string) []string {
	queue := k.queue(shard, to)
	return []string{queue, queue + ":state", queue + ":lease", queue + ":c:" + id}
}

// queue holds the contacts that a destination is to be told of: id and real
// time of the next try in ms. A name is escaped, so that no name can leave its
// tag.
func (k keys) queue(shard int, to string) string {
	return k.shard(shard) + ":tell:" + url.QueryEscape(to)
}

// ready is written to prove that the shard's node takes writes.
func (k keys) ready(shard int) string { return k.shard(shard) + ":ready" }

func (k keys) installation() string { return k.prefix + ":{inst}" }
func (k keys) nodes() string        { return k.installation() + ":nodes" }
func (k keys) clock() string        { return k.prefix + ":{clock}" }
func (k keys) told() string         { return k.installation() + ":told" }
func (k keys) beats() string        { return k.prefix + ":{hb}" }

// Fields of meta.
const (
	metaSeq    = "seq"    // mutations of the shard
	metaLive   = "n"      // contacts that are not merged into another
	metaFence  = "fence"  // last fence handed out
	metaMark   = "clk"    // highest program time of a claim, unix ms
	metaOrphan = "orphan" // index entries without a record, removed
)

// escape takes the meaning out of the letters that SCAN patterns give one.
func escape(s string) string {
	var b []byte
	for i := range len(s) {
		switch s[i] {
		case '*', '?', '[', ']', '\\', '^', '-':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}
