// Package modstatus is Apache's mod_status: the page of the server-status
// handler, for people and, with ?auto, for programs. It shows the shared
// scoreboard in Apache's words and keys; processor time, which the scoreboard
// does not hold, comes from the kernel (manual: mod_status).
package modstatus
