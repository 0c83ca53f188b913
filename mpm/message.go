package mpm

// The words of the control socket between master and child: a message each,
// its first byte the word.
const (
	msgReady  = 'R' // child: I can serve
	msgRetire = 'Q' // child: start my successor, then let me drain
	msgFail   = 'F' // child: I cannot start; an Entry follows as JSON
	msgLeave  = 'L' // child: tell my successors what follows
	msgDrain  = 'G' // master: accept no more, finish what you have, exit
)

// Bounds of what children of a group may leave to their successors.
const (
	maxLegacy     = 64   // words
	maxLegacyWord = 4096 // bytes of one
)

// maxFailText bounds what a child may have written into the master's log.
const maxFailText = 2000
