// Package browser looks at the web page as a person does, in headless
// Chromium. It has nothing but tests.
package browser
