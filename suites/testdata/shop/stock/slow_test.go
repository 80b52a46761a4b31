//go:build slow

package stock

import "testing"

// TestIsSlow is built where the runner is told to.
func TestIsSlow(*testing.T) {}
