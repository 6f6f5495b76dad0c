using CodeChill.Sandbox.Languages;

namespace CodeChill.Sandbox.Boxes;

/// <summary>Turns a language's steps into boxes.</summary>
internal static class Steps
{
    private const string ArtifactTar = "/tmp/.artifact.tar";

    /// <summary>
    /// The compile box. Its standard output carries nothing but the artifact, as bytes this process never interprets; what the compiler says,
    /// on either stream, comes out of standard error.
    /// </summary>
    public static BoxSpec Compile(Toolchain toolchain, CompileStep step)
    {
        var send = step.IsTree ? $"exec tar cf - {step.Artifact}" : $"exec cat {step.Artifact}";
        return new()
        {
            Command = ["/bin/sh", "-c", $"{{ {step.Script}; }} >&2 </dev/null && {send}"],
            Limits = step.Limits,
            Program = new("/box/" + toolchain.Language.FileName),
            Files = toolchain.Files,
            Binds = toolchain.Part.Binds,
            Environment = toolchain.Environment(step.MemoryBytes),
        };
    }

    /// <summary>The request is for the language's own prompt, not for a program.</summary>
    public static bool IsPrompt(Language language, RunRequest request) => request.Terminal is not null && language.Prompt is not null && string.IsNullOrWhiteSpace(request.Source);

    /// <summary>The run box; its program is the source or the artifact. All that is not said here about a run is not known when its box is set up ahead of time.</summary>
    public static BoxSpec Run(Toolchain toolchain, BoxLimits limits)
    {
        var language = toolchain.Language;
        List<string> command = [.. language.Run.Select(a => Toolchain.Fill(a, limits.MemoryBytes))];
        BoxPlace place;
        if (language.Compile is not { } step)
        {
            place = new("/box/" + language.FileName);
        }
        else if (step.IsTree)
        {
            place = new(ArtifactTar);
            command.InsertRange(0, ["/bin/sh", "-c", $"tar xf {ArtifactTar} && rm {ArtifactTar} && exec \"$@\"", "sh"]);
        }
        else
        {
            place = new("/box/" + step.Artifact, Executable: true);
        }
        return new()
        {
            Command = command,
            Limits = limits,
            Program = place,
            Files = toolchain.Files,
            Binds = toolchain.Part.Binds,
            Environment = toolchain.Environment(limits.MemoryBytes),
        };
    }

    /// <summary>The same on a terminal, or the language's own prompt.</summary>
    public static BoxSpec RunOnTerminal(Toolchain toolchain, BoxLimits limits, TerminalSize terminal, bool prompt)
    {
        var run = Run(toolchain, limits);
        var command = prompt ? toolchain.Language.Prompt!.Select(a => Toolchain.Fill(a, limits.MemoryBytes)) : run.Command;
        return run with
        {
            // A session of its own with the terminal as its controlling one: keys that interrupt reach the program.
            Command = ["/usr/bin/setsid", "--ctty", .. command],
            Program = prompt ? new("/box/.prompt") : run.Program,
            Environment = [.. run.Environment, KeyValuePair.Create("TERM", "xterm-256color")],
            Terminal = terminal,
        };
    }

    /// <summary>What connects a request's box to whoever asked.</summary>
    public static BoxPorts Ports(RunRequest request, OutputSink sink) => new()
    {
        Wall = request.Limits.Wall,
        Stdin = request.Stdin,
        Input = request.Input,
        Resizes = request.Resizes,
        OnStdout = bytes => sink.AddAsync(OutputStream.Stdout, bytes),
        OnStderr = bytes => sink.AddAsync(OutputStream.Stderr, bytes),
    };
}
