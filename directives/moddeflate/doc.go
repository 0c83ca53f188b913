// Package moddeflate is Apache's mod_deflate: the output filters DEFLATE, which
// sends a body as gzip to clients that accept it, and INFLATE, which unpacks
// one, and the input filter DEFLATE, which unpacks what clients send (manual:
// mod_deflate). Compression is that of github.com/klauspost/compress, with
// compressors that are used again.
package moddeflate
