// Attack: read the host's files at compile time
// Row: 29
// Status: CompileError
// Says: couldn't read
// Outcome: not found
fn main() { println!("{}", include_str!("/etc/passwd")); }
