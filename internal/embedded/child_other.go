//go:build !linux

package embedded

import (
	"os/exec"
	"syscall"
)

// orphansEnd: only Linux ends a child with its parent. Elsewhere the next parent
// that finds the directory locked by an orphan tells it to shut down.
const orphansEnd = false

// bind gives the child its own process group, so that Ctrl-C in a terminal
// reaches only us: we drain first.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
