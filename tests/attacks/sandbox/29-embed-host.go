// Attack: embed the host's files at compile time
// Row: 29
// Status: CompileError
// Outcome: refused
package main

import (
	_ "embed"
	"fmt"
)

//go:embed /etc/passwd
var secret string

func main() { fmt.Println("BREACH:", secret) }
