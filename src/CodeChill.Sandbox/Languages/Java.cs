namespace CodeChill.Sandbox.Languages;

internal static class Java
{
    /// <summary>One collector thread, no files in /tmp; the fast first compiler only would halve the speed of long computations.</summary>
    public static string[] Run(string classPath, string mainClass) =>
        ["java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-Xmx{halfMemoryMb}m", "-XX:+ExitOnOutOfMemoryError", "-cp", classPath, mainClass];

    public static string[] MemorySigns { get; } = ["java.lang.OutOfMemoryError", "insufficient memory for the Java Runtime"];

    public static Language Definition { get; } = new()
    {
        Name = "java",
        DisplayName = "Java",
        Judge0Id = 62,
        FileName = "Main.java",
        Executables = ["java", "javac"],
        InstallHint = "apt-get install -y --no-install-recommends openjdk-17-jdk-headless",
        VersionCommand = ["javac", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-version"],
        // -proc:none: javac would run annotation processors found in the program itself.
        Compile = new("javac -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -J-XX:-UsePerfData -J-Xshare:auto -proc:none -encoding UTF-8 -d out Main.java", "out") { IsTree = true },
        Run = Run("out", "Main"),
        Prompt = ["jshell", "-J-XX:+UseSerialGC", "-J-Xmx{halfMemoryMb}m", "-R-XX:+UseSerialGC", "-R-Xmx{halfMemoryMb}m"],
        MemorySigns = MemorySigns,
        Template = """
            import java.util.Scanner;

            public class Main {
                public static void main(String[] args) {
                    Scanner in = new Scanner(System.in);
                    String name = in.hasNextLine() ? in.nextLine() : "world";
                    System.out.println("Hello, " + name + "!");
                }
            }

            """,
    };
}
