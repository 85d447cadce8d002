package store

import (
	"context"
	"embed"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/redis/go-redis/v9"
)

// shebang makes the server refuse keys that were not declared, and refuse a
// call it cannot finish (out of memory, read only) before the first write.
const shebang = "#!lua"

//go:embed lua/*.lua
var sources embed.FS

// scripts holds every script of the package by name (its file without .lua),
// texts what is in the files.
var scripts, texts = readScripts()

// readScripts panics on a broken file: it is part of the binary.
func readScripts() (map[string]*redis.Script, map[string]string) {
	files, err := sources.ReadDir("lua")
	if err != nil {
		panic(err)
	}
	all, bodies := make(map[string]*redis.Script, len(files)), make(map[string]string, len(files))
	for _, f := range files {
		text, err := sources.ReadFile(path.Join("lua", f.Name()))
		if err != nil {
			panic(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		if !strings.HasPrefix(first, shebang) {
			panic(fmt.Sprintf("store: lua/%s does not begin with %s", f.Name(), shebang))
		}
		name := strings.TrimSuffix(f.Name(), ".lua")
		all[name], bodies[name] = redis.NewScript(string(text)), string(text)
	}
	return all, bodies
}

// script returns the script of lua/<name>.lua. Its Run sends EVALSHA and falls
// back to EVAL when the server forgot the script; a pipeline cannot fall back:
// use EvalSha there after [Store.load], and load again on NOSCRIPT.
func script(name string) *redis.Script {
	s, ok := scripts[name]
	if !ok {
		panic("store: no script lua/" + name + ".lua")
	}
	return s
}

// load puts the named scripts, or all of them when no name is given, into the
// cache of every node. The cache is not durable: a restart, a failover and
// SCRIPT FLUSH empty it.
func (s *Store) load(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		for n := range scripts {
			names = append(names, n)
		}
		sort.Strings(names)
	}
	for _, n := range names {
		if err := script(n).Load(ctx, s.rdb).Err(); err != nil {
			return wrap("load script "+n, err)
		}
	}
	return nil
}
