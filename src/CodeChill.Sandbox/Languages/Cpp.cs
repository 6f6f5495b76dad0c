namespace CodeChill.Sandbox.Languages;

internal static class Cpp
{
    public static Language Definition { get; } = new()
    {
        Name = "cpp",
        DisplayName = "C++",
        Aliases = ["c++", "cxx"],
        Judge0Id = 54,
        FileName = "main.cpp",
        Executables = ["g++"],
        InstallHint = "apt-get install -y --no-install-recommends g++",
        // Headers compiled beforehand for exactly these options; g++ uses one when it is the first a program includes, and ignores it when anything differs.
        Part = root => LanguagePart.Built(root, "cpp-headers") is { Missing: null } built ? built : LanguagePart.Empty,
        VersionCommand = ["g++", "--version"],
        Compile = new("g++ -std=c++20 -O2 -pipe -I/opt/cpp-headers -o a main.cpp", "a"),
        Run = C.RunLineBuffered,
        MemorySigns = ["std::bad_alloc"],
        Template = """
            #include <iostream>
            #include <string>

            int main() {
                std::string name;
                if (!std::getline(std::cin, name)) name = "world";
                std::cout << "Hello, " << name << "!\n";
            }

            """,
    };
}
