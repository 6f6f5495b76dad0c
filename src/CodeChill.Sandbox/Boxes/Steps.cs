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
    public static BoxSpec Compile(
        Toolchain toolchain, CompileStep step, MemoryFile source, Func<ReadOnlyMemory<byte>, ValueTask<bool>> onArtifact, Func<ReadOnlyMemory<byte>, ValueTask<bool>> onText)
    {
        var send = step.IsTree ? $"exec tar cf - {step.Artifact}" : $"exec cat {step.Artifact}";
        return new()
        {
            Command = ["/bin/sh", "-c", $"{{ {step.Script}; }} >&2 </dev/null && {send}"],
            Limits = step.Limits,
            Files = [new(source, "/box/" + toolchain.Language.FileName), .. toolchain.Files],
            Binds = toolchain.Part.Binds,
            Environment = toolchain.Environment(step.MemoryBytes),
            OnStdout = onArtifact,
            OnStderr = onText,
        };
    }

    /// <summary>The request is for the language's own prompt, not for a program.</summary>
    public static bool IsPrompt(Language language, RunRequest request) => request.Terminal is not null && language.Prompt is not null && string.IsNullOrWhiteSpace(request.Source);

    /// <summary>The run box, with the source or the artifact as the program.</summary>
    public static BoxSpec Run(Toolchain toolchain, MemoryFile program, RunRequest request, OutputSink sink)
    {
        var limits = request.Limits;
        var language = toolchain.Language;
        List<string> command = [.. language.Run.Select(a => Toolchain.Fill(a, limits.MemoryBytes))];
        BoxFile file;
        if (request.Terminal is not null)
        {
            if (IsPrompt(language, request)) command = [.. language.Prompt!.Select(a => Toolchain.Fill(a, limits.MemoryBytes))];
            // A session of its own with the terminal as its controlling one: keys that interrupt reach the program.
            command.InsertRange(0, ["/usr/bin/setsid", "--ctty"]);
        }
        if (IsPrompt(language, request))
        {
            file = new(program, "/box/.prompt");
        }
        else if (language.Compile is not { } step)
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
            Files = [file, .. toolchain.Files],
            Binds = toolchain.Part.Binds,
            Environment = request.Terminal is null
                ? toolchain.Environment(limits.MemoryBytes)
                : [.. toolchain.Environment(limits.MemoryBytes), KeyValuePair.Create("TERM", "xterm-256color")],
            Stdin = request.Stdin,
            Input = request.Input,
            Terminal = request.Terminal,
            Resizes = request.Resizes,
            OnStdout = bytes => sink.AddAsync(OutputStream.Stdout, bytes),
            OnStderr = bytes => sink.AddAsync(OutputStream.Stderr, bytes),
        };
    }
}
