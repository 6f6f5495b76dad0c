namespace CodeChill.Server.Executions;

/// <summary>A language of the contract: its name on the wire, its classic Judge0 id, and the text a new room starts from.</summary>
internal sealed record Language(string Name, string DisplayName, int Judge0Id, string Template);

/// <summary>The contract's thirteen languages. Which of them can run here is the runner's to say.</summary>
internal static class LanguageCatalog
{
    public const string Default = "javascript";

    public static readonly IReadOnlyList<Language> All =
    [
        new("javascript", "JavaScript (Node.js)", 63, "// Welcome to CodeChill!\nconsole.log('Hello, World!');\n"),
        new("python", "Python 3", 71, "# Welcome to CodeChill!\nprint('Hello, World!')\n"),
        new("java", "Java", 62, "// Welcome to CodeChill!\npublic class Main {\n    public static void main(String[] args) {\n        System.out.println(\"Hello, World!\");\n    }\n}\n"),
        new("cpp", "C++", 54, "// Welcome to CodeChill!\n#include <iostream>\n\nint main() {\n    std::cout << \"Hello, World!\" << std::endl;\n    return 0;\n}\n"),
        new("c", "C", 50, "// Welcome to CodeChill!\n#include <stdio.h>\n\nint main(void) {\n    printf(\"Hello, World!\\n\");\n    return 0;\n}\n"),
        new("csharp", "C#", 51, "// Welcome to CodeChill!\nusing System;\n\nclass Program\n{\n    static void Main()\n    {\n        Console.WriteLine(\"Hello, World!\");\n    }\n}\n"),
        new("php", "PHP", 68, "<?php\n// Welcome to CodeChill!\necho \"Hello, World!\\n\";\n"),
        new("ruby", "Ruby", 72, "# Welcome to CodeChill!\nputs 'Hello, World!'\n"),
        new("go", "Go", 60, "// Welcome to CodeChill!\npackage main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"Hello, World!\")\n}\n"),
        new("rust", "Rust", 73, "// Welcome to CodeChill!\nfn main() {\n    println!(\"Hello, World!\");\n}\n"),
        new("kotlin", "Kotlin", 78, "// Welcome to CodeChill!\nfun main() {\n    println(\"Hello, World!\")\n}\n"),
        new("swift", "Swift", 83, "// Welcome to CodeChill!\nprint(\"Hello, World!\")\n"),
        new("typescript", "TypeScript", 74, "// Welcome to CodeChill!\nconst message: string = 'Hello, World!';\nconsole.log(message);\n"),
    ];

    private static readonly Dictionary<string, Language> ByName = All.ToDictionary(l => l.Name);

    public static Language? Find(string? name) => name is not null && ByName.TryGetValue(name, out var language) ? language : null;

    public static string TemplateOf(string name) => Find(name)?.Template ?? "";
}
