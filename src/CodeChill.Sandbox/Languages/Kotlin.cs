namespace CodeChill.Sandbox.Languages;

internal static class Kotlin
{
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
