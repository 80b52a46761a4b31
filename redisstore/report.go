package redisstore

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/cachedsql/cachedsql"
)

var _ cachedsql.Reporter = (*Store)(nil)

// Keys of reports, with p the prefix. They are in one slot of a cluster. No
// namespace is called "!", see encodeName.
//
//	{p:!}i      list of the processes that report
//	{p:!}r:id   report

//go:embed scripts/report.lua
var reportLua string

var reportScript = newScript(reportLua)

const (
	maxReporters   = 10_000
	maxReportBytes = 16 << 20 // of a report's text; writers stay far below

	// reportFormat stands in front of a report. Processes of several versions
	// report during a rollout; what cannot be read is skipped and counted.
	reportFormat = '1'
)

var errReportFormat = errors.New("cachedsql: redis: report in another format")

func (s *Store) reportBase() string         { return "{" + s.config.KeyPrefix + ":!}" }
func (s *Store) reportIndex() string        { return s.reportBase() + "i" }
func (s *Store) reportKey(id string) string { return s.reportBase() + "r:" + encodeName(id) }

// Report implements [cachedsql.Reporter]. The list says when a report ends, and
// with that how old it is. So it is written once the report is stored: a full
// server may refuse the report, but never the list, which a script writes.
func (s *Store) Report(ctx context.Context, r *cachedsql.Report, ttl time.Duration) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	data, err := encodeReport(r)
	if err != nil {
		return err
	}
	ms := max(ttl.Milliseconds(), 1)
	if err := s.scripts.client.Set(ctx, s.reportKey(r.Instance.ID), data, time.Duration(ms)*time.Millisecond).Err(); err != nil {
		return wrap("report", err)
	}
	e := s.scripts.command(ctx, reportScript, []any{1, s.reportIndex()}, r.Instance.ID, ms, maxReporters)
	s.scripts.run(ctx, []*execution{e}, nil)
	return wrap("report", e.Err())
}

func encodeReport(r *cachedsql.Report) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("cachedsql: redis: report: %w", err)
	}
	return append([]byte{reportFormat}, s2.Encode(nil, text)...), nil
}

func decodeReport(data string) (*cachedsql.Report, error) {
	if data == "" || data[0] != reportFormat {
		return nil, errReportFormat
	}
	packed := []byte(data[1:])
	if n, err := s2.DecodedLen(packed); err != nil || n > maxReportBytes {
		return nil, errReportFormat
	}
	text, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, errReportFormat
	}
	r := &cachedsql.Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("cachedsql: redis: report: %w", err)
	}
	if r.Instance.ID == "" {
		return nil, errReportFormat
	}
	return r, nil
}
