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
        VersionCommand = ["g++", "--version"],
        Compile = new("g++ -std=c++20 -O2 -pipe -o a main.cpp", "a"),
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
