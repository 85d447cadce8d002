//go:build linux

package embedded

import (
	"os/exec"
	"syscall"
)

// orphansEnd: the kernel sends the child SIGTERM when its parent dies, so an
// orphan is always on its way out.
const orphansEnd = true

// bind gives the child its own process group, so that Ctrl-C in a terminal
// reaches only us (we drain first), and ties its life to the starting thread.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
