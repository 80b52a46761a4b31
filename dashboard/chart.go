package dashboard

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
)

// chart is a plot over time, drawn as SVG without styles of its own: classes
// give colours, and the script shows values where one points.
type chart struct {
	Title  string
	series []series
	at     []time.Time
	format func(float64) string
	stack  bool    // areas on top of each other
	atMost float64 // what the axis ends with at least; 0: what there is
	fixed  bool    // the axis ends with atMost

	low, high float64 // of the axis; set by SVG
}

// series is one line. A NaN is a gap.
type series struct {
	Name, Class string
	values      []float64
}

const (
	chartWidth, chartHeight = 640, 220
	chartLeft, chartRight   = 62, 12
	chartTop, chartBottom   = 12, 26
	// gapAfter: no line is drawn over a pause longer than this, and than that
	// between so many points.
	gapAfter, gapPoints = time.Minute, 3
)

// Legend are the names and classes of the lines.
func (c *chart) Legend() []series { return c.series }

// Empty reports whether there is nothing to draw yet.
func (c *chart) Empty() bool { return len(c.at) < 2 }

// SVG draws it. Every text in it is made here, from numbers and constants.
func (c *chart) SVG() template.HTML {
	c.low, c.high = c.bounds()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s" tabindex="0" data-chart="%s">`,
		chartWidth, chartHeight, template.HTMLEscapeString(c.summary()), template.HTMLEscapeString(c.data()))
	for i := range 5 {
		v := c.low + (c.high-c.low)*float64(i)/4
		y := c.y(v)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, chartLeft, chartWidth-chartRight, y, y)
		if i%2 == 0 {
			fmt.Fprintf(&b, `<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`, chartLeft-8, y+4, template.HTMLEscapeString(c.format(v)))
		}
	}
	c.timeTicks(&b)
	if c.stack {
		c.areas(&b)
	} else {
		c.lines(&b)
	}
	b.WriteString(`<line class="cursor" x1="0" x2="0" y1="12" y2="194"/></svg>`)
	return template.HTML(b.String()) //nolint:gosec // see above
}

func (c *chart) summary() string {
	parts := []string{c.Title}
	for _, s := range c.series {
		if v := s.values[len(s.values)-1]; !math.IsNaN(v) {
			parts = append(parts, s.Name+" "+c.format(v))
		}
	}
	return strings.Join(parts, ", ")
}

// data is what the script needs to show values: where the points are, and
// their texts.
func (c *chart) data() string {
	d := struct {
		X      []int      `json:"x"`
		At     []string   `json:"at"`
		Names  []string   `json:"names"`
		Values [][]string `json:"values"`
	}{}
	step := max(len(c.at)/240, 1) // more could not be pointed at
	for i := 0; i < len(c.at); i += step {
		d.X = append(d.X, int(c.x(i)))
		d.At = append(d.At, c.at[i].Format("15:04:05"))
	}
	for _, s := range c.series {
		d.Names = append(d.Names, s.Name)
		var texts []string
		for i := 0; i < len(c.at); i += step {
			text := "–"
			if !math.IsNaN(s.values[i]) {
				text = c.format(s.values[i])
			}
			texts = append(texts, text)
		}
		d.Values = append(d.Values, texts)
	}
	text, _ := json.Marshal(d) // strings and numbers
	return string(text)
}

// bounds are round numbers that nothing is outside of.
func (c *chart) bounds() (low, high float64) {
	high = c.atMost
	for i := range c.at {
		sum := 0.0
		for _, s := range c.series {
			switch v := s.values[i]; {
			case math.IsNaN(v):
			case c.stack:
				sum += v
			default:
				low, sum = min(low, v), max(sum, v)
			}
		}
		if !c.fixed {
			high = max(high, sum)
		}
	}
	if low < 0 {
		// As much room on both sides, so that zero is on a line.
		high = round(max(high, -low))
		return -high, high
	}
	return 0, round(high)
}

// round returns the next number of 1, 2, 4, 5 or 8 times a power of ten.
func round(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 4, 5, 8} {
		if v <= m*unit*1.0001 {
			return m * unit
		}
	}
	return 10 * unit
}

func (c *chart) x(i int) float64 {
	span := c.at[len(c.at)-1].Sub(c.at[0])
	return chartLeft + (chartWidth-chartLeft-chartRight)*float64(c.at[i].Sub(c.at[0]))/float64(max(span, 1))
}

func (c *chart) y(v float64) float64 {
	share := (min(max(v, c.low), c.high) - c.low) / (c.high - c.low)
	return chartHeight - chartBottom - (chartHeight-chartTop-chartBottom)*share
}

func (c *chart) timeTicks(b *strings.Builder) {
	layout := "15:04"
	if c.at[len(c.at)-1].Sub(c.at[0]) < 5*time.Minute {
		layout = "15:04:05"
	}
	const ticks = 4
	span := c.at[len(c.at)-1].Sub(c.at[0])
	for i := range ticks + 1 {
		anchor := "middle"
		switch i {
		case 0:
			anchor = "start"
		case ticks:
			anchor = "end"
		}
		x := chartLeft + (chartWidth-chartLeft-chartRight)*i/ticks
		fmt.Fprintf(b, `<text class="tick" x="%d" y="%d" text-anchor="%s">%s</text>`, x, chartHeight-8, anchor,
			c.at[0].Add(span*time.Duration(i)/ticks).Format(layout))
	}
}

// longestPause is how far apart two points are that a line joins. Where the plot
// goes far back, they all are.
func (c *chart) longestPause() time.Duration {
	pauses := make([]time.Duration, 0, len(c.at))
	for i := range len(c.at) - 1 {
		pauses = append(pauses, c.at[i+1].Sub(c.at[i]))
	}
	slices.Sort(pauses)
	return max(gapAfter, gapPoints*pauses[len(pauses)/2])
}

// runs calls f for each stretch of points without a gap.
func (c *chart) runs(values []float64, f func(from, to int)) {
	from, longest := -1, c.longestPause()
	for i := range c.at {
		gap := math.IsNaN(values[i]) || i > 0 && c.at[i].Sub(c.at[i-1]) > longest
		if gap && from >= 0 {
			f(from, i)
			from = -1
		}
		if from < 0 && !math.IsNaN(values[i]) {
			from = i
		}
	}
	if from >= 0 {
		f(from, len(c.at))
	}
}

func (c *chart) lines(b *strings.Builder) {
	for _, s := range c.series {
		c.runs(s.values, func(from, to int) {
			fmt.Fprintf(b, `<path class="line %s" d="`, s.Class)
			for i := from; i < to; i++ {
				fmt.Fprintf(b, "%c%.1f %.1f", "LM"[b2i(i == from)], c.x(i), c.y(s.values[i]))
			}
			b.WriteString(`"/>`)
			if to-from == 1 {
				fmt.Fprintf(b, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="2"/>`, s.Class, c.x(from), c.y(s.values[from]))
			}
		})
	}
}

func (c *chart) areas(b *strings.Builder) {
	below := make([]float64, len(c.at))
	for _, s := range c.series {
		above := make([]float64, len(c.at))
		for i := range above {
			above[i] = below[i] + s.values[i]
		}
		c.runs(s.values, func(from, to int) {
			fmt.Fprintf(b, `<path class="area %s" d="`, s.Class)
			for i := from; i < to; i++ {
				fmt.Fprintf(b, "%c%.1f %.1f", "LM"[b2i(i == from)], c.x(i), c.y(above[i]))
			}
			for i := to - 1; i >= from; i-- {
				fmt.Fprintf(b, "L%.1f %.1f", c.x(i), c.y(below[i]))
			}
			b.WriteString(`Z"/>`)
		})
		below = above
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bars draws histograms beside each other, each as shares of its own count.
type bars struct {
	Title string
	of    []barSeries
}

type barSeries struct {
	Name, Class string
	h           cachedsql.Histogram
}

// Legend are the names and classes of the histograms.
func (c *bars) Legend() []barSeries { return c.of }

// Empty reports whether there is nothing to draw.
func (c *bars) Empty() bool {
	for _, s := range c.of {
		if s.h.Count != 0 {
			return false
		}
	}
	return true
}

// SVG draws them over a logarithmic axis of time.
func (c *bars) SVG() template.HTML {
	first, last, most := math.MaxInt, math.MinInt, 0.0
	for _, s := range c.of {
		for _, bucket := range s.h.Buckets {
			first, last = min(first, bucket.Index), max(last, bucket.Index)
			most = max(most, float64(bucket.Count)/float64(s.h.Count))
		}
	}
	first, last = first-1, last+1
	for last-first < 8 { // so that a few do not fill the plot
		first, last = first-1, last+1
	}
	width := float64(chartWidth-chartLeft-chartRight) / float64(last-first+1)
	y := func(share float64) float64 {
		return chartHeight - chartBottom - (chartHeight-chartTop-chartBottom)*share/most
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, c.Title)
	for i := range 3 {
		share := most * float64(i) / 2
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y(share), y(share), chartLeft-8, y(share)+4, percent(share))
	}
	for n, s := range c.of {
		each := width / float64(len(c.of))
		for _, bucket := range s.h.Buckets {
			share := float64(bucket.Count) / float64(s.h.Count)
			x := chartLeft + width*float64(bucket.Index-first) + each*float64(n)
			fmt.Fprintf(&b, `<rect class="bar %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s up to %s: %d (%s)</title></rect>`,
				s.Class, x+0.5, y(share), max(each-1, 1), max(chartHeight-chartBottom-y(share), 1),
				s.Name, duration(time.Duration(bucket.Upper()*float64(time.Second))), bucket.Count, percent(share))
		}
	}
	labels := max((last-first)/6, 1)
	for i := first; i <= last; i += labels {
		upper := cachedsql.Bucket{Index: i}.Upper()
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			chartLeft+width*(float64(i-first)+1), chartHeight-8, duration(time.Duration(upper*float64(time.Second))))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and constants
}
