//go:build race

package model_test

// raceDetector: one goroutine explores, so there is nothing to detect, and it
// costs ten times the time.
const raceDetector = true
