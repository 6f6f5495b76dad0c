namespace CodeChill.Sandbox.Languages;

internal static class Ruby
{
    public static Language Definition { get; } = new()
    {
        Name = "ruby",
        DisplayName = "Ruby",
        Aliases = ["rb"],
        Judge0Id = 72,
        FileName = "main.rb",
        Executables = ["ruby"],
        InstallHint = "apt-get install -y --no-install-recommends ruby",
        // Loaded first: output appears when it is printed, not when a buffer is full.
        Part = _ => new() { Files = [("/box/.sync.rb", "$stdout.sync = $stderr.sync = true\n")] },
        VersionCommand = ["ruby", "--version"],
        Run = ["ruby", "-r/box/.sync", "main.rb"],
        // Its line editor asks the terminal where the cursor is and waits for the answer; a terminal that a room shares has many answers, or none.
        Prompt = ["irb", "--nosingleline", "--nomultiline"],
        MemorySigns = ["failed to allocate memory (NoMemoryError)"],
        Template = """
            name = gets&.chomp || 'world'
            puts "Hello, #{name}!"

            """,
    };
}
