//go:build !race

package mpm

const slow = 1
