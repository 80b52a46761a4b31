package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cachedsql/cachedsql/redisstore"
)

const topHelp = `Show what the programs ask, live: how often, from where it is answered, and what it costs the database.

Figures are for the last minute (--window), from the reports of all processes, which come every 10 seconds unless the programs say
otherwise. Press ? for the keys.` + redisHelp

func newTop() *cobra.Command {
	var f fleetFlags
	var interval, length time.Duration
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show the queries live, sorted and filtered, and each in detail",
		Long:  topHelp,
		Example: `  cachedsql top --redis redis://cache:6379
  cachedsql top --interval 1s --window 5m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if interval < 100*time.Millisecond {
				return fmt.Errorf("--interval %v is less than 100ms", interval)
			}
			if length < interval {
				return fmt.Errorf("--window %v is less than --interval", length)
			}
			if !term.IsTerminal(int(os.Stdout.Fd())) {
				return errors.New("top needs a terminal; \"cachedsql queries\" prints the figures once")
			}
			return runTop(cmd, &f, interval, length)
		},
	}
	f.registerRedis(cmd)
	cmd.Flags().DurationVar(&interval, "interval", 2*time.Second, "how often to look")
	cmd.Flags().DurationVar(&length, "window", time.Minute, "the time that figures are for")
	return cmd
}

func runTop(cmd *cobra.Command, f *fleetFlags, interval, length time.Duration) error {
	store, err := f.open()
	if err != nil {
		return err
	}
	defer store.Close()
	fetch := func() tea.Msg {
		ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
		defer cancel()
		reports, err := store.Inspector().Reports(ctx)
		return fetched{snapshot{time.Now(), reports}, err}
	}
	program := tea.NewProgram(newTopModel(fetch, interval, length), tea.WithContext(cmd.Context()))
	if _, err := program.Run(); err != nil && !errors.Is(err, tea.ErrInterrupted) {
		return &faultError{fmt.Errorf("cachedsql: top: %w", err)}
	}
	return nil
}

// fetched is the answer to a look at the fleet.
type fetched struct {
	snapshot
	err error
}

// due says that it is time for the next look.
type due struct{}

// topModel is the state of the screen.
type topModel struct {
	fetch    func() tea.Msg
	interval time.Duration
	window   window
	err      error // of the last look

	width, height int
	rows          []topRow // sorted and filtered
	cursor, first int      // the row chosen, and the first that is shown
	column        int      // sorted by
	ascending     bool
	filter        string
	typing        bool // the filter
	paused, help  bool
	detail        string // the query shown alone, "" for the list
}

func newTopModel(fetch func() tea.Msg, interval, length time.Duration) *topModel {
	return &topModel{fetch: fetch, interval: interval, window: window{length: length}, width: 80, height: 24, column: defaultColumn}
}

// Init asks for the first look.
func (m *topModel) Init() tea.Cmd { return m.fetch }

// Update takes a key, a size or an answer in.
func (m *topModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case fetched:
		if m.err = msg.err; msg.err == nil && !m.paused {
			m.window.add(msg.snapshot)
			m.arrange()
		}
		return m, tea.Tick(m.interval, func(time.Time) tea.Msg { return due{} })
	case due:
		return m, m.fetch
	case tea.KeyPressMsg:
		return m, m.press(msg)
	}
	m.scroll()
	return m, nil
}

func (m *topModel) press(key tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.String() == "ctrl+c":
		return tea.Quit
	case m.typing:
		m.typed(key)
	default:
		if m.command(key.String()) {
			return tea.Quit
		}
	}
	m.arrange()
	return nil
}

// typed edits the filter.
func (m *topModel) typed(key tea.KeyPressMsg) {
	switch key.String() {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.filter = false, ""
	case "backspace":
		if r := []rune(m.filter); len(r) > 0 {
			m.filter = string(r[:len(r)-1])
		}
	default:
		m.filter += key.Text
	}
}

// command carries out a key; quit is true for the one that ends.
func (m *topModel) command(key string) (quit bool) {
	switch key {
	case "q":
		return true
	case "esc":
		if m.detail == "" && !m.help {
			m.filter = ""
		}
		m.detail, m.help = "", false
	case "enter":
		if m.cursor < len(m.rows) {
			m.detail = m.rows[m.cursor].QueryID
		}
	case "?":
		m.help = !m.help
	case "/":
		m.typing, m.detail, m.help = true, "", false
	case "p":
		m.paused = !m.paused
	case "r":
		m.ascending = !m.ascending
	case ">", "right", "l", "tab":
		m.column = (m.column + 1) % len(topColumns)
	case "<", "left", "h", "shift+tab":
		m.column = (m.column + len(topColumns) - 1) % len(topColumns)
	default:
		m.move(key)
	}
	return false
}

// move moves the cursor.
func (m *topModel) move(key string) {
	page := max(m.listHeight()-1, 1)
	switch key {
	case "up", "k":
		m.cursor--
	case "down", "j":
		m.cursor++
	case "pgup":
		m.cursor -= page
	case "pgdown", "space":
		m.cursor += page
	case "home", "g":
		m.cursor = 0
	case "end", "G":
		m.cursor = len(m.rows) - 1
	}
}

// scroll keeps the cursor on a row, and that row on the screen.
func (m *topModel) scroll() {
	m.cursor = max(min(m.cursor, len(m.rows)-1), 0)
	height := max(m.listHeight(), 1)
	m.first = max(min(m.first, m.cursor), m.cursor-height+1, 0)
}

var _ tea.Model = (*topModel)(nil)

// fleetOf returns what was seen last, an empty fleet before that.
func (m *topModel) fleet() *redisstore.Fleet {
	if f := m.window.fleet; f != nil {
		return f
	}
	return &redisstore.Fleet{}
}
