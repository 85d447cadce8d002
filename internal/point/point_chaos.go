//go:build chaos

package point

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// chances are how likely the process dies at each place, from
// RITORNO_KILL_AT=begun=0.01,answered=0.02.
var chances = func() map[string]float64 {
	all := map[string]float64{}
	for _, part := range strings.Split(os.Getenv("RITORNO_KILL_AT"), ",") {
		name, text, _ := strings.Cut(part, "=")
		if p, err := strconv.ParseFloat(text, 64); err == nil {
			all[name] = p
		}
	}
	return all
}()

// At is one named place: the process may be killed there, as by kill -9.
func At(name string) {
	if p := chances[name]; p > 0 && rand.Float64() < p {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is on its way
	}
}
