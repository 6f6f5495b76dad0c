namespace CodeChill.Sandbox.Languages;

internal static class Rust
{
    public static Language Definition { get; } = new()
    {
        Name = "rust",
        DisplayName = "Rust",
        Aliases = ["rs"],
        Judge0Id = 73,
        FileName = "main.rs",
        Executables = ["rustc"],
        InstallHint = "apt-get install -y --no-install-recommends rustc",
        VersionCommand = ["rustc", "--version"],
        // The standard library's debug information would be linked in: a third of the time, and nobody sees it.
        Compile = new("rustc --edition 2021 -C opt-level=1 -C debuginfo=0 -C strip=debuginfo -o a main.rs", "a"),
        Run = ["./a"],
        MemorySigns = ["memory allocation of"],
        Template = """
            use std::io;

            fn main() {
                let mut line = String::new();
                io::stdin().read_line(&mut line).unwrap();
                let name = if line.trim().is_empty() { "world" } else { line.trim() };
                println!("Hello, {}!", name);
            }

            """,
    };
}
