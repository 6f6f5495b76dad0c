namespace CodeChill.Sandbox.Languages;

internal static class Java
{
    /// <summary>One collector thread, no files in /tmp; the fast first compiler only would halve the speed of long computations.</summary>
    public static string[] Run(string classPath, string mainClass) =>
        ["java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-Xmx{halfMemoryMb}m", "-XX:+ExitOnOutOfMemoryError", "-cp", classPath, mainClass];

    public static string[] MemorySigns { get; } = ["java.lang.OutOfMemoryError", "insufficient memory for the Java Runtime"];

    public static string[] WorkerOptions { get; } = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];

    /// <summary>Compiled once; what most programs use is in it, so that it is loaded when the first one comes.</summary>
    private const string Sample = """
        import java.util.*;
        public class Main {
            record Point(int x, String name) {}
            interface Step { int next(int x); }
            public static void main(String[] args) {
                List<String> names = new ArrayList<>();
                for (int i = 0; i < COUNT; i++) names.add("n" + i);
                Map<String, Integer> counts = new HashMap<>();
                for (String name : names) counts.merge(name, 1, Integer::sum);
                Step step = x -> x + 1;
                System.out.println(names.stream().map(String::length).toList() + " " + new Point(step.next(1), "p"));
                Scanner in = new Scanner(System.in);
                while (in.hasNextInt()) System.out.printf("%d%n", in.nextInt());
                switch (names.size()) { case 0 -> System.out.println("none"); default -> throw new IllegalStateException(); }
            }
        }
        """;

    public static CompileStep WorkerBuild(string fileName) => new(
        $"cp {fileName} /tmp/Worker.java && javac -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -J-XX:-UsePerfData -proc:none -encoding UTF-8 -d . /tmp/Worker.java", "Worker.class");

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
        Warm = new()
        {
            Resource = "Worker.java",
            Build = WorkerBuild("Main.java"),
            File = "/box/.worker/Worker.class",
            Command = ["java", .. WorkerOptions, "-Xshare:auto", "-Xmx256m", "-cp", "/box/.worker", "Worker", "java", "Main.java", "5", Sample],
            TypicalBytes = 180L << 20,
        },
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
