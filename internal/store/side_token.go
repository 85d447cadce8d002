package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	maxTokens  = 1000
	touchEvery = time.Minute
)

// Token is an API token as it is stored: without the token itself.
type Token struct {
	ID       string
	Name     string
	Role     string
	Shop     string   // empty: all shops
	Hash     [32]byte // SHA-256 of the token
	Made     time.Time
	LastUsed time.Time // to the minute; zero: never
}

// tokenValue is the stored form. The hash is the field it stands in.
type tokenValue struct {
	V    int       `json:"v"`
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Role string    `json:"role"`
	Shop string    `json:"shop,omitempty"`
	Made time.Time `json:"made"`
}

const tokenVersion = 1

// PutToken stores t, at most 1,000 of them ([ErrCrowded]). Repeating it
// changes nothing; another token with the same hash is [ErrTaken].
func (s *Store) PutToken(ctx context.Context, t Token) error {
	const op = "put token"
	value, err := encodeToken(t)
	if err != nil {
		return wrap(op, err)
	}
	tokens, _ := s.keys.tokens()
	reply, err := s.amend(ctx, op, "side_token_put", []string{tokens}, hex.EncodeToString(t.Hash[:]), value, maxTokens)
	if err != nil {
		return err
	}
	switch number(reply[0]) {
	case 0:
		return wrap(op, fmt.Errorf("%d tokens: revoke some first: %w", maxTokens, ErrCrowded))
	case -1:
		return wrap(op, ErrTaken)
	}
	return nil
}

// FindToken returns the token with this hash, or [ErrNotFound].
func (s *Store) FindToken(ctx context.Context, hash [32]byte) (Token, error) {
	const op = "find token"
	tokens, used := s.keys.tokens()
	field := hex.EncodeToString(hash[:])
	found, err := s.values(ctx, op, place{tokens, field}, place{used, field})
	if err != nil {
		return Token{}, err
	}
	if found[0] == "" {
		return Token{}, wrap(op, ErrNotFound)
	}
	t, err := decodeToken(field, found[0], found[1])
	if err != nil {
		return Token{}, wrap(op, err)
	}
	return t, nil
}

// ListTokens returns all tokens, oldest first. A damaged one has no role and
// an id of its own, so that it can be revoked.
func (s *Store) ListTokens(ctx context.Context) ([]Token, error) {
	const op = "list tokens"
	tokens, used := s.keys.tokens()
	var values, last *redis.MapStringStringCmd
	if err := s.pipe(ctx, op, func(p redis.Pipeliner) {
		values, last = p.HGetAll(ctx, tokens), p.HGetAll(ctx, used)
	}); err != nil {
		return nil, err
	}
	list := make([]Token, 0, len(values.Val()))
	for field, value := range values.Val() {
		t, err := decodeToken(field, value, last.Val()[field])
		if err != nil {
			t.ID, t.Name = "damaged-"+field[:min(8, len(field))], "damaged"
		}
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		return a.Made.Before(b.Made) || a.Made.Equal(b.Made) && a.ID < b.ID
	})
	return list, nil
}

// RevokeToken forgets the token with this id, at once for every process, or
// answers [ErrNotFound].
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	const op = "revoke token"
	all, err := s.ListTokens(ctx)
	if err != nil {
		return err
	}
	tokens, used := s.keys.tokens()
	for _, t := range all {
		if t.ID == id {
			_, err := s.amend(ctx, op, "side_token_drop", []string{tokens, used}, hex.EncodeToString(t.Hash[:]))
			return err
		}
	}
	return wrap(op, ErrNotFound)
}

// TouchToken records that the token was used, at most once a minute: call it
// at each use. A revoked token answers [ErrNotFound].
func (s *Store) TouchToken(ctx context.Context, hash [32]byte, at time.Time) error {
	const op = "touch token"
	tokens, used := s.keys.tokens()
	// Not confirmed: nobody is told, and losing it loses a minute.
	reply, err := s.ask(ctx, "side_token_touch", []string{tokens, used},
		hex.EncodeToString(hash[:]), at.UnixMilli(), touchEvery.Milliseconds())
	if err == nil && number(reply[0]) == 0 {
		err = ErrNotFound
	}
	return wrap(op, err)
}

func encodeToken(t Token) (string, error) {
	if t.Hash == [32]byte{} {
		return "", errors.New("token has no hash")
	}
	for what, v := range map[string]string{"id": t.ID, "name": t.Name, "role": t.Role} {
		if err := checkLength(what, v, 1, maxName); err != nil {
			return "", err
		}
	}
	if err := checkLength("shop", t.Shop, 0, maxName); err != nil {
		return "", err
	}
	value, err := json.Marshal(tokenValue{
		V: tokenVersion, ID: t.ID, Name: t.Name, Role: t.Role, Shop: t.Shop, Made: t.Made.UTC(),
	})
	return string(value), err
}

// decodeToken never names field in an error: it is the way to the token.
func decodeToken(field, value, last string) (Token, error) {
	damaged := errors.New("stored token is damaged; revoke it")
	var t Token
	if n, err := hex.Decode(t.Hash[:], []byte(field[:min(64, len(field))])); err != nil || n != len(t.Hash) {
		return Token{}, damaged
	}
	var v tokenValue
	if json.Unmarshal([]byte(value), &v) != nil || v.V < 1 || v.ID == "" {
		return t, damaged
	}
	t.ID, t.Name, t.Role, t.Shop, t.Made = v.ID, v.Name, v.Role, v.Shop, v.Made
	// A last use that cannot be read is no reason to lock anybody out.
	if ms, err := strconv.ParseInt(last, 10, 64); err == nil {
		t.LastUsed = time.UnixMilli(ms).UTC()
	}
	return t, nil
}
