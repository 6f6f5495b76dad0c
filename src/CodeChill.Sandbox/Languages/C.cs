namespace CodeChill.Sandbox.Languages;

internal static class C
{
    /// <summary>Through a pipe the C library would keep output until 4 KB are full; people watch, so every line is written when it ends.</summary>
    public static string[] RunLineBuffered { get; } = ["stdbuf", "-oL", "./a"];

    public static Language Definition { get; } = new()
    {
        Name = "c",
        DisplayName = "C",
        Judge0Id = 50,
        FileName = "main.c",
        Executables = ["gcc"],
        InstallHint = "apt-get install -y --no-install-recommends gcc libc6-dev",
        VersionCommand = ["gcc", "--version"],
        Compile = new("gcc -std=gnu17 -O2 -pipe -o a main.c -lm", "a"),
        Run = RunLineBuffered,
        Template = """
            #include <stdio.h>
            #include <string.h>

            int main(void) {
                char name[100] = "world";
                if (fgets(name, sizeof name, stdin)) name[strcspn(name, "\n")] = 0;
                printf("Hello, %s!\n", name);
            }

            """,
    };
}
