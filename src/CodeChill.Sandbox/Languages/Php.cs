namespace CodeChill.Sandbox.Languages;

internal static class Php
{
    public static Language Definition { get; } = new()
    {
        Name = "php",
        DisplayName = "PHP",
        Judge0Id = 68,
        FileName = "main.php",
        Executables = ["php"],
        InstallHint = "apt-get install -y --no-install-recommends php-cli",
        VersionCommand = ["php", "--version"],
        // Errors belong to standard error, once; the default is standard output, and a log line more.
        Run = ["php", "-d", "display_errors=stderr", "-d", "log_errors=0", "-d", "html_errors=0", "-d", "memory_limit={memoryMb}M", "main.php"],
        Prompt = ["php", "-a"],
        MemorySigns = ["Allowed memory size of"],
        Template = """
            <?php
            $name = trim(fgets(STDIN) ?: '') ?: 'world';
            echo "Hello, $name!\n";

            """,
    };
}
