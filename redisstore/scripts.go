package redisstore

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it.
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

var (
	//go:embed scripts/head.lua
	headLua string
	//go:embed scripts/settled.lua
	settledLua string
	//go:embed scripts/registers.lua
	registersLua string
	//go:embed scripts/check.lua
	checkLua string
	//go:embed scripts/mark.lua
	markLua string
	//go:embed scripts/declare.lua
	declareLua string

	//go:embed scripts/away.lua
	awayLua string
	//go:embed scripts/presence.lua
	presenceLua string
	//go:embed scripts/present.lua
	presentLua string
	//go:embed scripts/register.lua
	registerLua string
)

// program is the scripts of a store.
type program struct {
	check, mark, declare *script
	register             *script // nil: nobody goes on without Redis
}

// usual is the program of stores whose writers do not go on without Redis. It
// knows nothing of registrations, and does not pay for them.
var usual = program{
	check:   newScript(headLua + settledLua + registersLua + "\nlocal here = true\n" + checkLua),
	mark:    newScript(headLua + registersLua + markLua),
	declare: newScript(headLua + registersLua + declareLua),
}

// newProgram returns the scripts of a store whose writers may. The absence is
// part of what they call the history, so that processes which do not agree on
// it never believe each other's tags: then nothing is cached, where somebody
// might have served what a writer away has changed.
func newProgram(term, absence protocol.Millis) program {
	if absence == 0 {
		return usual
	}
	const takePresence = "local presenceKey = table.remove(KEYS)\n"
	head := headLua + fmt.Sprintf("\nlocal term, absence = %d, %d\nhistory = history .. '+%[2]d'\n", term, absence)
	return program{
		check: newScript(takePresence + head + awayLua + "\nif everybody then\n" + settledLua + "\nend\n" +
			registersLua + presenceLua + presentLua + checkLua),
		mark:     newScript(head + registersLua + markLua),
		declare:  newScript(head + registersLua + declareLua),
		register: newScript(takePresence + head + awayLua + registersLua + presenceLua + registerLua),
	}
}

// script is a Lua script in the two forms servers understand.
type script struct{ flagged, plain scriptForm }

// scriptForm holds both as a command's arguments, so that a call need not box
// them.
type scriptForm struct{ text, sha any }

// newScript puts the flags in front, which Redis knows since version 7. An
// older one takes the first line for an error. Without it the server decides
// at the first write, not at the start, whether to refuse; that loses only
// some early refusals.
func newScript(body string) *script {
	return &script{flagged: newForm("#!lua flags=allow-oom\n" + body), plain: newForm(body)}
}

func newForm(text string) scriptForm {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as above
	return scriptForm{text, hex.EncodeToString(sum[:])}
}

// scripts runs scripts on a server, or on the nodes of a cluster.
type scripts struct {
	client redis.UniversalClient
	warmer *warmer     // nil: the client is not ours
	plain  atomic.Bool // the server is older than flags
}

func (s *scripts) form(sc *script) scriptForm {
	if s.plain.Load() {
		return sc.plain
	}
	return sc.flagged
}

// execution is one call of a script, and its answer when it ran.
type execution struct {
	*redis.StringCmd
	script *script
	args   []any // all after the script itself
}

func (s *scripts) command(ctx context.Context, sc *script, keys []any, argv ...any) *execution {
	e := &execution{script: sc, args: append(append(make([]any, 2, 2+len(keys)+len(argv)), keys...), argv...)}
	e.args[0], e.args[1] = "evalsha", s.form(sc).sha
	e.StringCmd = redis.NewStringCmd(ctx, e.args...)
	return e
}

// whole turns an execution that has failed into one that sends the text.
func (s *scripts) whole(ctx context.Context, e *execution) {
	args := append([]any(nil), e.args...)
	args[0], args[1] = "eval", s.form(e.script).text
	e.StringCmd = redis.NewStringCmd(ctx, args...)
}

// run sends all executions, and other commands behind them, in one round trip; in a cluster, one to each node at the same time. Errors
// are found in the commands.
//
// A server that does not know a script, because it is new, was restarted or
// promoted, is sent the text in a second round trip. An execution that has
// failed so has changed nothing.
func (s *scripts) run(ctx context.Context, execs []*execution, others []redis.Cmder) {
	s.send(ctx, execs, others)
	if unknown := failedWith(execs, isUnknownScript); len(unknown) > 0 {
		s.resend(ctx, unknown)
	}
	if rejected := failedWith(execs, isUnknownFlag); len(rejected) > 0 {
		s.plain.Store(true)
		s.resend(ctx, rejected)
	}
}

func (s *scripts) resend(ctx context.Context, execs []*execution) {
	for _, e := range execs {
		s.whole(ctx, e)
	}
	s.send(ctx, execs, nil)
}

func (s *scripts) send(ctx context.Context, execs []*execution, others []redis.Cmder) {
	pipe := s.client.Pipeline()
	for _, e := range execs {
		_ = pipe.Process(ctx, e.StringCmd)
	}
	for _, cmd := range others {
		_ = pipe.Process(ctx, cmd)
	}
	// Each command has its error, but for one that befell none of them: a
	// refused password, for example.
	began := time.Now()
	cmds, err := pipe.Exec(ctx)
	s.warmer.after(ctx, began, err)
	if err != nil && !slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return c.Err() != nil }) {
		for _, c := range cmds {
			c.SetErr(err)
		}
	}
}

func failedWith(execs []*execution, is func(error) bool) []*execution {
	var failed []*execution
	for _, e := range execs {
		if err := e.Err(); err != nil && is(err) {
			failed = append(failed, e)
		}
	}
	return failed
}

func isUnknownScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }

// isUnknownFlag recognises a Lua compiler's complaint about "#!lua".
func isUnknownFlag(err error) bool {
	msg := err.Error()
	return strings.Contains(msg, "near '#'") || strings.Contains(msg, "near #") || strings.Contains(msg, "near `#`")
}

// randomToken returns text nobody has used.
func randomToken() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// checkTokens are for checks, which rarely need theirs: random for the process,
// and counted.
var checkTokens = struct {
	process string
	count   atomic.Uint64
}{process: randomToken()}

func nextCheckToken() string {
	return checkTokens.process + "-" + strconv.FormatUint(checkTokens.count.Add(1), 36)
}
