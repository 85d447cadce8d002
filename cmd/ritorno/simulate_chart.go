package main

import (
	"encoding/base64"
	"html/template"
	"math"
	"strconv"

	"github.com/go-analyze/charts"

	"ritorno/internal/rehearse"
)

// picture is a chart for bright and for dark screens, as data URLs: their
// styles stay inside the picture.
type picture struct {
	Alt   string
	Light template.URL
	Dark  template.Srcset
}

// bars is a bar chart of whole numbers; series are stacked.
type bars struct {
	alt        string
	labels     []string
	names      []string // of the series; one series needs none
	values     [][]float64
	horizontal bool
}

// chartWidth and chartHeight are in pixels; the page scales them down.
const (
	chartWidth  = 860
	chartHeight = 320
	barHeight   = 38 // of each bar that lies
)

// draw draws both pictures.
func (b bars) draw() (p picture, err error) {
	p.Alt = b.alt
	if p.Light, err = b.svg(charts.ThemeLight, charts.Color{R: 255, G: 255, B: 255, A: 255}); err != nil {
		return p, err
	}
	dark, err := b.svg(charts.ThemeDark, charts.Color{R: 28, G: 34, B: 32, A: 255})
	p.Dark = template.Srcset(dark) //nolint:gosec // as the other
	return p, err
}

func (b bars) svg(theme string, back charts.Color) (template.URL, error) {
	svg, err := b.paint(theme, back, charts.ChartOutputSVG)
	if err != nil {
		return "", err
	}
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)), nil //nolint:gosec // drawn here, of numbers and escaped names
}

func (b bars) paint(theme string, back charts.Color, format string) ([]byte, error) {
	o := charts.NewBarChartOptionWithData(b.values)
	o.Theme = charts.GetTheme(theme).WithBackgroundColor(back)
	o.Horizontal, o.StackSeries = b.horizontal, charts.Ptr(true)
	o.CategoryAxis.Labels = b.labels
	o.Legend.SeriesNames = b.names
	o.Legend.Show = charts.Ptr(len(b.names) > 1)
	o.ValueFormatter = wholeNumber
	for i := range o.ValueAxis {
		o.ValueAxis[i].Min, o.ValueAxis[i].LabelCount = charts.Ptr(0.0), 6
	}
	height := chartHeight
	if b.horizontal {
		height = 80 + barHeight*len(b.labels)
	}
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: format, Width: chartWidth, Height: height})
	if err := painter.BarChart(o); err != nil {
		return nil, err
	}
	return painter.Bytes()
}

func wholeNumber(v float64) string { return strconv.FormatFloat(math.Round(v), 'f', -1, 64) }

// monthsChart shows the messages of each month by channel.
func monthsChart(r *rehearse.Report, w *simulateWords) bars {
	b := bars{alt: w.Months, names: []string{w.Channels["email"], w.Channels["sms"]}, values: [][]float64{{}, {}}}
	for _, m := range r.Months {
		b.labels = append(b.labels, m.Month)
		b.values[0] = append(b.values[0], float64(m.Email))
		b.values[1] = append(b.values[1], float64(m.SMS))
	}
	return b
}

// stepsChart shows the messages of each step.
func stepsChart(r *rehearse.Report, w *simulateWords) bars {
	b := bars{alt: w.Steps, horizontal: true, values: [][]float64{{}}}
	for i := len(r.Steps) - 1; i >= 0; i-- { // drawn from below
		st := r.Steps[i]
		b.labels = append(b.labels, st.Journey+" "+strconv.Itoa(st.Step)+" "+w.Channels[st.Channel])
		b.values[0] = append(b.values[0], float64(st.Messages))
	}
	return b
}

// blockedChart shows why steps stayed without a message.
func blockedChart(r *rehearse.Report, w *simulateWords) bars {
	b := bars{alt: w.Blocked, horizontal: true, values: [][]float64{{}}}
	var reasons []string
	sum := map[string]int{}
	for _, x := range r.Blocked { // the most frequent first
		if sum[x.Reason] == 0 {
			reasons = append(reasons, x.Reason)
		}
		sum[x.Reason] += x.Steps
	}
	for i := len(reasons) - 1; i >= 0; i-- {
		b.labels = append(b.labels, w.reason(reasons[i]))
		b.values[0] = append(b.values[0], float64(sum[reasons[i]]))
	}
	return b
}
