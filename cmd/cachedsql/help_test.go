package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// withoutJSON are the commands that print no table.
var withoutJSON = map[string]bool{
	"cachedsql top": true, "cachedsql ui": true, "cachedsql export": true, // it prints JSON anyway
}

func TestEveryCommandHasExamplesAndJSON(t *testing.T) {
	t.Parallel()
	var each func(*cobra.Command)
	seen := 0
	each = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			each(sub)
		}
		if !cmd.Runnable() || cmd.HasSubCommands() {
			return
		}
		seen++
		name := cmd.CommandPath()
		if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, name) {
			t.Errorf("%s: no description, or no example", name)
		}
		if cmd.Flags().Lookup("json") == nil && !withoutJSON[name] {
			t.Errorf("%s has no --json", name)
		}
		out, errs, code := command(t, "", append(strings.Fields(name)[1:], "--help")...)
		if code != 0 || !strings.Contains(out, cmd.Long) || !strings.Contains(out, cmd.Example) {
			t.Errorf("%s --help: exit %d: %s%s", name, code, out, errs)
		}
	}
	each(newRoot())
	if seen < 20 {
		t.Errorf("only %d commands", seen)
	}
	if out, _, _ := command(t, "", "--help"); !strings.Contains(out, "Exit codes: 0 all went well; 1 ") {
		t.Errorf("the exit codes are not in the help: %s", out)
	}
}

func TestShellsCompleteWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"rules", "pre"}, []string{"preview\t"}},
		{[]string{"rules", "preview", "d"}, []string{"draft\n"}},
		{[]string{"rules", "apply", ""}, []string{"yaml\n", "json\n"}},
		{[]string{"export", "--format", ""}, []string{"json\n", "csv\n"}},
		{[]string{"watch", "--kind", ""}, []string{"outage\n", "invalidate\n"}},
		{[]string{"explain", "--dialect", ""}, []string{"postgres\n", "mysql\n"}},
		{[]string{"flush", "--"}, []string{"--dry-run\t", "--rule\t"}},
	} {
		out, errs, code := command(t, "", append([]string{"__complete"}, c.args...)...)
		for _, want := range c.want {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%v: exit %d: no %q in %s%s", c.args, code, want, out, errs)
			}
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out, errs, code := command(t, "", "completion", shell); code != 0 || len(out) < 1000 {
			t.Errorf("%s: exit %d: %s", shell, code, errs)
		}
	}
}
