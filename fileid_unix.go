//go:build unix

package cachedsql

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity tells a file from another one that had its path before.
func fileIdentity(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("#%d.%d", st.Dev, st.Ino)
	}
	return ""
}
