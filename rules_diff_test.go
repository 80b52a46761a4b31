package cachedsql

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDiffShowsWhatChanged(t *testing.T) {
	t.Parallel()
	from := "version: 1\nrules:\n- {name: a, ttl: 1m}\n- {name: b, ttl: 1m, tables: [b]}\n"
	to := "version: 1\nrules:\n- {name: a, ttl: 5m}\n- {name: b, ttl: 1m, tables: [b]}"
	want := `--- 1
+++ 2
@@ -1,4 +1,4 @@
 version: 1
 rules:
-- {name: a, ttl: 1m}
-- {name: b, ttl: 1m, tables: [b]}
+- {name: a, ttl: 5m}
+- {name: b, ttl: 1m, tables: [b]}
\ No newline at end of file
`
	if got := DiffRules("1", from, "2", to); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := DiffRules("1", from, "1", from); got != "" {
		t.Errorf("equal texts differ: %q", got)
	}
}

// patch, which reads unified diffs for a living, makes the one text of the
// other.
func TestDiffIsOneThatPatchApplies(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("there is no patch(1)")
	}
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(strings.Repeat("x", random.IntN(4)) + "\n")
		}
		return strings.TrimSuffix(b.String(), strings.Repeat("\n", random.IntN(2)))
	}
	for range 50 {
		from, to := text(1+random.IntN(40)), text(1+random.IntN(40))
		diff := DiffRules("a", from, "b", to)
		if diff == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(file, []byte(from), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "--silent", file)
		cmd.Stdin = strings.NewReader(diff)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, diff)
		}
		got, _ := os.ReadFile(file) // a missing file is an empty one to patch
		if string(got) != to {
			t.Fatalf("%q and %q:\n%s\nmakes %q", from, to, diff, got)
		}
	}
}
