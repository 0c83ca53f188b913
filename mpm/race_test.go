//go:build race

package mpm

// slow is how much slower the race detector makes a child start.
const slow = 10
