namespace CodeChill.Sandbox.Languages;

internal static class Kotlin
{
    private const string Sample = """
        data class Point(val x: Int, val name: String)
        interface Step { fun next(x: Int): Int }
        fun main() {
            val names = MutableList(COUNT) { "n$it" }
            val counts = mutableMapOf<String, Int>()
            for (name in names) counts[name] = (counts[name] ?: 0) + 1
            for ((name, count) in counts) println("$name $count")
            val step = object : Step { override fun next(x: Int) = x + 1 }
            println(names.map { it.length }.filter { it > 1 }.sorted().joinToString() + Point(step.next(1), "p") + (readlnOrNull()?.toIntOrNull() ?: 0))
            when (names.size) { 0 -> println("none"); else -> error("some") }
        }
        """;

    public static Language Definition { get; } = new()
    {
        Name = "kotlin",
        DisplayName = "Kotlin",
        Aliases = ["kt"],
        Judge0Id = 78,
        FileName = "Main.kt",
        Executables = ["java"],
        InstallHint = "apt-get install -y --no-install-recommends openjdk-17-jre-headless",
        Part = root => LanguagePart.Built(root, "kotlin"),
        VersionCommand = ["/bin/sh", "-c", "java -version 2>/dev/null && cat /opt/kotlin/version"],
        // The archive holds the compiler's classes as the JVM of the root laid them out; another JVM ignores it.
        Compile = new(
            "java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xlog:disable -Xmx768m -XX:SharedArchiveFile=/opt/kotlin/compiler.jsa -cp /opt/kotlin/lib/kotlin-compiler.jar " +
            "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -nowarn -cp /opt/kotlin/lib/kotlin-stdlib.jar -d out Main.kt", "out")
        {
            IsTree = true,
            Cpu = TimeSpan.FromSeconds(30),
            MemoryBytes = 1L << 30,
        },
        Warm = new()
        {
            Resource = "Worker.java",
            Build = Java.WorkerBuild("Main.kt"),
            File = "/box/.worker/Worker.class",
            // The archive of classes needs the same class path, to which something may be added.
            Command =
            [
                "java", .. Java.WorkerOptions, "-Xlog:disable", "-Xmx640m", "-XX:SharedArchiveFile=/opt/kotlin/compiler.jsa",
                "-cp", "/opt/kotlin/lib/kotlin-compiler.jar:/box/.worker", "Worker", "kotlin", "Main.kt", "3", Sample,
            ],
            TypicalBytes = 400L << 20,
        },
        Run = Java.Run("out:/opt/kotlin/lib/kotlin-stdlib.jar", "MainKt"),
        MemorySigns = Java.MemorySigns,
        Template = """
            fun main() {
                val name = readlnOrNull() ?: "world"
                println("Hello, $name!")
            }

            """,
    };
}
