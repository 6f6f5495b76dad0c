namespace CodeChill.Sandbox.Languages;

internal static class Go
{
    private const string Cache = "go-cache";

    public static Language Definition { get; } = new()
    {
        Name = "go",
        DisplayName = "Go",
        Aliases = ["golang"],
        Judge0Id = 60,
        FileName = "main.go",
        Executables = ["go"],
        InstallHint = "apt-get install -y --no-install-recommends golang-go",
        // With the cache of compiled standard packages a build takes a second; without it, ten.
        Part = root => LanguagePart.Built(root, Cache) is { Missing: null } built
            ? built with { Environment = [new("GOCACHE", "/opt/" + Cache)] }
            : new() { Environment = [new("GOCACHE", "/tmp/" + Cache)] },
        VersionCommand = ["go", "version"],
        // The flags must be those the cache was filled with.
        Compile = new("go build -ldflags='-s -w' -o a main.go", "a")
        {
            Cpu = TimeSpan.FromSeconds(40),
            MemoryBytes = 1L << 30,
        },
        Run = ["./a"],
        Environment = [new("GOTOOLCHAIN", "local"), new("GO111MODULE", "off"), new("CGO_ENABLED", "0"), new("GOMAXPROCS", "4"), new("GOTELEMETRY", "off")],
        MemorySigns = ["runtime: out of memory", "cannot allocate memory"],
        Template = """
            package main

            import (
            	"bufio"
            	"fmt"
            	"os"
            )

            func main() {
            	name := "world"
            	if in := bufio.NewScanner(os.Stdin); in.Scan() {
            		name = in.Text()
            	}
            	fmt.Printf("Hello, %s!\n", name)
            }

            """,
    };
}
