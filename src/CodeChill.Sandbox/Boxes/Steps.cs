using System.Globalization;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>Turns a language's steps into boxes.</summary>
internal static class Steps
{
    private const string ArtifactTar = "/tmp/.artifact.tar";

    /// <summary>
    /// The compile box. Its standard output carries nothing but the artifact, as bytes this process never interprets; what the compiler says,
    /// on either stream, comes out of standard error.
    /// </summary>
    public static BoxSpec Compile(Language language, CompileStep step, LanguagePart? part, MemoryFile source, Func<ReadOnlyMemory<byte>, ValueTask<bool>> onArtifact, Func<ReadOnlyMemory<byte>, ValueTask<bool>> onText)
    {
        var send = step.IsTree ? $"exec tar cf - {step.Artifact}" : $"exec cat {step.Artifact}";
        return new()
        {
            Command = ["/bin/sh", "-c", $"{{ {step.Script}; }} >&2 </dev/null && {send}"],
            Limits = step.Limits,
            Files = [new(source, "/box/" + language.FileName)],
            Binds = part?.Binds ?? [],
            Environment = language.Environment,
            OnStdout = onArtifact,
            OnStderr = onText,
        };
    }

    public static BoxSpec Run(Language language, LanguagePart? part, MemoryFile program, RunRequest request, OutputSink sink)
    {
        var limits = request.Limits;
        var mb = (limits.MemoryBytes * 3 / 4 >> 20).ToString(CultureInfo.InvariantCulture);
        List<string> command = [.. language.Run.Select(Fill)];
        BoxFile file;
        if (language.Compile is not { } step)
        {
            file = new(program, "/box/" + language.FileName);
        }
        else if (step.IsTree)
        {
            file = new(program, ArtifactTar);
            command.InsertRange(0, ["/bin/sh", "-c", $"tar xf {ArtifactTar} && rm {ArtifactTar} && exec \"$@\"", "sh"]);
        }
        else
        {
            file = new(program, "/box/" + step.Artifact, Executable: true);
        }
        return new()
        {
            Command = command,
            Limits = new(limits.Wall, limits.Cpu, limits.MemoryBytes, limits.Processes, limits.FileBytes),
            Files = [file],
            Binds = part?.Binds ?? [],
            Environment = [.. language.Environment.Select(v => KeyValuePair.Create(v.Key, Fill(v.Value)))],
            Stdin = request.Stdin,
            Input = request.Input,
            OnStdout = bytes => sink.AddAsync(OutputStream.Stdout, bytes),
            OnStderr = bytes => sink.AddAsync(OutputStream.Stderr, bytes),
        };

        string Fill(string text) => text.Replace("{memoryMb}", mb, StringComparison.Ordinal);
    }
}
